/// Names one value of one graph.
public struct ValueID: Hashable, Sendable, Comparable {
  /// The position in `Graph.values`.
  public let index: Int

  public static func < (left: ValueID, right: ValueID) -> Bool { left.index < right.index }
}

/// A tensor that flows through a graph: an input, an initializer, or what a node produces.
public struct Value: Sendable {
  /// Unique in its graph.
  public var name: String
  /// Element type and extents, as far as they are known before a run.
  public var type: TensorType
  /// The elements, if they are known before the graph runs: a weight.
  public var initializer: Tensor?
}
