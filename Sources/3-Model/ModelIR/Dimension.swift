/// One extent of a value: known, or left open under a name (a dynamic batch).
public enum Dimension: Hashable, Sendable {
  case fixed(Int)
  case symbolic(String)

  /// The extent if it is known.
  public var value: Int? {
    if case .fixed(let value) = self { value } else { nil }
  }
}

extension Dimension: ExpressibleByIntegerLiteral, CustomStringConvertible {
  public init(integerLiteral value: Int) { self = .fixed(value) }

  public var description: String {
    switch self {
    case .fixed(let value): String(value)
    case .symbolic(let name): name
    }
  }
}
