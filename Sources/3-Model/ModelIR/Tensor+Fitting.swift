/// What was done to an array so that it is what a graph's input takes.
public struct ArrayFit: Hashable, Sendable {
  /// The channels stood last, and the axes were put in the order of NCHW.
  public var hadChannelsLast = false
  /// There was no batch, and one of a single item was added.
  public var hadNoBatch = false
}

extension Tensor {
  /// The same elements as an input of these extents takes them: as they are; with channels last as NCHW; and either with
  /// a batch of one, where the batch is missing. An open extent takes any. Nil if none of that fits.
  public func fitted(to dimensions: [Dimension]) -> (tensor: Tensor, fit: ArrayFit)? {
    func fits(_ shape: TensorShape) -> Bool {
      shape.rank == dimensions.count
        && zip(shape.dimensions, dimensions).allSatisfy { $1.value == nil || $0 == $1.value }
    }
    var fit = ArrayFit()
    for (tensor, hadNoBatch) in [(self, false), (withBatchOfOne, true)] {
      fit.hadNoBatch = hadNoBatch
      if fits(tensor.shape) { return (tensor, fit) }
      guard tensor.shape.rank == 4, dimensions.count == 4 else { continue }
      let transposed = tensor.transposed([0, 3, 1, 2])
      fit.hadChannelsLast = true
      if fits(transposed.shape) { return (transposed, fit) }
      fit.hadChannelsLast = false
    }
    return nil
  }
}
