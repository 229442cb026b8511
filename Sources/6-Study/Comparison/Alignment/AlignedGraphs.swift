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
    try engine.floats(view.graph, inputs) { (id, tensor) throws(ScaleNetError) in
      guard let node = view.producers[id.index] else { return }
      result[node] = Fingerprint(
        try tensor.floats(of: view.graph[id].name), shape: tensor.shape.dimensions, signs: &signs)
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
///
/// The left's values are kept until the right's arrive, as many at a time as the budget allows; beyond it the graphs
/// run again for the rest.
struct PairRunner {
  let engine: DiffEngine
  let left: (graph: Graph, inputs: [String: Tensor])
  let right: (graph: Graph, inputs: [String: Tensor])
  var budget = 512 << 20

  /// Deviations of pairs, in their order, computed in `Scalar`.
  func distances<Scalar: DiffScalar>(
    _ pairs: [ValuePair], _ tolerance: Tolerance, in scalar: Scalar.Type
  ) throws(ScaleNetError) -> [Distance] {
    var result = [Distance](repeating: .incomparable, count: pairs.count)
    var start = 0
    while start < pairs.count {
      var bytes = 0
      var end = start
      while end < pairs.count {
        bytes += (leftType(pairs[end]).shape?.elementCount ?? 0) * MemoryLayout<Scalar>.size
        if bytes > budget && end > start { break }
        end += 1
      }
      try compare(pairs, start..<end, tolerance, into: &result, in: scalar)
      start = end
    }
    return result
  }

  private func leftType(_ pair: ValuePair) -> TensorType {
    left.graph[left.graph.nodes[pair.leftNode].outputs[0]].type
  }

  private func compare<Scalar: DiffScalar>(
    _ pairs: [ValuePair], _ range: Range<Int>, _ tolerance: Tolerance, into result: inout [Distance],
    in scalar: Scalar.Type
  ) throws(ScaleNetError) {
    var byLeft: [ValueID: Int] = [:]
    var byRight: [ValueID: Int] = [:]
    for index in range where pairs[index].order != nil {
      byLeft[left.graph.nodes[pairs[index].leftNode].outputs[0]] = index
      byRight[right.graph.nodes[pairs[index].rightNode].outputs[0]] = index
    }
    var kept: [Int: [Scalar]] = [:]
    try Scalar.run(engine, left.graph, left.inputs) { (id, tensor) throws(ScaleNetError) in
      guard let index = byLeft[id] else { return }
      kept[index] = try Scalar.elements(tensor, of: left.graph[id].name)
    }
    try Scalar.run(engine, right.graph, right.inputs) { (id, tensor) throws(ScaleNetError) in
      guard let index = byRight[id], let own = kept.removeValue(forKey: index),
        let order = pairs[index].order,
        let shape = leftType(pairs[index]).shape, let ordered = order.apply(to: tensor, shape: shape)
      else { return }
      let others = try Scalar.elements(ordered, of: right.graph[id].name)
      result[index] = Distance(own, others, tolerance)
    }
  }
}
