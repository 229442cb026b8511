import FileIO
import ModelIR

// Why a model in a half type differs: by what is rounded alone, where both have the same nodes.
extension ModelComparison {
  /// Undoes the half type: the other side's constants in the place of those that are these rounded, and no casts. If both
  /// agree then in Double, nothing else differs, and no search is needed. False where they do not, or nodes have other names.
  func explainHalf(
    _ report: inout DiffReport, _ lower: LowerPrecision, isLeft: Bool
  ) throws(ScaleNetError) -> Bool {
    guard let reference = (isLeft ? right : left).graph,
      let (graph, first) = Self.widened(lower, reference)
    else { return false }
    guard try replacing(graph, isLeft: isLeft).isRounding(report).isSo else { return false }
    let (side, other) = isLeft ? ("left", "right") : ("right", "left")
    report.cause = DiffReport.Cause(
      kind: .halfPrecision,
      explanation:
        "The \(side) is in \(lower.type.rawValue): with nothing rounded it gives what the \(other) gives.",
      node: first, otherNode: first, confirmed: true)
    report.firstDivergence = try divergence(at: first, lower.graph, reference, isLeft: isLeft)
    return true
  }

  /// The graph of a half type in float32, and the first of its nodes whose weights the other side has unrounded; nil where
  /// it has none such.
  private static func widened(_ lower: LowerPrecision, _ reference: Graph) -> (Graph, String)? {
    var graph = lower.graph
    let rounding = Quantizer(half: lower.type)
    let places = Dictionary(
      reference.nodes.enumerated().map { ($0.element.name, $0.offset) }, uniquingKeysWith: { a, _ in a })
    var first: String?
    for index in graph.nodes.indices {
      if case .cast(let cast) = graph.nodes[index].op, cast.to == lower.type {
        graph.nodes[index].op = .cast(Cast(to: .float32))
      }
      guard let place = places[graph.nodes[index].name] else { continue }
      let (node, other) = (graph.nodes[index], reference.nodes[place])
      // What was looked at once need not stay in memory.
      defer {
        for id in node.inputs { graph.initializer(id)?.releasePages() }
        for id in other.inputs { reference.initializer(id)?.releasePages() }
      }
      for input in node.inputs.indices where input < other.inputs.count {
        guard let id = node.inputs[input], let held = graph[id].initializer, held.dataType == lower.type,
          let known = reference.initializer(other.inputs[input]), held.shape == known.shape,
          let pair = ElementPair(held, known),
          pair.allBlocks({ start, a, b in
            rounding.rounded(b, from: start, shape: pair.shape, isBounded: true).map { $0 == a } ?? false
          }),
          let made = try? graph.addInitializer(
            graph.unusedName("\(graph[id].name).known"), known.cast(to: .float32))
        else { continue }
        graph.nodes[index].inputs[input] = made
        if node.op.hasWeight, first == nil { first = node.name }
      }
    }
    // Folded weights and others without a counterpart are for the search.
    let isUndone = graph.nodes.allSatisfy { node in
      node.inputs.allSatisfy { graph.initializer($0)?.dataType != lower.type }
    }
    guard isUndone, let first else { return nil }
    for id in graph.valueIDs where graph[id].type.dataType == lower.type {
      graph[id].initializer = graph[id].initializer?.cast(to: .float32)
      graph[id].type.dataType = .float32
    }
    do throws(ScaleNetError) {
      try graph.apply([EliminateDeadNodes()])
      try graph.inferAllTypes()
    } catch {
      // An operator that is bound to the half type can't be undone so.
      return nil
    }
    return (graph, first)
  }

  /// Both graphs up to a node, in Double.
  private func divergence(
    at name: String, _ own: Graph, _ reference: Graph, isLeft: Bool
  ) throws(ScaleNetError) -> DiffReport.FirstDivergence? {
    let (leftGraph, rightGraph) = isLeft ? (own, reference) : (reference, own)
    guard let a = try values(at: name, leftGraph, isLeft: true),
      let b = try values(at: name, rightGraph, isLeft: false)
    else { return nil }
    func error(_ a: NamedTensor, _ b: NamedTensor) throws(ScaleNetError) -> Double? {
      guard a.tensor.shape == b.tensor.shape else { return nil }
      return try Double.distance((a.tensor, a.name), (b.tensor, b.name), .exact).relativeError.ifFinite
    }
    let outputError = try error(a.output, b.output)
    return DiffReport.FirstDivergence(
      name: name, otherName: name, op: leftGraph.nodes[a.place].op.name,
      otherOp: rightGraph.nodes[b.place].op.name, depth: a.place, inputError: try error(a.input, b.input),
      outputError: outputError,
      explanation: "It is the first node with rounded weights: computed in Double, its output has "
        + (outputError.map { "a relative error of \($0.scientific)." } ?? "no error that can be told."))
  }

  /// What a node reads, before it is cast, and what it gives.
  private func values(
    at name: String, _ graph: Graph, isLeft: Bool
  ) throws(ScaleNetError) -> (place: Int, input: NamedTensor, output: NamedTensor)? {
    guard let place = graph.nodeIndex(named: name), var read = graph.nodes[place].inputs[0] else {
      return nil
    }
    let producers = graph.producers()
    while let producer = producers[read.index], case .cast = graph.nodes[producer].op,
      let before = graph.nodes[producer].inputs[0]
    { read = before }
    var part = graph
    let output = graph.nodes[place].outputs[0]
    part.setOutputs(graph.inputs.contains(read) ? [output] : [output, read])
    try part.apply([EliminateDeadNodes()])
    let given = inputs(isLeft: isLeft, of: part)
    let results = try engine.doubles(part, given)
    if results.count > 1 { return (place, results[1], results[0]) }
    return given[graph[read].name].map {
      (place, NamedTensor(name: graph[read].name, tensor: $0), results[0])
    }
  }
}
