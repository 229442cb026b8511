import Execution
import FileIO
import ModelIR

/// The first pair of values that part, and what is upstream of it.
struct Culprit {
  let aligned: AlignedGraphs
  let pair: ValuePair
  /// The largest error among the inputs that both have; nil if there are none.
  let inputError: Double?
  let outputError: Double

  /// Errors up to here, in Double and as parts of the largest magnitude, are those of weights that were folded and
  /// rounded to float32.
  static let limit = Tolerance.foldedWeights.absolute

  /// - Parameter distances: of each pair, in Double.
  init?(_ aligned: AlignedGraphs, _ distances: [Distance]) {
    let found = aligned.pairs.indices.first { distances[$0].relativeError > Self.limit }
    guard let index = found else { return nil }
    self.aligned = aligned
    pair = aligned.pairs[index]
    outputError = distances[index].relativeError
    inputError = aligned.inputPairs()[index].map { $0 < 0 ? 0 : distances[$0].relativeError }.max()
  }

  var report: DiffReport.FirstDivergence {
    let (a, b) = (aligned.left.graph.nodes[pair.leftShown], aligned.right.graph.nodes[pair.rightShown])
    let inputs =
      inputError.map { "inputs agree (relative error \($0.scientific))" } ?? "inputs have no counterparts"
    let output =
      pair.order == nil
      ? "output has another shape, \(shape(aligned.left, pair.leftNode)) against \(shape(aligned.right, pair.rightNode))"
      : "output does not (relative error \(outputError.scientific))"
    return DiffReport.FirstDivergence(
      name: a.name, otherName: b.name, op: a.op.name, otherOp: b.op.name, depth: pair.leftShown,
      inputError: inputError?.ifFinite, outputError: outputError.ifFinite,
      explanation: "Computed in Double, its \(inputs) and its \(output).")
  }

  private func shape(_ view: GraphView, _ node: Int) -> [Int] { view.shape(view.output(node)) }
}

/// One way to look at a difference: a part of one side's graph is to be changed until it gives the other's values.
struct Direction {
  let own: GraphView
  let other: GraphView
  let otherInputs: [String: Tensor]
  /// The other side's counterpart of each value.
  let counterpart: [ValueID: ValueID]
  let ownTarget: ValueID
  let otherTarget: ValueID
  /// How an error speaks of both sides.
  let ownName: String
  let otherName: String

  /// The part of each graph between the nearest values with counterparts and the target; and what the other side
  /// has there.
  func experiment(_ engine: DiffEngine) throws(ScaleNetError) -> Experiment? {
    let known = Set(counterpart.values)
    let ownCut = boundary(own, of: ownTarget) { counterpart[$0] != nil }
    let otherCut = boundary(other, of: otherTarget) { known.contains($0) }
    let needed = Set(otherCut + ownCut.compactMap { counterpart[$0] })
    var values = try capture(needed.sorted(), engine)
    // Both get the same numbers, those of the narrower type.
    for id in ownCut {
      guard let partner = counterpart[id], let tensor = values[partner] else { return nil }
      values[partner] = try rounded(tensor, to: own.graph[id].type.dataType, of: own.graph[id].name)
    }
    var inputs: [String: Tensor] = [:]
    for id in ownCut {
      guard let partner = counterpart[id], let tensor = values[partner], let shape = own.graph[id].type.shape,
        let order = AxisOrder.relations(shape.dimensions, tensor.shape.dimensions).first,
        let ordered = order.apply(to: tensor, shape: shape)
      else { return nil }
      inputs[own.graph[id].name] = ordered.cast(to: own.graph[id].type.dataType)
    }
    var otherInputs: [String: Tensor] = [:]
    for id in otherCut {
      guard let tensor = values[id] else { return nil }
      otherInputs[other.graph[id].name] = tensor.cast(to: other.graph[id].type.dataType)
    }
    let part: Graph
    let held: Graph
    part = try own.graph.subgraph(inputs: Set(ownCut), outputs: [ownTarget])
    held = try other.graph.subgraph(inputs: Set(otherCut), outputs: [otherTarget])

    return try Experiment(engine: engine, own: part, other: held, inputs: inputs, otherInputs: otherInputs)
  }

  /// The other side's values, in float32 or the graph's narrower type.
  private func capture(_ ids: [ValueID], _ engine: DiffEngine) throws(ScaleNetError) -> [ValueID: Tensor] {
    var result: [ValueID: Tensor] = [:]
    var computed: [ValueID] = []
    for id in ids {
      if let tensor = otherInputs[other.graph[id].name], other.producers[id.index] == nil {
        result[id] = tensor
      } else {
        computed.append(id)
      }
    }
    if !computed.isEmpty {
      let part: Graph
      part = try other.graph.subgraph(inputs: [], outputs: computed)
      let names = Set(part.inputs.map { part[$0].name })
      let results = try engine.floats(part, otherInputs.filter { names.contains($0.key) })
      for (id, value) in zip(computed, results) { result[id] = value.tensor }
    }
    for (id, tensor) in result {
      result[id] = try rounded(tensor, to: other.graph[id].type.dataType, of: other.graph[id].name)
    }
    return result
  }

  /// The elements as a type can hold them, as float32.
  private func rounded(_ tensor: Tensor, to type: DataType, of name: String) throws(ScaleNetError) -> Tensor {
    let narrow: Tensor = type == .float16 || type == .bfloat16 ? tensor.cast(to: type) : tensor
    return Tensor(try narrow.floats(of: name), shape: tensor.shape)
  }

  private func boundary(
    _ view: GraphView, of target: ValueID, _ isKnown: (ValueID) -> Bool
  ) -> [ValueID] {
    guard let node = view.producers[target.index] else { return [] }
    var result: [ValueID] = []
    var waiting = view.graph.nodes[node].inputs.compactMap { $0 }
    var seen = Set<ValueID>()
    while let id = waiting.popLast() {
      guard view.graph[id].initializer == nil, seen.insert(id).inserted else { continue }
      if isKnown(id) {
        result.append(id)
      } else if let producer = view.producers[id.index] {
        waiting += view.graph.nodes[producer].inputs.compactMap { $0 }
      }
    }
    return result.sorted()
  }
}
