/// Why an operator does not accept its inputs or attributes. `GraphError` adds which node it is.
public struct OperatorError: Error, Hashable, Sendable {
  /// The input or attribute.
  public let place: String
  public let expected: String
  public let found: String

  public init(place: String, expected: String, found: String) {
    self.place = place
    self.expected = expected
    self.found = found
  }
}
