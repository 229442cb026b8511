import Execution
import FileIO
import ModelIR

/// Two graphs with the counterparts among their values.
struct AlignedGraphs {
  let left: GraphView
  let right: GraphView
  /// In the order of the left's nodes.
  let pairs: [ValuePair]
  /// Counterparts, graph inputs included.
  let leftOf: [ValueID: ValueID]
  let leftReasons: [Int: String]
  let rightReasons: [Int: String]

  /// Runs both graphs in float32 and aligns them.
  init(
    _ runner: PairRunner, inputs: [(left: ValueID, right: ValueID)],
    outputs: [(left: ValueID, right: ValueID)], tolerance: Tolerance, mayBeFolded: Bool
  ) throws(ScaleNetError) {
    left = GraphView(runner.left.graph)
    right = GraphView(runner.right.graph)
    var signs = SignTable()
    let leftPrints = try Self.fingerprints(left, runner.left.inputs, runner.engine, &signs)
    let rightPrints = try Self.fingerprints(right, runner.right.inputs, runner.engine, &signs)
    var aligner = Aligner(
      left: left, right: right, leftPrints: leftPrints, rightPrints: rightPrints, inputs: inputs,
      closeness: max(1e-4, tolerance.scaled ? tolerance.absolute : 0), mayBeFolded: mayBeFolded)
    aligner.run(outputs: outputs)
    pairs = aligner.pairs
    leftOf = aligner.leftOf
    leftReasons = aligner.leftReasons
    rightReasons = aligner.rightReasons
  }

  private static func fingerprints(
    _ view: GraphView, _ inputs: [String: Tensor], _ engine: DiffEngine, _ signs: inout SignTable
  ) throws(ScaleNetError) -> [Int: Fingerprint] {
    var result: [Int: Fingerprint] = [:]
    var waiting: [ValueID: Fingerprint.Projecting] = [:]
    let values = Set(view.graph.nodes.flatMap(\.outputs))
    try engine.floats(view.graph, inputs, inBlocks: values) { block in
      guard let node = view.producers[block.value.index] else { return }
      var projecting =
        waiting.removeValue(forKey: block.value)
        ?? Fingerprint.Projecting(shape: block.shape, signs: &signs)
      projecting.add(block.elements, signs)
      if block.start + block.elements.count == block.shape.reduce(1, *) {
        result[node] = Fingerprint(projecting)
      } else {
        waiting[block.value] = projecting
      }
    }
    return result
  }

  /// For each pair, the pairs that its nodes read. An input of the graph is -1.
  func inputPairs() -> [[Int]] {
    var pairOf: [ValueID: Int] = [:]
    for (index, pair) in pairs.enumerated() { pairOf[right.output(pair.rightNode)] = index }
    return pairs.map { pair in
      boundary(of: pair.rightNode).map { pairOf[$0] ?? -1 }
    }
  }

  /// The nearest values upstream of a right node that have counterparts.
  func boundary(of node: Int) -> [ValueID] {
    var result: [ValueID] = []
    var waiting = right.graph.nodes[node].inputs.compactMap { $0 }
    var seen = Set<ValueID>()
    while let id = waiting.popLast() {
      guard right.graph[id].initializer == nil, seen.insert(id).inserted else { continue }
      if leftOf[id] != nil {
        result.append(id)
      } else if let producer = right.producers[id.index] {
        waiting += right.graph.nodes[producer].inputs.compactMap { $0 }
      }
    }
    return result.sorted()
  }
}

/// A value of the left and its counterpart on the right.
struct ValuePair {
  /// The nodes that make the values, by their places.
  var leftNode: Int
  var rightNode: Int
  /// The nodes that the pair is shown as: a convolution, where the normalisation after it is folded on the other side.
  var leftShown: Int
  var rightShown: Int
  /// How the shapes are related; nil if they are not, as after a wrong margin.
  var order: AxisOrder?
  var alignment: DiffReport.Alignment
}

/// Runs both graphs and compares the values of pairs.
struct PairRunner {
  let engine: DiffEngine
  let left: (graph: Graph, inputs: [String: Tensor])
  let right: (graph: Graph, inputs: [String: Tensor])
  /// The most bytes of values that wait for their counterparts.
  var budget = 512 << 20

  /// Deviations of pairs, in their order, computed in `Scalar`.
  func distances<Scalar: DiffScalar>(
    _ pairs: [ValuePair], _ tolerance: Tolerance, in scalar: Scalar.Type
  ) throws(ScaleNetError) -> [Distance] {
    var result = [Distance](repeating: .incomparable, count: pairs.count)
    let runs = RunsInTurns(budget: budget) { () throws(ScaleNetError) in
      try Scalar.run(engine, left.graph, left.inputs)
    } second: { () throws(ScaleNetError) in
      try Scalar.run(engine, right.graph, right.inputs)
    }
    let values = pairs.indices.filter { pairs[$0].order != nil }.map { index in
      (
        place: index, first: left.graph.nodes[pairs[index].leftNode].outputs[0],
        second: right.graph.nodes[pairs[index].rightNode].outputs[0]
      )
    }
    try runs.visit(values) { (index, own, other) throws(ScaleNetError) in
      let a = left.graph[left.graph.nodes[pairs[index].leftNode].outputs[0]]
      let b = right.graph[right.graph.nodes[pairs[index].rightNode].outputs[0]]
      guard let shape = a.type.shape, let ordered = pairs[index].order?.apply(to: other, shape: shape) else {
        return
      }
      result[index] = try Scalar.distance((own, a.name), (ordered, b.name), tolerance)
    }
    return result
  }
}
