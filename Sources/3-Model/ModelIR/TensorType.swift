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

extension TensorType {
  /// Which axes are height and width of a value of four axes whose layout nothing tells: those before the last, if that has
  /// as few positions as an image has channels and these have more; otherwise the last two.
  package var imageAxes: Range<Int> { Self.imageAxes(dimensions.map(\.value)) }

  /// The same of extents, of which those that are open are nil.
  package static func imageAxes(_ extents: [Int?]) -> Range<Int> {
    func isFew(_ extent: Int?) -> Bool { extent.map { (1...4).contains($0) } ?? false }
    guard extents.count == 4, let channels = extents[3], isFew(channels) else { return 2..<4 }
    return extents[1..<3].allSatisfy { ($0 ?? .max) > max(channels, 4) } ? 1..<3 : 2..<4
  }
}
