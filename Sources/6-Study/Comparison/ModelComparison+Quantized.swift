import FileIO
import ModelIR

// Why a model in steps of integers differs: by its steps alone, or by something else beside them.
extension ModelComparison {
  /// Takes the rounding out of one side. If both agree then, nothing else differs; otherwise what is left is explained.
  func explainQuantized(
    _ report: inout DiffReport, _ lower: LowerPrecision, isLeft: Bool
  ) throws(ScaleNetError) {
    let plain = try withoutRounding(lower, isLeft: isLeft)
    let (isRounding, outputs) = try plain.isRounding(report)
    let (side, reference) = isLeft ? ("left", "right") : ("right", "left")
    let what =
      lower.activations.isEmpty
      ? "weights" : lower.weights.isEmpty ? "activations" : "weights and activations"
    var cause = DiffReport.Cause(
      kind: .quantizedWeights,
      explanation:
        "The \(side) holds \(what) in steps of \(lower.type.rawValue): with nothing rounded it gives what the "
        + "\(reference) gives.", confirmed: true)
    if isRounding {
      report.cause = cause
      return
    }
    try plain.explain(&report, outputs)
    cause.explanation = "The \(side) holds \(what) in steps of \(lower.type.rawValue)."
    cause.confirmed = false
    if report.cause == nil {
      report.cause = cause
    } else {
      report.otherCauses.append(cause)
    }
  }

  /// This comparison with what rounds taken out of one side: activations as they are, and weights as the other side has
  /// them wherever their steps and bounds explain the difference.
  private func withoutRounding(_ lower: LowerPrecision, isLeft: Bool) throws(ScaleNetError) -> ModelComparison
  {
    guard let reference = (isLeft ? right : left).graph else { return self }
    var graph = lower.plain
    let places = Dictionary(
      reference.nodes.enumerated().map { ($0.element.name, $0.offset) }, uniquingKeysWith: { a, _ in a })
    for index in graph.nodes.indices {
      guard let place = places[graph.nodes[index].name] else { continue }
      try substitute(reference, place, into: &graph, index, lower)
    }
    restoreClips(reference, places, in: &graph, lower)
    return replacing(graph, isLeft: isLeft)
  }

  /// The reference's constants in the place of a node's own ones that are these in steps.
  private func substitute(
    _ reference: Graph, _ place: Int, into graph: inout Graph, _ index: Int, _ lower: LowerPrecision
  ) throws(ScaleNetError) {
    let (node, other) = (graph.nodes[index], reference.nodes[place])
    // What was looked at once need not stay in memory.
    defer {
      for id in node.inputs { graph.initializer(id)?.releasePages() }
      for id in other.inputs { reference.initializer(id)?.releasePages() }
    }
    for input in node.inputs.indices where input < other.inputs.count {
      guard let id = node.inputs[input], let quantizer = lower.weights[graph[id].name],
        let held = graph[id].initializer, let known = reference.initializer(other.inputs[input]),
        held.shape == known.shape, let pair = ElementPair(held, known),
        let places = quantizer.places(pair.shape),
        pair.allBlocks({ start, a, b in
          guard let bounded = quantizer.rounded(b, from: start, shape: pair.shape, isBounded: true) else {
            return false
          }
          return a.indices.allSatisfy {
            (a[$0] - bounded[$0]).magnitude <= quantizer.steps[places(start + $0)] * 1.01
          }
        })
      else { continue }
      graph.nodes[index].inputs[input] = try graph.addInitializer(
        graph.unusedName("\(graph[id].name).known"), known.cast(to: .float32))
    }
  }

  /// A clip that a writer left out, as the steps' bounds do the same, is there again.
  private func restoreClips(
    _ reference: Graph, _ places: [String: Int], in graph: inout Graph, _ lower: LowerPrecision
  ) {
    let consumers = reference.consumers()
    let producers = graph.producers()
    for activation in lower.activations {
      guard let id = graph.value(named: activation.plainValue), let index = producers[id.index],
        case .unary(.relu) = graph.nodes[index].op, places[graph.nodes[index].name] == nil,
        let input = graph.nodes[index].inputs[0], let before = producers[input.index],
        let place = places[graph.nodes[before].name]
      else { continue }
      let readers = consumers[reference.nodes[place].outputs[0].index]
      if readers.count == 1, case .unary(.clip) = reference.nodes[readers[0]].op {
        graph.nodes[index].op = reference.nodes[readers[0]].op
      }
    }
  }
}
