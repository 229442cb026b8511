public import FileIO

/// A matrix of the input: the extents before `axis` are multiplied, and those from `axis` on.
public struct Flatten: OperatorKind {
  public static let name = "Flatten"
  public static let inputCount = 1...1

  /// Not negative.
  public var axis: Int

  public init(axis: Int = 1) {
    self.axis = axis
  }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    let x = try require(inputs, 0, "input")
    guard (0...x.rank).contains(axis) else {
      throw ScaleNetError(place: "axis", expected: "0 to \(x.rank)", found: "\(axis)")
    }
    return [
      TensorType(
        x.dataType,
        [
          try Dimension.product(x.dimensions[..<axis], of: x),
          try Dimension.product(x.dimensions[axis...], of: x),
        ])
    ]
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost {
    Cost()
  }
}

extension Dimension {
  /// The product of extents. One open extent may stand among extents of 1.
  static func product(_ dimensions: ArraySlice<Dimension>, of type: TensorType) throws(ScaleNetError)
    -> Dimension
  {
    let open = dimensions.filter { $0.value == nil }
    var product = 1
    for case let value? in dimensions.map(\.value) {
      let (partial, overflow) = product.multipliedReportingOverflow(by: value)
      if overflow { throw ScaleNetError(place: "input", expected: "a product in range", found: "\(type)") }
      product = partial
    }
    if open.isEmpty { return .fixed(product) }
    guard open.count == 1, product == 1 else {
      throw ScaleNetError(place: "input", expected: "known extents", found: "\(type)")
    }
    return open[0]
  }
}
