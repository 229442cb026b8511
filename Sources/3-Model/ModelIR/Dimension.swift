/// One extent of a value: known, or left open.
public enum Dimension: Hashable, Sendable {
  /// A known extent, not negative.
  case fixed(Int)
  /// Open under a name, such as a dynamic batch: equal to every other extent of that name.
  case symbolic(String)
  /// Known only when the graph has run, because it depends on values. Two of them need not be equal, though they
  /// compare as the same in Swift: `isCompatible(with:)` tells what may meet.
  case unknown

  /// The extent if it is known.
  public var value: Int? {
    if case .fixed(let value) = self { value } else { nil }
  }

  /// Whether both may be the same extent: they are equal, or a run tells.
  public func isCompatible(with other: Dimension) -> Bool {
    self == other || self == .unknown || other == .unknown
  }

  /// Of two compatible extents the one that says more.
  func merged(with other: Dimension) -> Dimension {
    self == .unknown ? other : self
  }
}

extension Dimension: ExpressibleByIntegerLiteral, CustomStringConvertible {
  /// A known extent, written as a number: `graph.batch = 1`.
  public init(integerLiteral value: Int) { self = .fixed(value) }

  /// The number, the name, or `?` where neither is known.
  public var description: String {
    switch self {
    case .fixed(let value): String(value)
    case .symbolic(let name): name
    case .unknown: "?"
    }
  }
}
