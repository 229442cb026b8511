public import FileIO

/// An operator whose parameters the graph computes: sizes, positions, limits. Inputs are ONNX's, in ONNX's order.
///
/// Where those inputs are known before the graph runs, the operator of the same name that has them in its payload says
/// more: extents that depend on values are unknown here. When the graph runs, one becomes the other.
public enum Computed: OperatorKind {
  /// data and shape. With `allowsZero`, 0 is an extent; otherwise it keeps the input's.
  case reshape(allowsZero: Bool)
  /// input and shape. What is known of the shape's elements beforehand, open extents included, stands in `known`: the
  /// whole list, or nil.
  case expand(known: [Dimension]? = nil)
  /// data, starts, ends, axes and steps; the last two may be left out.
  case slice
  /// data and indices (int32 or int64); negative ones count from the end. The axis is not negative.
  case gather(axis: Int)
  /// data, pads, constant_value and axes; the last two may be left out.
  case pad(mode: Pad.Mode)
  /// input and repeats. What is known of the result's extents beforehand, open ones included, stands in `known`; or nil.
  case tile(known: [Dimension]? = nil)
  /// input, min and max; the last two may be left out. Elements may be any numbers.
  case clip
  /// X, roi, scales and sizes, of which either scales or sizes is there. The extent of the payload has no meaning;
  /// `axes` are those that scales or sizes are for, in the order of these lists.
  case resize(Resize)
  /// data and axes, which may be left out: all axes are reduced then, or none with `keepsAllWithoutAxes`.
  case reduce(Reduce.Function, keepsAxes: Bool, keepsAllWithoutAxes: Bool)
  /// data and axes.
  case squeeze, unsqueeze
  /// input and split: as many outputs as parts. Without split the parts are equal, but the last, which may be smaller.
  /// The axis is not negative.
  case split(axis: Int, parts: Int)
  /// X and K. The axis is not negative.
  case topK(axis: Int, isLargest: Bool, isSorted: Bool)
  /// x and axis.
  case cumSum(isExclusive: Bool, isReverse: Bool)
  /// indices, depth and values. The axis is one of the output, not negative.
  case oneHot(axis: Int)
  /// input and k.
  case trilu(isUpper: Bool)
  /// shape; every element of the result is the value. What is known of the shape's elements beforehand, open extents
  /// included, stands in `known`: the whole list, or nil.
  case constantOfShape(ScalarValue, known: [Dimension]? = nil)
  /// start, limit and delta, of one type. What is known beforehand of how many numbers they make stands in `known`, such
  /// as an open batch; or nil.
  case range(known: Dimension? = nil)

  public var name: String {
    switch self {
    case .reshape: "Reshape"
    case .expand: "Expand"
    case .slice: "Slice"
    case .gather: "Gather"
    case .pad: "Pad"
    case .tile: "Tile"
    case .clip: "Clip"
    case .resize: "Resize"
    case .reduce(let function, _, _): function.rawValue
    case .squeeze: "Squeeze"
    case .unsqueeze: "Unsqueeze"
    case .split: "Split"
    case .topK: "TopK"
    case .cumSum: "CumSum"
    case .oneHot: "OneHot"
    case .trilu: "Trilu"
    case .constantOfShape: "ConstantOfShape"
    case .range: "Range"
    }
  }

  public var inputCount: ClosedRange<Int> {
    switch self {
    case .constantOfShape: 1...1
    case .reshape, .expand, .gather, .tile, .squeeze, .unsqueeze, .topK, .cumSum, .trilu: 2...2
    case .reduce, .split: 1...2
    case .clip: 1...3
    case .oneHot, .range: 3...3
    case .pad: 2...4
    case .slice: 3...5
    case .resize: 3...4
    }
  }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    let x = try require(inputs, 0, "data")
    /// A result with as many open extents.
    func open(_ rank: Int) -> [TensorType] {
      [TensorType(x.dataType, [Dimension](repeating: .unknown, count: rank))]
    }
    switch self {
    case .reshape:
      return open(try listCount(inputs, 1, "shape"))
    case .expand(nil):
      return open(max(x.rank, try listCount(inputs, 1, "shape")))
    case .expand(let known?):
      guard try listCount(inputs, 1, "shape") == known.count else {
        throw ScaleNetError(place: "input shape", expected: "\(known.count) numbers", found: "another count")
      }
      return [try TensorType.broadcasting(x, TensorType(x.dataType, known))]
    case .slice:
      for (index, name) in [(1, "starts"), (2, "ends")] { _ = try requireList(inputs, index, name) }
      return open(x.rank)
    case .gather(let axis):
      let indices = try requireIndices(inputs, 1)
      try requireAxis(axis, of: x)
      var result = x
      result.dimensions.replaceSubrange(axis...axis, with: indices.dimensions)
      return [result]
    case .pad:
      _ = try requireList(inputs, 1, "pads")
      if let value = optional(inputs, 2), value.dataType != x.dataType {
        throw ScaleNetError(place: "input constant_value", expected: x.dataType.rawValue, found: "\(value)")
      }
      return open(x.rank)
    case .tile(let known):
      guard try listCount(inputs, 1, "repeats") == x.rank, known?.count ?? x.rank == x.rank else {
        throw ScaleNetError(place: "input repeats", expected: "\(x.rank) numbers", found: "another count")
      }
      return known.map { [TensorType(x.dataType, $0)] } ?? open(x.rank)
    case .clip:
      _ = try require(inputs, 0, "input", .number)
      for (index, name) in [(1, "min"), (2, "max")] {
        guard let limit = optional(inputs, index) else { continue }
        guard limit.dataType == x.dataType, limit.rank == 0 || limit.dimensions == [1] else {
          throw ScaleNetError(
            place: "input \(name)", expected: "one \(x.dataType.rawValue)", found: "\(limit)")
        }
      }
      return [x]
    case .resize(let resize):
      guard resize.axes.allSatisfy({ (0..<x.rank).contains($0) }) else {
        throw ScaleNetError(place: "axes", expected: "axes of \(x)", found: "\(resize.axes)")
      }
      _ = try require(inputs, 0, "X", .number)
      var result = x
      for axis in resize.axes { result.dimensions[axis] = .unknown }
      return [result]
    case .reduce(let function, let keepsAxes, let keepsAllWithoutAxes):
      guard let axes = optional(inputs, 1) else {
        let axes = keepsAllWithoutAxes ? [] : Array(0..<x.rank)
        return try Reduce(function, axes: axes, keepsAxes: keepsAxes).inferTypes([x])
      }
      if keepsAxes { return open(x.rank) }
      guard axes.rank == 1, let count = axes.dimensions[0].value, count > 0, count <= x.rank else {
        throw ScaleNetError(place: "input axes", expected: "a known number of axes", found: "\(axes)")
      }
      return open(x.rank - count)
    case .squeeze:
      let count = try listCount(inputs, 1, "axes")
      guard count <= x.rank else {
        throw ScaleNetError(place: "input axes", expected: "axes of \(x)", found: "\(count)")
      }
      return open(x.rank - count)
    case .unsqueeze:
      return open(x.rank + (try listCount(inputs, 1, "axes")))
    case .split(let axis, let parts):
      try requireAxis(axis, of: x)
      guard (1...4096).contains(parts) else {
        throw ScaleNetError(place: "outputs", expected: "1 to 4096", found: "\(parts)")
      }
      if optional(inputs, 1) != nil, try listCount(inputs, 1, "split") != parts {
        throw ScaleNetError(
          place: "outputs", expected: "as many as the input split has numbers", found: "\(parts)")
      }
      var part = x
      part.dimensions[axis] = .unknown
      return [TensorType](repeating: part, count: parts)
    case .topK(let axis, _, _):
      _ = try require(inputs, 0, "X", .number)
      try requireAxis(axis, of: x)
      var result = x
      result.dimensions[axis] = .unknown
      return [result, TensorType(.int64, result.dimensions)]
    case .cumSum:
      return [try require(inputs, 0, "x", .number)]
    case .oneHot(let axis):
      guard (0...x.rank).contains(axis) else {
        throw ScaleNetError(place: "axis", expected: "0 to \(x.rank)", found: "\(axis)")
      }
      var dimensions = x.dimensions
      dimensions.insert(.unknown, at: axis)
      return [TensorType(try require(inputs, 2, "values").dataType, dimensions)]
    case .trilu:
      return try Trilu().inferTypes([x])
    case .constantOfShape(let value, let known):
      let rank = try listCount(inputs, 0, "input")
      guard known == nil || known?.count == rank else {
        throw ScaleNetError(place: "input shape", expected: "\(rank) numbers", found: "another count")
      }
      return [TensorType(value.dataType, known ?? [Dimension](repeating: .unknown, count: rank))]
    case .range(let known):
      _ = try require(inputs, 0, "start", .number)
      for index in 0..<3 {
        let type = try require(inputs, index, "\(index)")
        guard type.dataType == x.dataType, type.shape.map({ $0.elementCount == 1 }) ?? true else {
          throw ScaleNetError(
            place: "input \(index)", expected: "one \(x.dataType.rawValue)", found: "\(type)")
        }
      }
      return [TensorType(x.dataType, [known ?? .unknown])]
    }
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost {
    switch self {
    case .clip, .pad, .cumSum, .resize: Cost(otherOperations: outputs[0].elementCount)
    case .reduce: Cost(otherOperations: inputs[0]?.elementCount ?? 0)
    case .reshape, .expand, .slice, .gather, .tile, .squeeze, .unsqueeze, .split, .topK, .oneHot, .trilu,
      .constantOfShape, .range:
      Cost()
    }
  }

  /// The type of a list of whole numbers.
  private func requireList(_ inputs: [TensorType?], _ index: Int, _ name: String) throws(ScaleNetError)
    -> TensorType
  {
    let type = try require(inputs, index, name, .integer)
    guard type.rank == 1 else {
      throw ScaleNetError(place: "input \(name)", expected: "a list of whole numbers", found: "\(type)")
    }
    return type
  }

  /// How many numbers a list has, which must be known: the rank of the result depends on it.
  private func listCount(_ inputs: [TensorType?], _ index: Int, _ name: String) throws(ScaleNetError) -> Int {
    let type = try requireList(inputs, index, name)
    guard let count = type.dimensions[0].value, count <= 64 else {
      throw ScaleNetError(
        place: "input \(name)", expected: "a known number of extents, at most 64", found: "\(type)")
    }
    return count
  }
}

/// One element of any type of numbers or booleans.
public struct ScalarValue: Hashable, Sendable {
  /// Which of `real` and `integer` holds the value.
  public var dataType: DataType
  /// The value of a floating-point type.
  public var real: Double
  /// The value of an integer type, uint64 as its bit pattern; 0 or 1 for booleans.
  public var integer: Int64

  /// A floating-point number.
  public init(_ dataType: DataType, real: Double) {
    self.dataType = dataType
    self.real = real
    integer = 0
  }

  /// An integer or a boolean.
  public init(_ dataType: DataType, integer: Int64) {
    self.dataType = dataType
    real = 0
    self.integer = integer
  }
}
