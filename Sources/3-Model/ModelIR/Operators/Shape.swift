public import FileIO

/// The input itself.
public struct Identity: OperatorKind {
  public init() {}

  public var name: String { "Identity" }
  public var inputCount: ClosedRange<Int> { 1...1 }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    [try require(inputs, 0, "input")]
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost { Cost() }
}

/// The elements converted to another type. Numbers become booleans by whether they are not 0; what is no integer is cut
/// towards 0, and what no integer of that type can hold wraps around.
public struct Cast: OperatorKind {
  /// The element type of the result.
  public var to: DataType
  /// Whether what is too large for a type of eight bits becomes its largest number, otherwise infinity or NaN.
  public var saturates: Bool
  /// How numbers become powers of two, for the type that has nothing else.
  public var powerRounding: SmallFloat.PowerRounding

  public init(to: DataType, saturates: Bool = true, powerRounding: SmallFloat.PowerRounding = .up) {
    self.to = to
    self.saturates = saturates
    self.powerRounding = powerRounding
  }

  public var name: String { "Cast" }
  public var inputCount: ClosedRange<Int> { 1...1 }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    [TensorType(to, try require(inputs, 0, "input").dimensions)]
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost { Cost() }
}

/// The bits of the elements taken for elements of another type, which has as many.
public struct BitCast: OperatorKind {
  /// The element type of the result.
  public var to: DataType

  public init(to: DataType) {
    self.to = to
  }

  public var name: String { "BitCast" }
  public var inputCount: ClosedRange<Int> { 1...1 }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    let x = try require(inputs, 0, "input", .numberOrBool)
    guard ElementDomain.numberOrBool.contains(to), to.byteCount == x.dataType.byteCount else {
      throw ScaleNetError(
        place: "to", expected: "a type of as many bits as \(x.dataType.rawValue)", found: to.rawValue)
    }
    return [TensorType(to, x.dimensions)]
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost { Cost() }
}

/// A matrix of the input: the extents before `axis` are multiplied, and those from `axis` on.
public struct Flatten: OperatorKind {
  /// Not negative.
  public var axis: Int

  public init(axis: Int = 1) {
    self.axis = axis
  }

  public var name: String { "Flatten" }
  public var inputCount: ClosedRange<Int> { 1...1 }

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

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost { Cost() }
}

extension Dimension {
  /// The product of extents. One open extent may stand among known ones.
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
    if open.contains(.unknown) { return .unknown }
    guard open.count == 1, let multiple = open[0].multiplied(by: product) else {
      throw ScaleNetError(place: "input", expected: "known extents", found: "\(type)")
    }
    return multiple
  }
}

/// The input without axes of extent 1.
public struct Squeeze: OperatorKind {
  /// The axes, ascending, none negative.
  public var axes: [Int]

  public init(axes: [Int]) {
    self.axes = axes
  }

  public var name: String { "Squeeze" }
  public var inputCount: ClosedRange<Int> { 1...1 }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    let x = try require(inputs, 0, "data")
    guard axes.allSatisfy({ (0..<x.rank).contains($0) }), axes == Set(axes).sorted() else {
      throw ScaleNetError(place: "axes", expected: "ascending axes of \(x)", found: "\(axes)")
    }
    for axis in axes where !x.dimensions[axis].isCompatible(with: 1) {
      throw ScaleNetError(place: "axes", expected: "axes of extent 1 of \(x)", found: "\(axes)")
    }
    return [x.reduced(axes, keepsAxes: false)]
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost { Cost() }
}

/// The input with new axes of extent 1.
public struct Unsqueeze: OperatorKind {
  /// Where the new axes stand in the output, ascending, none negative.
  public var axes: [Int]

  public init(axes: [Int]) {
    self.axes = axes
  }

  public var name: String { "Unsqueeze" }
  public var inputCount: ClosedRange<Int> { 1...1 }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    let x = try require(inputs, 0, "data")
    let rank = x.rank + axes.count
    guard axes.allSatisfy({ (0..<rank).contains($0) }), axes == Set(axes).sorted() else {
      throw ScaleNetError(place: "axes", expected: "ascending axes of rank \(rank)", found: "\(axes)")
    }
    var dimensions = x.dimensions
    for axis in axes { dimensions.insert(1, at: axis) }
    return [TensorType(x.dataType, dimensions)]
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost { Cost() }
}

/// The input repeated along axes of extent 1, with NumPy's broadcasting against `shape`.
public struct Expand: OperatorKind {
  /// Extents, aligned at the end; 1 keeps the input's, which may be open.
  public var shape: [Int]

  public init(shape: [Int]) {
    self.shape = shape
  }

  public var name: String { "Expand" }
  public var inputCount: ClosedRange<Int> { 1...1 }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    let x = try require(inputs, 0, "input")
    guard TensorShape(checking: shape) != nil else {
      throw ScaleNetError(place: "shape", expected: "extents in range", found: "\(shape)")
    }
    do throws(ScaleNetError) {
      return [try TensorType.broadcasting(x, TensorType(x.dataType, shape.map(Dimension.fixed)))]
    } catch {
      throw ScaleNetError(place: "shape", expected: "what \(x) can be broadcast with", found: "\(shape)")
    }
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost { Cost() }
}

/// The axes in another order: axis i of the output is axis `permutation[i]` of the input.
public struct Transpose: OperatorKind {
  /// Every axis of the input once.
  public var permutation: [Int]

  public init(permutation: [Int]) {
    self.permutation = permutation
  }

  public var name: String { "Transpose" }
  public var inputCount: ClosedRange<Int> { 1...1 }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    let x = try require(inputs, 0, "data")
    guard permutation.sorted() == Array(0..<x.rank) else {
      throw ScaleNetError(place: "perm", expected: "every axis of \(x) once", found: "\(permutation)")
    }
    return [TensorType(x.dataType, permutation.map { x.dimensions[$0] })]
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost { Cost() }
}

/// The input side by side with itself, `repeats[i]` times along axis i.
public struct Tile: OperatorKind {
  /// One number for each axis, none negative.
  public var repeats: [Int]

  public init(repeats: [Int]) {
    self.repeats = repeats
  }

  public var name: String { "Tile" }
  public var inputCount: ClosedRange<Int> { 1...1 }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    var x = try require(inputs, 0, "input")
    guard repeats.count == x.rank, repeats.allSatisfy({ $0 >= 0 }) else {
      throw ScaleNetError(place: "repeats", expected: "\(x.rank) numbers, none negative", found: "\(repeats)")
    }
    for axis in repeats.indices where repeats[axis] != 1 {
      guard let extent = try extent(x, axis, "input") else { continue }
      let (product, overflow) = extent.multipliedReportingOverflow(by: repeats[axis])
      if overflow { throw ScaleNetError(place: "repeats", expected: "extents in range", found: "\(repeats)") }
      x.dimensions[axis] = .fixed(product)
    }
    return [x]
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost { Cost() }
}

/// The extents of the input from axis `start` up to axis `end`, as int64.
public struct Shape: OperatorKind {
  /// The first axis and the one after the last, neither negative.
  public var axes: Range<Int>

  public init(axes: Range<Int>) {
    self.axes = axes
  }

  public var name: String { "Shape" }
  public var inputCount: ClosedRange<Int> { 1...1 }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    let x = try require(inputs, 0, "data")
    guard axes.lowerBound >= 0, axes.upperBound <= x.rank else {
      throw ScaleNetError(place: "end", expected: "axes of \(x)", found: "\(axes)")
    }
    return [TensorType(.int64, [.fixed(axes.count)])]
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost { Cost() }
}

/// The number of elements of the input, as int64.
public struct Size: OperatorKind {
  public init() {}

  public var name: String { "Size" }
  public var inputCount: ClosedRange<Int> { 1...1 }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    _ = try require(inputs, 0, "data")
    return [TensorType(.int64, [] as [Dimension])]
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost { Cost() }
}

/// The upper or lower triangle of the matrices in the last two axes; the rest is 0.
public struct Trilu: OperatorKind {
  /// Whether the upper triangle stays, otherwise the lower.
  public var isUpper: Bool
  /// The diagonal from which the triangle begins: 0 the main one, 1 the one above it.
  public var diagonal: Int

  public init(isUpper: Bool = true, diagonal: Int = 0) {
    self.isUpper = isUpper
    self.diagonal = diagonal
  }

  public var name: String { "Trilu" }
  public var inputCount: ClosedRange<Int> { 1...1 }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    let x = try require(inputs, 0, "input")
    guard x.rank >= 2 else {
      throw ScaleNetError(place: "input input", expected: "rank 2 or more", found: "\(x)")
    }
    return [x]
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost { Cost() }
}

/// Ones on a diagonal of a matrix with the input's extents, zeros elsewhere.
public struct EyeLike: OperatorKind {
  /// 0 the main diagonal, 1 the one above it.
  public var diagonal: Int
  /// The type of the zeros and ones.
  public var dataType: DataType

  public init(diagonal: Int = 0, dataType: DataType) {
    self.diagonal = diagonal
    self.dataType = dataType
  }

  public var name: String { "EyeLike" }
  public var inputCount: ClosedRange<Int> { 1...1 }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    let x = try require(inputs, 0, "input")
    guard x.rank == 2, ElementDomain.numberOrBool.contains(dataType) else {
      throw ScaleNetError(place: "input input", expected: "rank 2, and a dtype of numbers", found: "\(x)")
    }
    return [TensorType(dataType, x.dimensions)]
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost { Cost() }
}

/// The input with the first elements along one axis in reverse order, as many as sequence_lens [batch] (int64) says for
/// each position of another axis.
public struct ReverseSequence: OperatorKind {
  /// The axes of time and batch: 0 and 1, in either order.
  public var timeAxis: Int
  /// The other one of the two axes.
  public var batchAxis: Int

  public init(timeAxis: Int = 0, batchAxis: Int = 1) {
    self.timeAxis = timeAxis
    self.batchAxis = batchAxis
  }

  public var name: String { "ReverseSequence" }
  public var inputCount: ClosedRange<Int> { 2...2 }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    let x = try require(inputs, 0, "input")
    guard x.rank >= 2, Set([timeAxis, batchAxis]) == [0, 1] else {
      throw ScaleNetError(
        place: "time_axis", expected: "axes 0 and 1 of \(x)", found: "\(timeAxis), \(batchAxis)")
    }
    let lengths = try requireIndices(inputs, 1, rank: 1)
    guard lengths.dimensions[0].isCompatible(with: x.dimensions[batchAxis]) else {
      throw ScaleNetError(
        place: "input sequence_lens", expected: "\(x.dimensions[batchAxis])", found: "\(lengths)")
    }
    return [x]
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost { Cost() }
}
