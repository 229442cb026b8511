public import FileIO

/// alpha * A' * B' + beta * C, where A' and B' are A and B or their transposes; A' [M, K], B' [K, N], C broadcast
/// to [M, N].
public struct Gemm: OperatorKind {
  /// The factor of the product.
  public var alpha: Float
  /// The factor of C.
  public var beta: Float
  /// Whether A' is the transpose of A.
  public var transA: Bool
  /// Whether B' is the transpose of B.
  public var transB: Bool

  public init(alpha: Float = 1, beta: Float = 1, transA: Bool = false, transB: Bool = false) {
    self.alpha = alpha
    self.beta = beta
    self.transA = transA
    self.transB = transB
  }

  public var name: String { "Gemm" }
  public var inputCount: ClosedRange<Int> { 2...3 }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    let a = try require(inputs, 0, "A", .number)
    let b = try require(inputs, 1, "B", .number)
    for (type, name) in [(a, "A"), (b, "B")] where type.rank != 2 {
      throw ScaleNetError(place: "input \(name)", expected: "rank 2", found: "\(type)")
    }
    let inner = a.dimensions[transA ? 0 : 1]
    guard a.dataType == b.dataType, inner.isCompatible(with: b.dimensions[transB ? 1 : 0]) else {
      throw ScaleNetError(
        place: "input B", expected: "\(a.dataType.rawValue) with inner extent \(inner)", found: "\(b)")
    }
    let result = TensorType(a.dataType, [a.dimensions[transA ? 1 : 0], b.dimensions[transB ? 0 : 1]])
    if let c = optional(inputs, 2) {
      guard c.rank <= 2, try TensorType.broadcasting(result, c).isCompatible(with: result) else {
        throw ScaleNetError(place: "input C", expected: "what can be broadcast to \(result)", found: "\(c)")
      }
    }
    return [result]
  }

  /// MACs: M * N * K.
  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost {
    guard let a = inputs[0] else { return Cost() }
    return Cost(macs: outputs[0].elementCount.saturatingMultiplied(by: a[transA ? 0 : 1]))
  }
}

/// The product of matrices in the last two axes, with NumPy's rules: axes before them are broadcast, a vector A counts
/// as a row and a vector B as a column, whose axis is then left out of the result.
public struct MatMul: OperatorKind {
  public init() {}

  public var name: String { "MatMul" }
  public var inputCount: ClosedRange<Int> { 2...2 }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    let a = try require(inputs, 0, "A", .number)
    let b = try require(inputs, 1, "B", .number)
    guard a.dataType == b.dataType else {
      throw ScaleNetError(place: "input B", expected: a.dataType.rawValue, found: "\(b)")
    }
    return [try multiplied(a, b, of: a.dataType)]
  }

  /// MACs: the inner extent for each element of the output.
  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost { matrixCost(inputs, outputs) }
}

/// The product of matrices of integers, in int32: A and B are int8 or uint8, each with its zero point, which is taken
/// away first. Inputs A, B, a_zero_point (a scalar, or one for each row), b_zero_point (a scalar, or one for each
/// column).
public struct MatMulInteger: OperatorKind {
  public init() {}

  public var name: String { "MatMulInteger" }
  public var inputCount: ClosedRange<Int> { 2...4 }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    let a = try require(inputs, 0, "A", .integer)
    let b = try require(inputs, 1, "B", .integer)
    try requireZeroPoint(inputs, 2, "a_zero_point", of: a)
    try requireZeroPoint(inputs, 3, "b_zero_point", of: b)
    return [try multiplied(a, b, of: .int32)]
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost { matrixCost(inputs, outputs) }
}

/// The product of matrices of quantized numbers. Inputs a, a_scale, a_zero_point, b, b_scale, b_zero_point, y_scale,
/// y_zero_point; what belongs to a is a scalar or one for each row, what belongs to b a scalar or one for each column.
public struct QLinearMatMul: OperatorKind {
  public init() {}

  public var name: String { "QLinearMatMul" }
  public var inputCount: ClosedRange<Int> { 8...8 }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    let a = try require(inputs, 0, "a", .integer)
    let b = try require(inputs, 3, "b", .integer)
    try requireZeroPoint(inputs, 2, "a_zero_point", of: a)
    try requireZeroPoint(inputs, 5, "b_zero_point", of: b)
    for (index, name) in [(1, "a_scale"), (4, "b_scale"), (6, "y_scale")] {
      _ = try requireFloat(inputs, index, name)
    }
    return [try multiplied(a, b, of: try require(inputs, 7, "y_zero_point", .integer).dataType)]
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost { matrixCost(inputs, outputs) }
}

/// Einstein's summation: products of elements of all inputs, summed over the labels that the result does not have.
public struct Einsum: OperatorKind {
  /// Such as `bij,bjk->bik`; `...` stands for all axes without a label. Without `->` the result has the labels that
  /// stand once, in the order of the alphabet.
  public var equation: String

  public init(equation: String) {
    self.equation = equation
  }

  /// An equation taken apart: a label for each axis of each input and of the result. Axes under `...` have labels of
  /// their own, below 0, -1 for the last.
  public struct Labels: Hashable, Sendable {
    /// For each input, the labels of its axes.
    public var inputs: [[Int]]
    /// The labels of the result's axes.
    public var output: [Int]
  }

  public var name: String { "Einsum" }
  public var inputCount: ClosedRange<Int> { 1...64 }

  /// The labels of all axes of inputs of these ranks.
  public func labels(ranks: [Int]) throws(ScaleNetError) -> Labels {
    func malformed() -> ScaleNetError {
      ScaleNetError(
        place: "equation",
        expected: "labels for inputs of rank \(ranks.map(String.init).joined(separator: ", "))",
        found: "'\(equation)'")
    }
    let text = Array(equation.utf8).filter { $0 != UInt8(ascii: " ") }
    let arrow = text.indices.first {
      text[$0] == UInt8(ascii: "-") && $0 + 1 < text.count && text[$0 + 1] == UInt8(ascii: ">")
    }
    let terms = text[..<(arrow ?? text.count)].split(
      separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
    guard terms.count == ranks.count else { throw malformed() }
    var most = 0

    /// The labels of one term; `rank` nil for the result, whose dots stand for as many axes as the inputs' at most.
    func parse(_ term: ArraySlice<UInt8>, rank: Int?) throws(ScaleNetError) -> [Int] {
      let letters = term.filter { $0 != UInt8(ascii: ".") }
      guard letters.allSatisfy({ (65...90).contains($0) || (97...122).contains($0) }) else {
        throw malformed()
      }
      guard let dots = term.firstIndex(of: UInt8(ascii: ".")) else {
        guard rank == nil || letters.count == rank else { throw malformed() }
        return letters.map(Int.init)
      }
      guard term.count - letters.count == 3, dots + 2 < term.endIndex, term[dots + 2] == UInt8(ascii: ".")
      else {
        throw malformed()
      }
      let hidden = rank.map { $0 - letters.count } ?? most
      guard hidden >= 0 else { throw malformed() }
      most = max(most, hidden)
      let before = term[..<dots].map(Int.init)
      return before + (0..<hidden).map { $0 - hidden } + letters.dropFirst(before.count).map(Int.init)
    }
    var inputs: [[Int]] = []
    for (term, rank) in zip(terms, ranks) { inputs.append(try parse(term, rank: rank)) }
    let all = inputs.flatMap { $0 }
    let output: [Int]
    if let arrow {
      output = try parse(text[(arrow + 2)...], rank: nil)
      guard Set(output).count == output.count, Set(output).isSubset(of: Set(all)) else { throw malformed() }
    } else {
      let once = Set(all).filter { label in label > 0 && all.count(where: { $0 == label }) == 1 }
      output = (0..<most).map { $0 - most } + once.sorted()
    }
    return Labels(inputs: inputs, output: output)
  }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    var types: [TensorType] = []
    for index in inputs.indices { types.append(try require(inputs, index, "\(index)", .number)) }
    let labels = try labels(ranks: types.map(\.rank))
    var extents: [Int: Dimension] = [:]
    for (type, own) in zip(types, labels.inputs) {
      guard type.dataType == types[0].dataType else {
        throw ScaleNetError(place: "inputs", expected: types[0].dataType.rawValue, found: "\(type)")
      }
      for (label, dimension) in zip(own, type.dimensions) {
        let known = extents[label] ?? dimension
        // Axes under dots are broadcast.
        guard known.isCompatible(with: dimension) || (label < 0 && (known == 1 || dimension == 1)) else {
          throw ScaleNetError(place: "inputs", expected: "one extent for each label", found: "\(type)")
        }
        extents[label] =
          label < 0 && known == 1 ? dimension : dimension == 1 ? known : known.merged(with: dimension)
      }
    }
    return [TensorType(types[0].dataType, labels.output.map { extents[$0] ?? 1 })]
  }

  /// MACs: one for each combination of labels, if several inputs meet.
  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost {
    let shapes = inputs.compactMap { $0 }
    guard let labels = try? labels(ranks: shapes.map(\.rank)) else { return Cost() }
    var extents: [Int: Int] = [:]
    for (shape, own) in zip(shapes, labels.inputs) {
      for (label, extent) in zip(own, shape.dimensions) { extents[label] = max(extents[label] ?? 1, extent) }
    }
    let count = extents.values.reduce(1) { $0.saturatingMultiplied(by: $1) }
    return shapes.count > 1 ? Cost(macs: count) : Cost(otherOperations: count)
  }
}

extension OperatorKind {
  /// The type of a product of matrices in the last two axes, whose elements are of `dataType`.
  fileprivate func multiplied(
    _ a: TensorType, _ b: TensorType, of dataType: DataType
  ) throws(ScaleNetError) -> TensorType {
    for (type, name) in [(a, "A"), (b, "B")] where type.rank == 0 {
      throw ScaleNetError(place: "input \(name)", expected: "rank 1 or more", found: "\(type)")
    }
    let left = a.rank == 1 ? [1] + a.dimensions : a.dimensions
    let right = b.rank == 1 ? b.dimensions + [1] : b.dimensions
    guard left[left.count - 1].isCompatible(with: right[right.count - 2]) else {
      throw ScaleNetError(
        place: "input B",
        expected: "\(b.dataType.rawValue) with \(left[left.count - 1]) rows", found: "\(b)")
    }
    var result = try TensorType.broadcasting(
      TensorType(dataType, Array(left.dropLast(2))), TensorType(dataType, Array(right.dropLast(2))))
    if a.rank > 1 { result.dimensions.append(left[left.count - 2]) }
    if b.rank > 1 { result.dimensions.append(right[right.count - 1]) }
    return result
  }

  /// MACs: the inner extent for each element of the output.
  fileprivate func matrixCost(_ inputs: [TensorShape?], _ outputs: [TensorShape]) -> Cost {
    guard let a = inputs[0], let depth = a.dimensions.last else { return Cost() }
    return Cost(macs: outputs[0].elementCount.saturatingMultiplied(by: depth))
  }
}
