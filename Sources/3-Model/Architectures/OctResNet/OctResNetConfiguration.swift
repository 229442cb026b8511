package import FileIO
package import ModelIR

/// The dimensions of a ResNet of octave convolutions (Chen et al. 2019): part of the channels have half the height and
/// width. Names and details are those of the PyTorch implementation by Duo Li (`oct_resnet50`).
public struct OctResNetConfiguration: LayeredConfiguration, Hashable, Sendable {
  /// Channels of the input image.
  public var imageChannels: Int
  /// Channels after the first convolution.
  public var stemChannels: Int
  /// Blocks of each of the four stages.
  public var depths: [Int]
  /// Channels of the 3x3 convolution of every block, of full and of half the size, in the order in which they run.
  public var blockChannels: [[Int]]
  /// Which part of the channels inside the network has half the size.
  public var lowShare: Double
  /// Channels of the last feature map, which has no part of half the size.
  public var featureChannels: Int
  /// Classes of the final layer; nil for a backbone without one.
  public var classes: Int?

  /// Always OctConv-ResNet.
  public var family: ArchitectureFamily { .octResNet }
  /// `OctConv-ResNet-50 (alpha 0.5)`
  public var displayName: String {
    let layers = depths.reduce(0, +) * 3 + 2
    let share = (lowShare * 1000).rounded() / 1000
    return "\(Self.kindName)-\(layers) (alpha \(share))"
  }
  var classifier: String { "fc" }
  static let kindName = "OctConv-ResNet"

  /// How the two sizes are brought to one, and the steps.
  package var assumptions: [Assumption] {
    [
      Assumption(
        "steps and changes of size", "means of 2x2 before the convolutions, nearest upsampling behind")
    ]
  }

  /// Full and half the size.
  package var scaleTable: ScaleTable? {
    let names = depths.enumerated().flatMap { stage, count in
      (0..<count).map { "layer\(stage + 1).\($0)" }
    }
    return ScaleTable(
      origins: [.pools], join: .sum, scales: ["1", "1/2"],
      blocks: zip(names, blockChannels).map { ScaleTable.Block(name: $0, channels: $1) })
  }

  /// Whether some block has a convolution from the high to the high frequency.
  package static func recognizes(_ weights: StateDict) -> Bool {
    weights.names.contains { BlockKey($0)?.parts == ["conv2", "conv", "conv_h2h", "weight"] }
  }

  /// Reads the dimensions off the weights.
  ///
  /// - Parameter source: the file's path, for errors.
  package init(recognizing weights: StateDict, source: String) throws(ScaleNetError) {
    imageChannels = weights.extent("conv1.weight", 1) ?? 3
    stemChannels = weights.extent("conv1.weight", 0) ?? 1
    depths = BlockKey.counts(weights)
    blockChannels = []
    for (stage, count) in depths.enumerated() {
      for number in 0..<count {
        let name = "layer\(stage + 1).\(number).conv2"
        blockChannels.append(["h", "l"].map { weights.extent("\(name).bn_\($0).weight", 0) ?? 0 })
      }
    }
    let high = weights.extent("layer1.0.conv3.bn_h.weight", 0) ?? 1
    let low = weights.extent("layer1.0.conv3.bn_l.weight", 0) ?? 0
    lowShare = Double(low) / Double(high + low)
    featureChannels = weights.extent("layer4.0.conv3.bn_h.weight", 0) ?? 0
    classes = weights.classes(of: "fc")
    try checkWeights(weights, source: source)
  }

  func check(_ options: BuildOptions) throws(ScaleNetError) {
    try options.requireNoResNetOptions(Self.kindName)
    try options.requireNoInputScaling(Self.kindName)
    try options.requireNoTensorFlowMargins(Self.kindName)
    if options.features {
      throw .unsupportedOption(
        option: "features", reason: "the feature maps of an \(Self.kindName) have two sizes each")
    }
    for side in [options.inputSize.height, options.inputSize.width] where side % 32 != 0 {
      throw .invalidInputSize(
        found: "\(options.inputSize)",
        expected: "sides that are multiples of 32, for the two sizes of an octave convolution to fit")
    }
  }

  /// A feature map of full size and one of half the height and width; either part may be missing.
  private struct Maps {
    var high: ValueID
    var low: ValueID?
  }

  func addStages(
    _ image: ValueID, options: BuildOptions, to builder: inout LayerBuilder
  ) throws(ScaleNetError) -> [ValueID] {
    var x = try builder.convolution("conv1", image, kernel: 7, stride: 2)
    x = try builder.relu("relu", try builder.normalization("bn1", x))
    x = try builder.node("maxpool", .maxPool(MaxPool(window: Window(3, stride: 2, pad: 1))), x)
    var maps = Maps(high: x)
    var stages: [ValueID] = []
    for (stage, count) in depths.enumerated() {
      for number in 0..<count {
        maps = try Self.addBlock(
          "layer\(stage + 1).\(number)", maps, stride: number == 0 && stage > 0 ? 2 : 1,
          changesChannels: number == 0, hasLow: stage < depths.count - 1, to: &builder)
      }
      stages.append(maps.high)
    }
    return stages
  }

  private static func addBlock(
    _ name: String, _ input: Maps, stride: Int, changesChannels: Bool, hasLow: Bool,
    to builder: inout LayerBuilder
  ) throws(ScaleNetError) -> Maps {
    var x = input
    for (number, kernel) in [1, 3, 1].enumerated() {
      let module = "\(name).conv\(number + 1)"
      x = try addOctave(
        module, x, kernel: kernel, stride: number == 1 ? stride : 1, hasLow: hasLow, to: &builder)
      guard number < 2 else { break }
      x.high = try builder.relu("\(module).act_h", x.high)
      if let low = x.low { x.low = try builder.relu("\(module).act_l", low) }
    }
    var shortcut = input
    if changesChannels {
      shortcut = try addOctave(
        "\(name).downsample.0", input, kernel: 1, stride: stride, hasLow: hasLow, to: &builder)
    }
    var sum = Maps(high: try builder.node("\(name).add_h", .binary(.add), x.high, shortcut.high))
    sum.high = try builder.relu("\(name).relu_h", sum.high)
    if let low = x.low, let other = shortcut.low {
      let added = try builder.node("\(name).add_l", .binary(.add), low, other)
      sum.low = try builder.relu("\(name).relu_l", added)
    }
    return sum
  }

  /// An octave convolution and the normalisation of both sizes: each size is made of both, and what comes from the
  /// other is brought to size by a mean of 2x2 before the convolution, or by repetition behind it.
  private static func addOctave(
    _ name: String, _ input: Maps, kernel: Int, stride: Int, hasLow: Bool, to builder: inout LayerBuilder
  ) throws(ScaleNetError) -> Maps {
    func halve(_ part: String, _ x: ValueID, _ builder: inout LayerBuilder) throws(ScaleNetError) -> ValueID {
      try builder.averagePool("\(name).\(part)", x, Window(2, stride: 2))
    }
    func convolve(
      _ path: String, _ x: ValueID, _ builder: inout LayerBuilder
    ) throws(ScaleNetError) -> ValueID {
      let key = "\(name).conv.conv_\(path)"
      // A group is what the weight reads of its input's channels.
      let read = builder.weights.extent("\(key).weight", 1) ?? 0
      let channels = builder.channels(x)
      let group = read > 0 && channels % read == 0 ? channels / read : 1
      return try builder.convolution(key, x, kernel: kernel, group: group)
    }
    let high = stride > 1 ? try halve("step_h", input.high, &builder) : input.high
    var result = Maps(high: try convolve("h2h", high, &builder))
    if hasLow { result.low = try convolve("h2l", try halve("h2l_pool", high, &builder), &builder) }
    if let low = input.low {
      var fromLow = try convolve("l2h", low, &builder)
      if stride == 1 {
        let size = builder.spatialSize(result.high)
        fromLow = try builder.node(
          "\(name).l2h_upsample",
          .resize(
            Resize(
              mode: .nearest, coordinateTransformation: .asymmetric,
              extent: .sizes([size.height, size.width]))), fromLow)
      }
      result.high = try builder.node("\(name).sum_h", .binary(.add), fromLow, result.high)
      if hasLow, let fromHigh = result.low {
        let step = stride > 1 ? try halve("step_l", low, &builder) : low
        let kept = try convolve("l2l", step, &builder)
        result.low = try builder.node("\(name).sum_l", .binary(.add), fromHigh, kept)
      }
    }
    result.high = try builder.normalization("\(name).bn_h", result.high)
    if let low = result.low { result.low = try builder.normalization("\(name).bn_l", low) }
    return result
  }

  /// Sides are multiples of 32, of which every layer leaves something.
  package func layerWithoutOutput(inputSide: Int) -> String? { inputSide < 32 ? "layer4" : nil }
}
