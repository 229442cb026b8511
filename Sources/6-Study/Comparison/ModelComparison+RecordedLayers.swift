import Execution
import FileIO
import ModelIR

// Recordings may hold values from inside of a model, as Polygraphy's do with all tensors marked as outputs: they tell
// where a runtime parts from the graph.
extension ModelComparison {
  /// The value of a graph that a recorded array of the same name shows, which is no output.
  func recordedValue(_ array: NamedTensor, of graph: Graph) -> ValueID? {
    guard let id = graph.value(named: array.name), !graph.outputs.contains(id), graph[id].initializer == nil,
      !graph.inputs.contains(id), let shape = graph[id].type.shape,
      !AxisOrder.relations(shape.dimensions, array.tensor.shape.dimensions).isEmpty
    else { return nil }
    return id
  }

  /// Compares what one side has recorded of the other's inside, in the first batch, and names the first value that is not
  /// within the tolerance.
  func addRecordedLayers(to report: inout DiffReport, _ outputs: ComparedOutputs) throws(ScaleNetError) {
    let isLeft = left.graph != nil
    guard let graph = left.graph ?? right.graph, left.graph == nil || right.graph == nil else { return }
    let side = isLeft ? left : right
    let taken = Set(isLeft ? outputs.all.map(\.right) : outputs.all.map(\.left))
    var recorded: [ValueID: NamedTensor] = [:]
    for (index, array) in (isLeft ? outputs.right : outputs.left).enumerated() where !taken.contains(index) {
      if let id = recordedValue(array, of: graph) { recorded[id] = array }
    }
    if recorded.isEmpty { return }
    var found: [ValueID: Distance] = [:]
    try on(side) { () throws(ScaleNetError) in
      try engine.floats(graph, inputs(isLeft: isLeft), observing: Set(recorded.keys)) {
        (id, tensor) throws(ScaleNetError) in
        guard let array = recorded[id] else { return }
        let own = NamedTensor(name: array.name, tensor: tensor)
        let (a, b) = isLeft ? (own, array) : (array, own)
        guard let order = AxisOrder.relations(a.tensor.shape.dimensions, b.tensor.shape.dimensions).first
        else { return }
        let (x, y) = try floats(a, b, order)
        found[id] = Distance(x, y, tolerance)
      }
    }
    add(found, of: graph, to: &report)
  }

  private func add(_ found: [ValueID: Distance], of graph: Graph, to report: inout DiffReport) {
    var layers: [DiffReport.Layer] = []
    var first: DiffReport.FirstDivergence?
    for (depth, node) in graph.nodes.enumerated() {
      guard let distance = found[node.outputs[0]] else { continue }
      layers.append(
        DiffReport.Layer(
          name: node.name, otherName: node.name, op: node.op.name, otherOp: node.op.name, alignment: .name,
          shape: graph[node.outputs[0]].type.shape?.dimensions ?? [],
          isWithinTolerance: distance.isWithinTolerance,
          maxAbsoluteError: distance.maxAbsoluteError.ifFinite,
          relativeError: distance.relativeError.ifFinite, cosineSimilarity: distance.cosineSimilarity))
      guard first == nil, !distance.isWithinTolerance else { continue }
      let value = graph[node.outputs[0]].name.escapedWhole
      first = DiffReport.FirstDivergence(
        name: node.name, otherName: node.name, op: node.op.name, otherOp: node.op.name, depth: depth,
        outputError: distance.relativeError.ifFinite,
        explanation: "Of \(found.count) recorded values inside, \(value) is the first that is not within the "
          + "tolerance\(layers.count > 1 ? ": the \(layers.count - 1) before it are" : "").")
    }
    if wantsLayers { report.layers = layers }
    if report.verdict == .differ {
      report.firstDivergence = first
    } else if let first {
      report.notes.append("the outputs agree, but not all values inside: \(first.explanation)")
    }
    let noun = found.count == 1 ? "value" : "values"
    report.notes.append("\(found.count) recorded \(noun) inside of the model compared by name")
  }
}
