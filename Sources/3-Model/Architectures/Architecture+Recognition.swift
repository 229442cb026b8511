public import FileIO
public import ModelIR

extension Architecture {
  /// Finds the architecture that has such weights, and its dimensions.
  ///
  /// - Parameter source: the file's path, for errors.
  /// - Throws: `unrecognized` if the keys are those of no family; `weights` with all that is wrong if they are those
  ///   of one, but not complete.
  public static func recognize(_ weights: StateDict, source: String) throws(ScaleNetError) -> Architecture {
    // A ScaleNet has every key of a ResNet's blocks but conv2.weight, so it is asked first.
    if ScaleNetConfiguration.recognizes(weights) {
      return .scaleNet(try ScaleNetConfiguration(recognizing: weights, source: source))
    }
    if ResNetConfiguration.recognizes(weights) {
      return .resNet(try ResNetConfiguration(recognizing: weights, source: source))
    }
    throw .unrecognized(
      source: source,
      expected: "weights such as layer1.0.conv2.0.weight (ScaleNet) or layer1.0.conv2.weight "
        + "(ResNet, SE-ResNet, ResNeXt, SE-ResNeXt)",
      found: summary(weights))
  }

  /// How many tensors there are, and the names of the first.
  private static func summary(_ weights: StateDict) -> String {
    guard weights.count > 0 else { return "no tensors" }
    let shown = weights.entries.prefix(3).map { entry in
      entry.name.count > 60 ? "\(entry.name.prefix(60))…" : entry.name
    }
    return (weights.count == 1 ? "1 tensor: " : "\(weights.count) tensors: ") + shown.joined(separator: ", ")
      + (weights.count > shown.count ? ", …" : "")
  }
}
