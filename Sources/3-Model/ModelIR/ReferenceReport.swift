/// A recording of inputs and outputs that a graph was held against: the proof of what was assumed.
public struct ReferenceReport: Sendable, Codable, Hashable {
  /// The file, or what a recording in memory was called.
  public var path: String
  /// How many values of outputs were compared.
  public var comparedValues: Int
  /// The largest difference between the recording and the graph in Double, as a part of the largest magnitude.
  public var largestRelativeError: Double
  /// What it had to stay within.
  public var tolerance: Double

  public init(path: String, comparedValues: Int, largestRelativeError: Double, tolerance: Double) {
    self.path = path
    self.comparedValues = comparedValues
    self.largestRelativeError = largestRelativeError
    self.tolerance = tolerance
  }

  enum CodingKeys: String, CodingKey {
    case path, tolerance
    case comparedValues = "compared_values"
    case largestRelativeError = "largest_relative_error"
  }
}
