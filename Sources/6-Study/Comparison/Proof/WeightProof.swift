import Execution
import FileIO
import Kernels
import ModelIR

/// Holds every weight of a written graph against those of the graph that it was made of.
///
/// A run cannot do that: a single weight that is wrong by a thousandth drowns in the rounding of a deep network, and in a
/// channel that is dead it shows nowhere. What the written weights must be is computed here in Double from the source's,
/// folding included, and each may be off by what rounding explains and no more:
///
///     |written - w s| <= (2 k u + r) |w s|                 weights, s = gamma / sqrt(variance + epsilon)
///     |written - b'|  <= (k u + r) |b'| + 4 k d (|b| + |m|) |s| + ...    biases, b' = (b - m) s + beta
///
/// k is the number of normalisations that were folded in, u = 2^-24 and d = 2^-53 are the units of float32 and Double,
/// and r is that of the stored type: 2^-24, float16 2^-11, bfloat16 2^-8. A factor and its product with a weight are
/// rounded once each, a bias once for each normalisation (Higham, Accuracy and Stability of Numerical Algorithms, 2.2).
struct WeightProof {
  /// How many of the source's numbers were held against the written ones.
  private(set) var comparedCount = 0
  /// How many numbers the source's parameters are.
  private(set) var totalCount = 0
  /// What is not the source's, a sentence each.
  private(set) var problems: [String] = []
  /// Elements that are still to be held against each other, and where among the problems what is found stands.
  var pending: [Pending] = []
  /// What was found so far; nil where it is pending, or nothing is wrong.
  var findings: [String?] = []
  /// Nodes all of whose parameters were compared.
  private(set) var proved: [NodeMatch] = []

  let source: Graph
  private let written: Graph
  let weightType: DataType?
  private var counted = Set<ValueID>()

  /// - Parameters:
  ///   - source: after constants were folded, before anything else was.
  ///   - written: as it was read back.
  ///   - weightType: a half type that weights were rounded to, where the file has them in another; nil for none.
  ///   - threads: who share the numbers.
  init(
    source: Graph, written: Graph, weightType: DataType? = nil, threads: Int = 1
  ) throws(ScaleNetError) {
    self.source = source
    self.weightType = weightType
    self.written = written
    let parameters = Set(source.nodes.flatMap(\.inputs).compactMap { $0 })
    for id in parameters {
      if let tensor = source.initializer(id), tensor.dataType.isFloatingPoint {
        totalCount = totalCount.saturatingAdded(to: tensor.elementCount)
      }
    }
    for match in NodeMatch.all(source: source, written: written) {
      if try compare(match) { proved.append(match) }
    }
    try comparePending(ThreadPool(count: threads))
    problems = findings.compactMap { $0 }
  }

  /// Whether all of the source's numbers were compared.
  var isComplete: Bool { comparedCount == totalCount }

  /// Compares a node's parameters; false if some have no counterparts.
  private mutating func compare(_ match: NodeMatch) throws(ScaleNetError) -> Bool {
    let (own, other) = (source.nodes[match.source], written.nodes[match.written])
    switch (own.op, other.op) {
    case (.conv(let conv), .conv(let found)):
      guard conv.group == found.group else { return false }
      return try compareLinear(match)
    case (.convTranspose(let conv), .convTranspose(let found)) where conv.group == 1:
      guard found.group == 1 else { return false }
      return try compareLinear(match)
    case (.gemm(let gemm), .gemm(let found)):
      guard gemm.alpha == found.alpha, gemm.beta == found.beta, !gemm.transA, !found.transA else {
        return false
      }
      return try compareLinear(match)
    case (.gemm(let gemm), .matMul), (.matMul, .gemm(let gemm)):
      guard gemm.alpha == 1, gemm.beta == 1, !gemm.transA, own.inputs.count == 2 || own.op.name == "Gemm"
      else {
        return false
      }
      return try compareLinear(match)
    case (.batchNormalization(let normalization), .batchNormalization(let found)):
      if abs(normalization.epsilon - found.epsilon) > normalization.epsilon * 0x1p-22 {
        findings.append(
          "\(own.name.escapedForMessage): epsilon \(normalization.epsilon) became \(found.epsilon)")
      }
      return try comparePlain(own, other)
    default:
      return try comparePlain(own, other)
    }
  }

  /// Parameters that nothing was folded into, one by one.
  private mutating func comparePlain(_ own: Node, _ other: Node) throws(ScaleNetError) -> Bool {
    var isComplete = true
    for position in own.inputs.indices {
      guard let id = own.inputs[position], let tensor = source.initializer(id),
        tensor.dataType.isFloatingPoint
      else { continue }
      guard position < other.inputs.count, let found = written.initializer(other.inputs[position]),
        found.dataType.isFloatingPoint, Self.areAlike(tensor.shape, found.shape)
      else {
        isComplete = false
        continue
      }
      count(id, tensor)
      compare(
        tensor, found, name: source[id].name, scales: [1], steps: 0,
        stored: weightType ?? found.dataType)
    }
    return isComplete
  }

  /// Extents of 1 do not matter.
  private static func areAlike(_ a: TensorShape, _ b: TensorShape) -> Bool {
    a.dimensions.filter { $0 != 1 } == b.dimensions.filter { $0 != 1 }
  }

  /// Weight and bias of a convolution or product, with the normalisations that were folded in.
  private mutating func compareLinear(_ match: NodeMatch) throws(ScaleNetError) -> Bool {
    let (own, other) = (source.nodes[match.source], written.nodes[match.written])
    guard let id = own.inputs[1], var weight = source.initializer(id), weight.shape.rank >= 2,
      var found = written.initializer(other.inputs[1]), weight.dataType.isFloatingPoint,
      found.dataType.isFloatingPoint
    else { return false }
    // Products as [outputs, inputs], whatever the files have.
    if own.op.isMatrixProduct {
      guard weight.shape.rank == 2, found.shape.rank == 2 else { return false }
      if !own.op.hasTransposedWeight { weight = weight.transposed([1, 0]) }
      if !other.op.hasTransposedWeight { found = found.transposed([1, 0]) }
    }
    guard weight.shape == found.shape else { return false }
    if case .convTranspose = own.op {
      let order = [1, 0] + weight.shape.dimensions.indices.dropFirst(2)
      (weight, found) = (weight.transposed(order), found.transposed(order))
    }
    let outputs = weight.shape[0]
    var expected = ExpectedBias(outputs, try bias(source, own, outputs))
    let writtenBias = try bias(written, other, outputs) ?? [Double](repeating: 0, count: outputs)
    guard writtenBias.count == outputs, expected.values.count == outputs else { return false }
    for index in match.normalizations {
      guard try fold(source.nodes[index], into: &expected) else { return false }
    }
    count(id, weight)
    if own.inputs.count > 2, let biasID = own.inputs[2], let tensor = source.initializer(biasID) {
      count(biasID, tensor)
    }
    for index in match.normalizations {
      for case let id? in source.nodes[index].inputs.dropFirst() {
        if let tensor = source.initializer(id) { count(id, tensor) }
      }
    }
    compare(
      weight, found, name: source[id].name, scales: expected.scales,
      steps: match.normalizations.count,
      stored: weightType ?? found.dataType)
    let stored = other.inputs.count > 2 ? written.initializer(other.inputs[2])?.dataType : nil
    compareBias(
      expected, writtenBias, name: "\(own.name).bias", stored: weightType ?? stored ?? found.dataType)
    return true
  }

  /// The bias of a convolution or product, one number an output; nil without one, and empty where it is of another form.
  private func bias(_ graph: Graph, _ node: Node, _ outputs: Int) throws(ScaleNetError) -> [Double]? {
    guard node.inputs.count > 2, let id = node.inputs[2] else { return nil }
    guard let tensor = graph.initializer(id), tensor.dataType.isFloatingPoint else { return [] }
    let values = try doubles(tensor, id, of: graph)
    if values.count == 1 { return [Double](repeating: values[0], count: outputs) }
    return values.count == outputs && tensor.shape.dimensions.last == outputs ? values : []
  }

  /// Adds a normalisation behind; false if its parameters are not known.
  private func fold(_ node: Node, into bias: inout ExpectedBias) throws(ScaleNetError) -> Bool {
    guard case .batchNormalization(let normalization) = node.op, node.inputs.count == 5 else { return false }
    var parameters: [[Double]] = []
    for case let id? in node.inputs.dropFirst() {
      guard let tensor = source.initializer(id), tensor.elementCount == bias.values.count else {
        return false
      }
      parameters.append(try doubles(tensor, id, of: source))
    }
    guard parameters.count == 4 else { return false }
    bias.fold(
      gamma: parameters[0], beta: parameters[1], mean: parameters[2], variance: parameters[3],
      epsilon: Double(normalization.epsilon))
    return true
  }

  private mutating func count(_ id: ValueID, _ tensor: Tensor) {
    if counted.insert(id).inserted { comparedCount = comparedCount.saturatingAdded(to: tensor.elementCount) }
  }

  private func doubles(_ tensor: Tensor, _ id: ValueID, of graph: Graph) throws(ScaleNetError) -> [Double] {
    do throws(ScaleNetError) { return try tensor.doubles() } catch {
      throw .unreadableInitializer(name: graph[id].name, error: error)
    }
  }
}
