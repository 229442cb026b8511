public import FileIO

/// One number made of all elements along some axes.
public struct Reduce: OperatorKind {
  /// What is made of them. Of integers, what is no whole number is cut towards 0.
  public enum Function: String, Hashable, Sendable, CaseIterable {
    /// The sum, divided by the count.
    case mean = "ReduceMean"
    /// The sum; 0 of no elements.
    case sum = "ReduceSum"
    /// The product; 1 of no elements.
    case product = "ReduceProd"
    /// NaN if any element is NaN; of booleans, whether any holds.
    case max = "ReduceMax"
    /// NaN if any element is NaN; of booleans, whether all hold.
    case min = "ReduceMin"
    /// The sum of magnitudes.
    case l1 = "ReduceL1"
    /// The root of the sum of squares.
    case l2 = "ReduceL2"
    /// The sum of squares.
    case sumSquare = "ReduceSumSquare"
    /// log of the sum.
    case logSum = "ReduceLogSum"
    /// log of the sum of exp, computed without overflow.
    case logSumExp = "ReduceLogSumExp"
  }

  /// What is made of the elements.
  public var function: Function
  /// The axes, ascending; none for each element by itself.
  public var axes: [Int]
  /// Whether these axes stay, with an extent of 1.
  public var keepsAxes: Bool

  public init(_ function: Function, axes: [Int], keepsAxes: Bool = true) {
    self.function = function
    self.axes = axes
    self.keepsAxes = keepsAxes
  }

  public var name: String { function.rawValue }
  public var inputCount: ClosedRange<Int> { 1...1 }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    let isOrder = function == .max || function == .min
    let x = try require(inputs, 0, "data", isOrder ? .numberOrBool : .number)
    guard axes.allSatisfy({ (0..<x.rank).contains($0) }), axes == Set(axes).sorted() else {
      throw ScaleNetError(place: "axes", expected: "ascending axes of \(x)", found: "\(axes)")
    }
    return [x.reduced(axes, keepsAxes: keepsAxes)]
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost {
    let operationsPerElement =
      switch function {
      case .mean, .sum, .product, .max, .min, .logSum: 1
      case .l1, .l2, .sumSquare: 2
      case .logSumExp: 5
      }
    return Cost(
      otherOperations: (inputs[0]?.elementCount ?? 0).saturatingMultiplied(by: operationsPerElement))
  }
}

/// The position of the largest or smallest element along one axis, as int64.
public struct ArgExtremum: OperatorKind {
  /// Which element is looked for. Raw values are ONNX's operators.
  public enum Function: String, Hashable, Sendable {
    /// The largest.
    case max = "ArgMax"
    /// The smallest.
    case min = "ArgMin"
  }

  /// Whether the largest or the smallest is looked for.
  public var function: Function
  /// The axis, not negative.
  public var axis: Int
  /// Whether the axis stays, with an extent of 1.
  public var keepsAxis: Bool
  /// Whether the last of several equal elements is meant, otherwise the first.
  public var selectsLast: Bool

  public init(_ function: Function, axis: Int, keepsAxis: Bool = true, selectsLast: Bool = false) {
    self.function = function
    self.axis = axis
    self.keepsAxis = keepsAxis
    self.selectsLast = selectsLast
  }

  public var name: String { function.rawValue }
  public var inputCount: ClosedRange<Int> { 1...1 }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    let x = try require(inputs, 0, "data", .number)
    try requireAxis(axis, of: x)
    if x.dimensions[axis] == 0 {
      throw ScaleNetError(place: "input data, axis \(axis)", expected: "at least one element", found: "\(x)")
    }
    return [TensorType(.int64, x.reduced([axis], keepsAxes: keepsAxis).dimensions)]
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost {
    Cost(otherOperations: inputs[0]?.elementCount ?? 0)
  }
}

/// The `count` largest or smallest elements along an axis, and their positions as int64: two outputs. Of equal elements
/// the one that stands first is taken.
public struct TopK: OperatorKind {
  /// How many elements, at least 0.
  public var count: Int
  /// The axis, not negative.
  public var axis: Int
  /// Whether the largest are meant, otherwise the smallest.
  public var isLargest: Bool
  /// Whether they are given in order; otherwise their order is not defined (here they are in order all the same).
  public var isSorted: Bool

  public init(count: Int, axis: Int, isLargest: Bool = true, isSorted: Bool = true) {
    self.count = count
    self.axis = axis
    self.isLargest = isLargest
    self.isSorted = isSorted
  }

  public var name: String { "TopK" }
  public var inputCount: ClosedRange<Int> { 1...1 }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    var x = try require(inputs, 0, "X", .number)
    try requireAxis(axis, of: x)
    guard count >= 0, count <= x.dimensions[axis].value ?? .max else {
      throw ScaleNetError(place: "K", expected: "0 to the extent of axis \(axis) of \(x)", found: "\(count)")
    }
    x.dimensions[axis] = .fixed(count)
    return [x, TensorType(.int64, x.dimensions)]
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost {
    Cost(otherOperations: (inputs[0]?.elementCount ?? 0).saturatingMultiplied(by: 4))
  }
}

/// Sums of all elements up to each one, along an axis.
public struct CumSum: OperatorKind {
  /// The axis, not negative.
  public var axis: Int
  /// Whether the element itself is left out.
  public var isExclusive: Bool
  /// Whether the sums begin at the end of the axis.
  public var isReverse: Bool
  /// Whether the elements are multiplied instead of added: ONNX's CumProd.
  public var isProduct: Bool

  public init(axis: Int, isExclusive: Bool = false, isReverse: Bool = false, isProduct: Bool = false) {
    self.isProduct = isProduct
    self.axis = axis
    self.isExclusive = isExclusive
    self.isReverse = isReverse
  }

  public var name: String { isProduct ? "CumProd" : "CumSum" }
  public var inputCount: ClosedRange<Int> { 1...1 }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    let x = try require(inputs, 0, "x", .number)
    try requireAxis(axis, of: x)
    return [x]
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost {
    Cost(otherOperations: outputs[0].elementCount)
  }
}

extension TensorType {
  /// The type without some axes, or with an extent of 1 in their places.
  func reduced(_ axes: [Int], keepsAxes: Bool) -> TensorType {
    TensorType(
      dataType,
      dimensions.enumerated().compactMap { axis, dimension in
        axes.contains(axis) ? (keepsAxes ? 1 : nil) : dimension
      })
  }
}
