public import FileIO

/// Chosen positions of one axis, in the shape of the indices: data [before..., extent, after...] becomes
/// [before..., indexShape..., after...]. `Computed.gather` is the same with indices that the graph computes.
public struct Gather: OperatorKind {
  /// The axis, not negative.
  public var axis: Int
  /// Positions from 0 on, row-major.
  public var indices: [Int]
  /// Extents of the indices; none for a single index, which takes the axis away.
  public var indexShape: [Int]

  public init(axis: Int, indices: [Int], indexShape: [Int]) {
    self.axis = axis
    self.indices = indices
    self.indexShape = indexShape
  }

  public var name: String { "Gather" }
  public var inputCount: ClosedRange<Int> { 1...1 }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    var x = try require(inputs, 0, "data")
    guard (0..<x.rank).contains(axis) else {
      throw ScaleNetError(place: "axis", expected: "an axis of \(x)", found: "\(axis)")
    }
    let extent = try extent(x, axis, "data") ?? .max
    guard TensorShape(checking: indexShape)?.elementCount == indices.count else {
      throw ScaleNetError(
        place: "indices", expected: "as many as the extents \(indexShape) hold", found: "\(indices.count)")
    }
    if let outside = indices.first(where: { !(0..<extent).contains($0) }) {
      throw ScaleNetError(
        place: "indices", expected: "positions of axis \(axis) of \(x)", found: "\(outside)")
    }
    x.dimensions.replaceSubrange(axis...axis, with: indexShape.map(Dimension.fixed))
    return [x]
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost { Cost() }
}

/// Elements of data whose position along `axis` the indices tell; all other positions are their own. Inputs data and
/// indices (int32 or int64, negative ones count from the end), whose shape the output has.
public struct GatherElements: OperatorKind {
  /// The axis, not negative.
  public var axis: Int

  public init(axis: Int) {
    self.axis = axis
  }

  public var name: String { "GatherElements" }
  public var inputCount: ClosedRange<Int> { 2...2 }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    let x = try require(inputs, 0, "data")
    let indices = try requireIndices(inputs, 1, rank: x.rank)
    try requireAxis(axis, of: x)
    try requireWithin(indices, x, except: axis)
    return [TensorType(x.dataType, indices.dimensions)]
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost { Cost() }
}

/// Parts of data whose first positions the indices' last axis tells. Inputs data and indices (int64).
public struct GatherND: OperatorKind {
  /// How many leading axes data and indices share.
  public var batchAxes: Int

  public init(batchAxes: Int = 0) {
    self.batchAxes = batchAxes
  }

  public var name: String { "GatherND" }
  public var inputCount: ClosedRange<Int> { 2...2 }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    let x = try require(inputs, 0, "data")
    let indices = try requireIndices(inputs, 1)
    guard (0..<max(min(x.rank, indices.rank), 1)).contains(batchAxes), indices.rank > 0 else {
      throw ScaleNetError(
        place: "batch_dims", expected: "axes of both inputs but the last", found: "\(batchAxes)")
    }
    for axis in 0..<batchAxes where !x.dimensions[axis].isCompatible(with: indices.dimensions[axis]) {
      throw ScaleNetError(
        place: "input indices", expected: "the leading extents of \(x)", found: "\(indices)")
    }
    let depth = try requireFixed(indices, indices.rank - 1, "indices")
    guard depth <= x.rank - batchAxes else {
      throw ScaleNetError(
        place: "input indices", expected: "at most \(x.rank - batchAxes) numbers", found: "\(indices)")
    }
    return [TensorType(x.dataType, indices.dimensions.dropLast() + x.dimensions[(batchAxes + depth)...])]
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost { Cost() }
}

/// How a scattered element meets the one that stands there.
public enum ScatterReduction: String, Hashable, Sendable {
  /// It replaces it.
  case none
  /// It and what stood there become their sum, product, maximum or minimum.
  case add, mul, max, min
}

/// Data with updates put where the indices tell along `axis`. Inputs data, indices (int32 or int64) and updates in the
/// indices' shape.
public struct ScatterElements: OperatorKind {
  /// The axis, not negative.
  public var axis: Int
  /// What an update does to what stands in its place.
  public var reduction: ScatterReduction

  public init(axis: Int, reduction: ScatterReduction = .none) {
    self.axis = axis
    self.reduction = reduction
  }

  public var name: String { "ScatterElements" }
  public var inputCount: ClosedRange<Int> { 3...3 }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    let x = try require(inputs, 0, "data", reduction == .none ? .any : .number)
    let indices = try requireIndices(inputs, 1, rank: x.rank)
    try requireAxis(axis, of: x)
    try requireWithin(indices, x, except: axis)
    let updates = try require(inputs, 2, "updates")
    guard updates.isCompatible(with: TensorType(x.dataType, indices.dimensions)) else {
      throw ScaleNetError(
        place: "input updates", expected: "\(TensorType(x.dataType, indices.dimensions))", found: "\(updates)"
      )
    }
    return [x]
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost {
    Cost(otherOperations: inputs.count > 1 ? inputs[1]?.elementCount ?? 0 : 0)
  }
}

/// Data with parts replaced whose first positions the indices' last axis tells. Inputs data, indices (int64) and
/// updates.
public struct ScatterND: OperatorKind {
  /// What an update does to what stands in its place.
  public var reduction: ScatterReduction

  public init(reduction: ScatterReduction = .none) {
    self.reduction = reduction
  }

  public var name: String { "ScatterND" }
  public var inputCount: ClosedRange<Int> { 3...3 }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    let x = try require(inputs, 0, "data", reduction == .none ? .any : .number)
    let indices = try requireIndices(inputs, 1)
    guard indices.rank > 0 else {
      throw ScaleNetError(place: "input indices", expected: "rank 1 or more", found: "\(indices)")
    }
    let depth = try requireFixed(indices, indices.rank - 1, "indices")
    guard depth <= x.rank else {
      throw ScaleNetError(place: "input indices", expected: "at most \(x.rank) numbers", found: "\(indices)")
    }
    let expected = TensorType(x.dataType, indices.dimensions.dropLast() + x.dimensions[depth...])
    let updates = try require(inputs, 2, "updates")
    guard updates.isCompatible(with: expected) else {
      throw ScaleNetError(place: "input updates", expected: "\(expected)", found: "\(updates)")
    }
    return [x]
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost {
    Cost(otherOperations: inputs.count > 2 ? inputs[2]?.elementCount ?? 0 : 0)
  }
}

/// One of two values at each position of a new axis: the second where the position is the index, else the first.
/// Inputs indices (any numbers; negative ones count from the end) and values [2].
public struct OneHot: OperatorKind {
  /// Where the new axis stands in the output, not negative.
  public var axis: Int
  /// The extent of the new axis.
  public var depth: Int

  public init(axis: Int, depth: Int) {
    self.axis = axis
    self.depth = depth
  }

  public var name: String { "OneHot" }
  public var inputCount: ClosedRange<Int> { 2...2 }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    let indices = try require(inputs, 0, "indices", .number)
    let values = try require(inputs, 1, "values")
    guard values.rank == 1, values.dimensions[0].isCompatible(with: 2) else {
      throw ScaleNetError(place: "input values", expected: "2 elements", found: "\(values)")
    }
    guard (0...indices.rank).contains(axis) else {
      throw ScaleNetError(place: "axis", expected: "0 to \(indices.rank)", found: "\(axis)")
    }
    guard depth >= 0 else { throw ScaleNetError(place: "depth", expected: "0 or more", found: "\(depth)") }
    var dimensions = indices.dimensions
    dimensions.insert(.fixed(depth), at: axis)
    return [TensorType(values.dataType, dimensions)]
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost { Cost() }
}

/// The positions of all elements that are not 0, in row-major order: int64 [rank, count], count known only when run.
public struct NonZero: OperatorKind {
  public init() {}

  public var name: String { "NonZero" }
  public var inputCount: ClosedRange<Int> { 1...1 }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    [TensorType(.int64, [.fixed(try require(inputs, 0, "X", .numberOrBool).rank), .unknown])]
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost {
    Cost(otherOperations: inputs[0]?.elementCount ?? 0)
  }
}

/// The positions along an axis, or of all elements in a row, for which a condition holds. Inputs input and condition, a
/// vector of booleans that may be shorter than the axis.
public struct Compress: OperatorKind {
  /// The axis, not negative; nil for all elements in a row.
  public var axis: Int?

  public init(axis: Int?) {
    self.axis = axis
  }

  public var name: String { "Compress" }
  public var inputCount: ClosedRange<Int> { 2...2 }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    var x = try require(inputs, 0, "input")
    let condition = try require(inputs, 1, "condition", .bool)
    guard condition.rank == 1 else {
      throw ScaleNetError(place: "input condition", expected: "rank 1", found: "\(condition)")
    }
    guard let axis else { return [TensorType(x.dataType, [.unknown])] }
    try requireAxis(axis, of: x)
    x.dimensions[axis] = .unknown
    return [x]
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost { Cost() }
}

/// The different elements, or the different slices along an axis: outputs Y, indices (where each stood first),
/// inverse_indices (which of Y each was) and counts, the last three int64.
public struct Unique: OperatorKind {
  /// The axis, not negative; nil for all elements in a row.
  public var axis: Int?
  /// Whether they are given in ascending order; otherwise in the order in which they first stand.
  public var isSorted: Bool
  /// How many of the outputs there are, 1 to 4.
  public var outputCount: Int

  public init(axis: Int?, isSorted: Bool = true, outputCount: Int = 1) {
    self.axis = axis
    self.isSorted = isSorted
    self.outputCount = outputCount
  }

  public var name: String { "Unique" }
  public var inputCount: ClosedRange<Int> { 1...1 }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    var x = try require(inputs, 0, "X", .numberOrBool)
    guard (1...4).contains(outputCount) else {
      throw ScaleNetError(place: "outputs", expected: "1 to 4", found: "\(outputCount)")
    }
    var inverse = Dimension.unknown
    if let axis {
      try requireAxis(axis, of: x)
      inverse = x.dimensions[axis]
      x.dimensions[axis] = .unknown
    } else {
      if let shape = x.shape { inverse = .fixed(shape.elementCount) }
      x.dimensions = [.unknown]
    }
    let lists = [
      TensorType(.int64, [.unknown]), TensorType(.int64, [inverse]), TensorType(.int64, [.unknown]),
    ]
    return [x] + lists.prefix(outputCount - 1)
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost {
    Cost(otherOperations: (inputs[0]?.elementCount ?? 0).saturatingMultiplied(by: 4))
  }
}

extension OperatorKind {
  /// The type of indices: int32 or int64, of a rank if one is given.
  func requireIndices(_ inputs: [TensorType?], _ index: Int, rank: Int? = nil) throws(ScaleNetError)
    -> TensorType
  {
    let type = try require(inputs, index, "indices")
    guard type.dataType == .int64 || type.dataType == .int32, rank == nil || rank == type.rank else {
      throw ScaleNetError(
        place: "input indices", expected: "int64 or int32" + (rank.map { " of rank \($0)" } ?? ""),
        found: "\(type)")
    }
    return type
  }

  /// Fails if indices have more positions than data along any axis but one.
  fileprivate func requireWithin(_ indices: TensorType, _ x: TensorType, except axis: Int)
    throws(ScaleNetError)
  {
    for other in 0..<x.rank where other != axis {
      guard let extent = x.dimensions[other].value, let own = indices.dimensions[other].value, own > extent
      else {
        continue
      }
      throw ScaleNetError(place: "input indices", expected: "extents within \(x)", found: "\(indices)")
    }
  }
}
