/// What is known of a value before the graph runs: element type and extents.
public struct TensorType: Hashable, Sendable {
  public var dataType: DataType
  public var dimensions: [Dimension]

  public init(_ dataType: DataType, _ dimensions: [Dimension]) {
    self.dataType = dataType
    self.dimensions = dimensions
  }

  public init(_ dataType: DataType, _ shape: TensorShape) {
    self.init(dataType, shape.dimensions.map(Dimension.fixed))
  }

  public var rank: Int { dimensions.count }

  /// The shape, if no extent is open.
  public var shape: TensorShape? {
    let values = dimensions.compactMap(\.value)
    return values.count == rank ? TensorShape(values) : nil
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
  public var description: String {
    "\(dataType.rawValue)[" + dimensions.map(\.description).joined(separator: ", ") + "]"
  }
}
