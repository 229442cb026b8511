/// An output of a graph.
public struct NamedTensor: Sendable {
  /// The name of the graph's input or output.
  public var name: String
  /// Its elements; images are NCHW.
  public var tensor: Tensor

  public init(name: String, tensor: Tensor) {
    self.name = name
    self.tensor = tensor
  }
}
