import FileIO

/// Why two models can't be compared.
extension ScaleNetError {
  /// No output of one side has a counterpart of a like shape on the other.
  static func differentOutputs(left: [String], right: [String]) -> ScaleNetError {
    ScaleNetError(
      place: "no output of one has a counterpart of a like shape in the other",
      expected: "one of \(left.map(\.escapedForMessage).joined(separator: ", "))",
      found: right.map(\.escapedForMessage).joined(separator: ", "))
  }

  /// The sides do not have the same number of batches.
  static func differentBatches(left: Int, right: Int) -> ScaleNetError {
    ScaleNetError(expected: "\(left) batches on both sides", found: "\(right) on the right")
  }
}
