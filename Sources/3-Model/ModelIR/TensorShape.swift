/// The extents of a tensor, outermost first. Images are NCHW, convolution weights OIHW.
public struct TensorShape: Hashable, Sendable, ExpressibleByArrayLiteral {
  /// The extents, outermost first; none for a scalar.
  public let dimensions: [Int]

  /// `dimensions` are not negative and their product does not overflow: what comes from a file is checked before.
  public init(_ dimensions: [Int]) {
    precondition(dimensions.allSatisfy { $0 >= 0 })
    self.dimensions = dimensions
  }

  /// The shape as it is printed, `[1, 3, 224, 224]`; extents are not negative.
  public init(arrayLiteral elements: Int...) {
    self.init(elements)
  }

  /// The shape, or nil if an extent is negative or the number of bytes at `byteCount` each overflows `Int`.
  public init?(checking dimensions: [Int], byteCount: Int = 16) {
    var product = byteCount
    for dimension in dimensions {
      guard dimension >= 0 else { return nil }
      // A zero later does not excuse an overflow before it.
      if dimension == 0 { continue }
      let (partial, overflow) = product.multipliedReportingOverflow(by: dimension)
      if overflow { return nil }
      product = partial
    }
    self.dimensions = dimensions
  }

  /// The number of axes; 0 for a scalar.
  public var rank: Int { dimensions.count }

  /// The number of elements; 1 for rank 0.
  public var elementCount: Int { dimensions.reduce(1, *) }

  /// The extent of an axis from 0 to below `rank`.
  public subscript(axis: Int) -> Int { dimensions[axis] }

  /// The strides, in elements, of a tensor without gaps in row-major order.
  public var contiguousStrides: [Int] {
    var strides = [Int](repeating: 1, count: rank)
    for axis in stride(from: rank - 2, through: 0, by: -1) {
      strides[axis] = strides[axis + 1] * max(dimensions[axis + 1], 1)
    }
    return strides
  }
}

extension TensorShape: CustomStringConvertible {
  /// As numpy and PyTorch print it: `[64, 3, 7, 7]`.
  public var description: String {
    "[" + dimensions.map(String.init).joined(separator: ", ") + "]"
  }
}
