import FileIO
import ModelIR

/// A part of both graphs between values that are counterparts: what one layer computes with what rounds its weights and
/// its result.
struct PrecisionStage {
  /// The value in the graph of lower precision, and its counterpart in the reference.
  var own: ValueID
  var other: ValueID
  /// The nodes of both that compute it from other stages' values, in the order of running.
  var ownNodes: [Int]
  var otherNodes: [Int]
  /// What rounds the value; nil where only weights are rounded.
  var quantizer: Quantizer?
  /// The reference's node that it is named after: the one with weights, or the last; nil for an input of the graph.
  var main: Int?
  /// The node of lower precision with the weights.
  var ownMain: Int?
}

/// Both graphs taken apart at values that are counterparts.
struct PrecisionStages {
  let lower: LowerPrecision
  /// The graph of lower precision, and the one in float32.
  let own: Graph
  let other: Graph
  private(set) var stages: [PrecisionStage] = []
  /// Counterparts at which the graphs are cut, graph inputs included.
  private(set) var otherOf: [ValueID: ValueID] = [:]
  private(set) var ownOf: [ValueID: ValueID] = [:]
  private let ownProducers: [Int?]
  private let otherProducers: [Int?]

  /// - Parameters:
  ///   - aligned: the plain graph of lower precision on the left, the reference on the right.
  ///   - outputs: counterparts among outputs, by their places.
  init(
    _ lower: LowerPrecision, reference: Graph, _ aligned: AlignedGraphs,
    inputs: [(own: String, other: String)], outputs: [(own: Int, other: Int)]
  ) {
    self.lower = lower
    own = lower.graph
    other = reference
    ownProducers = own.producers()
    otherProducers = other.producers()
    let plain = aligned.left.graph
    for (name, otherName) in inputs {
      guard let a = own.value(named: name), let b = other.value(named: otherName) else { continue }
      cut(a, b)
    }
    var quantizers: [ValueID: Quantizer] = [:]
    // The plain graph's values, by name, with their counterparts. Values in another order of axes are not cut at.
    var partners: [String: ValueID] = [:]
    for (name, otherName) in inputs { partners[name] = other.value(named: otherName) }
    for pair in aligned.pairs where pair.order == .same {
      let name = aligned.right.graph[aligned.right.output(pair.rightNode)].name
      partners[plain[aligned.left.output(pair.leftNode)].name] = other.value(named: name)
    }
    var cuts: [(own: ValueID, other: ValueID)] = []
    var (taken, otherTaken) = (Set<ValueID>(), Set<ValueID>())
    func add(_ a: ValueID, _ b: ValueID) {
      guard !taken.contains(a), !otherTaken.contains(b) else { return }
      taken.insert(a)
      otherTaken.insert(b)
      cuts.append((a, b))
    }
    for activation in lower.activations {
      guard let a = own.value(named: activation.value), let b = partners[activation.plainValue] else {
        continue
      }
      quantizers[a] = activation.quantizer
      add(a, b)
    }
    for (place, otherPlace) in outputs { add(own.outputs[place], other.outputs[otherPlace]) }
    if lower.activations.isEmpty {
      let inner = plain.valuesInsideFunctions()
      for pair in aligned.pairs where Self.isCut(aligned.left.graph.nodes[pair.leftNode].op) {
        let id = aligned.left.output(pair.leftNode)
        guard !inner.contains(id) else { continue }
        if let a = own.value(named: plain[id].name), let b = partners[plain[id].name] { add(a, b) }
      }
    }
    set(cuts, quantizers)
    // Layers of weights with nothing that rounds between them are stages of their own too.
    let count = cuts.count
    for stage in stages {
      let linear = stage.ownNodes.filter { own.nodes[$0].op.hasWeight }
      guard linear.count > 1 else { continue }
      for index in linear {
        let a = own.nodes[index].outputs[0]
        if let b = partners[own[a].name] { add(a, b) }
      }
    }
    if cuts.count > count { set(cuts, quantizers) }
  }

  /// Operators whose results a graph without rounded activations is cut at. What only picks or moves numbers belongs to
  /// the layer behind it.
  private static func isCut(_ op: Operator) -> Bool {
    switch op {
    case .cast, .identity, .flatten, .reshape, .transpose, .squeeze, .unsqueeze, .slice, .concat, .maxPool,
      .unary(.relu), .unary(.clip), .pad, .gather, .expand:
      false
    default: true
    }
  }

  private mutating func cut(_ a: ValueID, _ b: ValueID) {
    otherOf[a] = b
    ownOf[b] = a
  }

  private mutating func set(_ cuts: [(own: ValueID, other: ValueID)], _ quantizers: [ValueID: Quantizer]) {
    for (a, b) in cuts {
      // A rounded input of the graph stands for it from here on.
      otherOf[a] = b
      ownOf[b] = a
    }
    stages = cuts.map { a, b in
      let ownNodes = Self.nodes(own, ownProducers, of: a) { otherOf[$0] != nil }
      let otherNodes = Self.nodes(other, otherProducers, of: b) { ownOf[$0] != nil }
      let weighted = otherNodes.filter { other.nodes[$0].op.hasWeight }
      return PrecisionStage(
        own: a, other: b, ownNodes: ownNodes, otherNodes: otherNodes, quantizer: quantizers[a],
        main: weighted.last ?? otherNodes.last,
        ownMain: ownNodes.last { own.nodes[$0].op.hasWeight })
    }
    .sorted { ($0.otherNodes.last ?? -1, $0.own) < ($1.otherNodes.last ?? -1, $1.own) }
  }

  private static func nodes(
    _ graph: Graph, _ producers: [Int?], of id: ValueID, isKnown: (ValueID) -> Bool
  ) -> [Int] {
    var found = Set<Int>()
    var waiting = [id]
    while let next = waiting.popLast() {
      guard next == id || !isKnown(next), let producer = producers[next.index],
        found.insert(producer).inserted
      else { continue }
      waiting += graph.nodes[producer].inputs.compactMap { $0 }
    }
    return found.sorted()
  }

  /// What a stage is called: the reference's node, or the input of the graph.
  func name(_ stage: PrecisionStage) -> String {
    stage.main.map { other.nodes[$0].name } ?? other[stage.other].name
  }

  /// A weight of the reference, the same in lower precision and how that is rounded; nil where the stage has none.
  func weights(_ stage: PrecisionStage) -> (reference: Tensor, held: Tensor, quantizer: Quantizer)? {
    guard let main = stage.main, let ownMain = stage.ownMain, other.nodes[main].op.hasWeight,
      let id = own.nodes[ownMain].inputs[1], let quantizer = lower.weights[own[id].name],
      var held = own[id].initializer, let reference = other.initializer(other.nodes[main].inputs[1])
    else { return nil }
    var steps = quantizer
    if held.shape != reference.shape {
      guard held.shape.rank == 2, held.shape.dimensions.reversed() == reference.shape.dimensions else {
        return nil
      }
      held = held.transposed([1, 0])
      steps.axis = quantizer.axis.map { 1 - $0 }
    }
    return (reference, held, steps)
  }
}

extension Graph {
  /// What is read by nothing but functions of it alone, element by element, as the parts of SiLU or GELU read what a
  /// convolution or product gives: these and the function are one layer.
  fileprivate func valuesInsideFunctions() -> Set<ValueID> {
    // What each is a function of; what is more than one is missing, and stands for itself.
    var roots: [ValueID: ValueID] = [:]
    for node in nodes where node.op.isFunctionOfElements {
      let read = Set(
        node.inputs.compactMap { $0 }.filter { self[$0].initializer == nil }.map { roots[$0] ?? $0 })
      if read.count == 1 { for id in node.outputs { roots[id] = read.first } }
    }
    let consumers = consumers()
    return Set(nodes.flatMap(\.outputs)).filter { id in
      let readers = consumers[id.index]
      return !readers.isEmpty && !outputs.contains(id)
        && readers.allSatisfy { roots[nodes[$0].outputs[0]] == roots[id] ?? id }
    }
  }
}

extension Operator {
  /// Whether it computes each element from those at its place; what only bounds numbers aside.
  fileprivate var isFunctionOfElements: Bool {
    switch self {
    case .unary(.relu), .unary(.clip): false
    case .unary, .binary: true
    default: false
    }
  }

  /// The axis of the outputs in the weight of a convolution or product; nil of others.
  func outputAxis(rank: Int) -> Int? {
    switch self {
    case .conv: 0
    case .convTranspose(let op) where op.group == 1: 1
    case .gemm(let gemm): gemm.transB ? 0 : 1
    case .matMul: rank - 1
    default: nil
    }
  }

  /// Whether it makes integers of numbers, or computes with such.
  var isOnIntegers: Bool {
    switch self {
    case .quantizeLinear, .dequantizeLinear, .dynamicQuantizeLinear, .convInteger, .matMulInteger,
      .qLinearConv,
      .qLinearMatMul:
      true
    default: false
    }
  }

  /// Whether the second input is a matrix or kernel of weights.
  var hasWeight: Bool {
    switch self {
    case .conv, .convTranspose, .gemm, .matMul: true
    default: false
    }
  }
}
