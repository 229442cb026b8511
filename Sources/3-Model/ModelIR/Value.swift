/// Names one value of one graph.
public struct ValueID: Hashable, Sendable, Comparable {
  public let index: Int

  public static func < (left: ValueID, right: ValueID) -> Bool { left.index < right.index }
}

/// A tensor that flows through a graph: an input, an initializer, or what a node produces.
public struct Value: Sendable {
  public var name: String
  public var type: TensorType
  /// The elements, if they are known before the graph runs: a weight.
  public var initializer: Tensor?
}
