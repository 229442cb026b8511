package import FileIO

/// Why weights or a structure file are not the network that they should be. Lists hold everything that is wrong.
extension ScaleNetError {
  /// No known architecture has such weights.
  static func unrecognized(source: String, expected: String, found: String) -> ScaleNetError {
    ScaleNetError(
      path: source, place: unrecognizedPlace, expected: expected, found: found.escapedForMessage)
  }

  /// No known architecture has such weights; the problems tell them from the nearest.
  static func unrecognized(source: String, title: String, problems: [String]) -> ScaleNetError {
    ScaleNetError(path: source, place: unrecognizedPlace, title: title, problems: problems)
  }

  /// Whether the weights' keys are those of no family, and not only incomplete.
  package var isUnrecognized: Bool { places.first == Self.unrecognizedPlace }

  private static let unrecognizedPlace = "no known architecture"

  /// Keys that are missing, unexpected or mis-shaped.
  static func weights(source: String, architecture: String, problems: [WeightProblem]) -> ScaleNetError {
    ScaleNetError(
      path: source, title: "not the weights of a \(architecture)", problems: problems.map(\.description))
  }

  /// A structure file that is not one.
  static func structureFile(path: String, problems: [String]) -> ScaleNetError {
    ScaleNetError(path: path, title: "not a structure file", problems: problems)
  }

  /// A structure file that says something else than the weights.
  package static func structureMismatch(path: String, source: String, problems: [String]) -> ScaleNetError {
    ScaleNetError(
      path: path, title: "disagrees with the weights in \(source.escapedForMessage)", problems: problems)
  }

  /// An input so small that a pool or convolution has nothing left.
  static func inputTooSmall(height: Int, width: Int, least: Int, place: String) -> ScaleNetError {
    ScaleNetError(
      .invalidOption, place: "input size \(height)x\(width)",
      reason: "nothing is left at \(place): the least size that works is \(least)x\(least)"
    ).advising(.setInputSize(example: "\(least)"))
  }

  /// An input size that no network can be made for.
  static func invalidInputSize(found: String, expected: String) -> ScaleNetError {
    ScaleNetError(.invalidOption, place: "input size", expected: expected, found: found)
      .advising(.setInputSize(example: nil))
  }

  /// An option that does not fit these weights.
  static func unsupportedOption(option: String, reason: String) -> ScaleNetError {
    .invalidOption(option, reason)
  }

  /// Not even one channel for each block fits a budget of multiply-accumulates.
  static func budgetTooSmall(budget: Int, least: Int, inputSize: InputSize) -> ScaleNetError {
    ScaleNetError(
      .invalidOption, place: "budget of \(budget) MACs",
      reason: "one channel for each block takes \(least) MACs at \(inputSize) already")
  }

  /// A channel whose importance is no number.
  static func invalidImportance(source: String, key: String, channel: Int, found: String) -> ScaleNetError {
    ScaleNetError(place: "channel \(channel)", expected: "a finite number", found: found)
      .within(key.escapedForMessage).inFile(source)
  }

  /// More of something than makes sense in any network.
  static func limitExceeded(place: String, most: Int, found: Int) -> ScaleNetError {
    ScaleNetError(place: place.escapedForMessage, expected: "at most \(most)", found: "\(found)")
  }

  /// A weight whose elements could not be read.
  static func unreadableWeight(source: String, key: String, error: ScaleNetError) -> ScaleNetError {
    error.within(key.escapedForMessage).inFile(source)
  }
}
