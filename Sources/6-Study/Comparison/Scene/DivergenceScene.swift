import Execution
package import FileIO
import ModelIR

/// What a page shows of a comparison beside its report: the graphs around the first divergence, and where in the worst
/// tensors the errors lie.
package struct DivergenceScene: Sendable {
  /// The nodes of each side around the first divergence; nil where there is none, or where a side is a recording.
  package var left: GraphSection?
  package var right: GraphSection?
  /// The outputs that differ, then the layers with the largest errors.
  package var maps: [ErrorMap] = []

  package init() {}
}

extension ModelComparison {
  /// The most tensors that a page has maps of.
  private static let mostMaps = 6

  /// Runs both sides once more and gathers what a page shows of `report`, which this comparison made.
  package func scene(of report: DiffReport) throws(ScaleNetError) -> DivergenceScene {
    var scene = DivergenceScene()
    let outputs = try compareOutputs()
    for pair in outputs.pairs {
      let (own, other) = (outputs.left[pair.left], outputs.right[pair.right])
      guard outputs.accumulators[pair.left]?.distance.isWithinTolerance != true,
        own.tensor.dataType.isFloatingPoint, other.tensor.dataType.isFloatingPoint
      else { continue }
      let (a, b) = try floats(own, other, pair.order)
      scene.maps.append(
        ErrorMap(name: "output \(own.name)", own: a, other: b, shape: own.tensor.shape.dimensions))
    }
    guard let leftGraph = left.graph, let rightGraph = right.graph else { return scene }
    if let first = report.firstDivergence {
      scene.left = first.name.flatMap { GraphSection(around: $0, in: leftGraph) }
      scene.right = first.otherName.flatMap { GraphSection(around: $0, in: rightGraph) }
      // Where one side has no such node, it is shown around what the other has it behind.
      if scene.left == nil, let name = first.otherName {
        scene.left = section(
          of: leftGraph, beside: name, in: rightGraph, report.layers.map { ($0.otherName, $0.name) })
      } else if scene.right == nil, let name = first.name {
        scene.right = section(
          of: rightGraph, beside: name, in: leftGraph, report.layers.map { ($0.name, $0.otherName) })
      }
    }
    try addLayerMaps(of: report, leftGraph, rightGraph, to: &scene)
    return scene
  }

  /// The nodes around the counterpart of the nearest one before a node of the other side that has one.
  private func section(
    of graph: Graph, beside name: String, in other: Graph, _ layers: [(name: String, own: String)]
  ) -> GraphSection? {
    let names = Dictionary(layers.map { ($0.name, $0.own) }, uniquingKeysWith: { first, _ in first })
    let producers = other.producers()
    guard let start = other.nodeIndex(named: name) else { return nil }
    var waiting = [start]
    var seen: Set = [start]
    while !waiting.isEmpty {
      let node = other.nodes[waiting.removeFirst()]
      for before in node.inputs.compactMap({ $0.flatMap { producers[$0.index] } }) {
        if let own = names[other.nodes[before].name],
          let section = GraphSection(around: own, in: graph, isCentreMarked: false)
        {
          return section
        }
        if seen.insert(before).inserted { waiting.append(before) }
      }
    }
    // Right behind the input: what reads that.
    return graph.nodes.first.flatMap { GraphSection(around: $0.name, in: graph, isCentreMarked: false) }
  }

  private func addLayerMaps(
    of report: DiffReport, _ leftGraph: Graph, _ rightGraph: Graph, to scene: inout DivergenceScene
  ) throws(ScaleNetError) {
    let ranked = report.layers.indices.sorted {
      (report.layers[$0].relativeError ?? .infinity, $1) > (report.layers[$1].relativeError ?? .infinity, $0)
    }
    // The first divergence comes before what follows from it.
    let first = report.layers.firstIndex {
      $0.name == report.firstDivergence?.name && $0.otherName == report.firstDivergence?.otherName
    }
    let room = max(0, Self.mostMaps - scene.maps.count)
    let wanted = ([first].compactMap { $0 } + ranked.filter { $0 != first })
      .filter { (report.layers[$0].relativeError ?? .infinity) > 0 }.prefix(room)
    let names = Dictionary(
      wanted.map { (report.layers[$0].name, $0) }, uniquingKeysWith: { first, _ in first })
    let others = Dictionary(
      wanted.map { (report.layers[$0].otherName, $0) }, uniquingKeysWith: { first, _ in first })
    var own: [Int: Tensor] = [:]
    var other: [Int: Tensor] = [:]
    try on(left) { () throws(ScaleNetError) in
      own = try values(leftGraph, inputs(isLeft: true), names)
    }
    try on(right) { () throws(ScaleNetError) in
      other = try values(rightGraph, inputs(isLeft: false), others)
    }
    for index in wanted {
      guard let a = own[index], let b = other[index],
        let order = AxisOrder.relations(a.shape.dimensions, b.shape.dimensions).first(where: {
          $0.otherLayout == report.layers[index].otherLayout
        })
      else { continue }
      let name = report.layers[index].name
      let (left, right) = try floats(
        NamedTensor(name: name, tensor: a), NamedTensor(name: report.layers[index].otherName, tensor: b),
        order)
      scene.maps.append(ErrorMap(name: name, own: left, other: right, shape: a.shape.dimensions))
    }
  }

  /// What the named nodes make, by the numbers that stand beside the names.
  private func values(
    _ graph: Graph, _ inputs: [String: Tensor], _ wanted: [String: Int]
  ) throws(ScaleNetError) -> [Int: Tensor] {
    let producers = graph.producers()
    var result: [Int: Tensor] = [:]
    try engine.floats(graph, inputs) { (id, tensor) throws(ScaleNetError) in
      guard let node = producers[id.index], graph.nodes[node].outputs[0] == id,
        let place = wanted[graph.nodes[node].name]
      else { return }
      result[place] = tensor
    }
    return result
  }
}
