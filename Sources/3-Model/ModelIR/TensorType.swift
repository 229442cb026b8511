/// What is known of a value before the graph runs: element type and extents.
public struct TensorType: Hashable, Sendable {
  /// The type of each element.
  public var dataType: DataType
  /// The extents, outermost first; images are NCHW.
  public var dimensions: [Dimension]

  public init(_ dataType: DataType, _ dimensions: [Dimension]) {
    self.dataType = dataType
    self.dimensions = dimensions
  }

  /// The type of a tensor, all of whose extents are known.
  public init(_ dataType: DataType, _ shape: TensorShape) {
    self.init(dataType, shape.dimensions.map(Dimension.fixed))
  }

  /// The number of axes; 0 for a scalar.
  public var rank: Int { dimensions.count }

  /// The shape, if no extent is open.
  public var shape: TensorShape? {
    var values: [Int] = []
    values.reserveCapacity(rank)
    for dimension in dimensions {
      guard let value = dimension.value else { return nil }
      values.append(value)
    }
    return TensorShape(values)
  }

  /// The product of the extents, if none is open.
  public var elementCount: Int? {
    var product = 1
    for dimension in dimensions {
      guard let value = dimension.value else { return nil }
      product *= value
    }
    return product
  }

  /// The type with every extent that is open under a name set to `value`.
  public func binding(_ value: Int) -> TensorType {
    TensorType(
      dataType,
      dimensions.map { dimension in
        if case .symbolic = dimension { .fixed(value) } else { dimension }
      })
  }
}

extension TensorType: CustomStringConvertible {
  /// `float32[batch, 3, 224, 224]`.
  public var description: String {
    "\(dataType.rawValue)[" + dimensions.map(\.description).joined(separator: ", ") + "]"
  }
}
