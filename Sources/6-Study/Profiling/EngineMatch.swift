package import FileIO
package import ModelIR
package import RecordingFormat

/// The layers of an engine beside the nodes of the graph that it was built from.
package struct EngineMatch {
  /// One layer with what it was found to be.
  struct Matched {
    var layer: EngineLayer
    var kind: ProfileReport.LayerKind
    /// Nodes that it computes, or serves where it computes none; ascending.
    var nodes: [Int]
    var unknown: [String]
    var time: EngineLayerTime?
  }

  let graph: Graph
  private(set) var layers: [Matched] = []
  private(set) var notes: [String] = []

  /// How many nodes some layer computes.
  package var claimedNodes: Int { Set(layers.filter { $0.kind == .node }.flatMap(\.nodes)).count }

  /// Names of the graph's inputs and outputs.
  package var tensorNames: [String] { (graph.inputs + graph.outputs).map { graph[$0].name } }

  /// - Throws: if no layer of the engine is made of a node of the graph, or the times are of another engine.
  package init(_ engine: EngineLayers, _ profile: EngineProfile?, _ graph: Graph) throws(ScaleNetError) {
    self.graph = graph
    let names = EngineNames(graph)
    var spans: [(layer: Int, range: ClosedRange<Int>)] = []
    for (layer, time) in try timed(engine, profile) {
      let (matched, span) = Self.matched(layer, time, names)
      if let span { spans.append((layers.count, span)) }
      layers.append(matched)
    }
    claim(spans)
    guard layers.contains(where: { $0.kind == .node }) else {
      let example = engine.layers.first { layer in layer.name.contains("/") || layer.name.contains(".") }
      throw ScaleNetError(
        place: "Layers",
        expected: "an engine of this model, whose nodes have names such as "
          + (graph.nodes.first { !$0.name.isEmpty }?.name.escapedForMessage ?? "none"),
        found: "layers such as "
          + (example ?? engine.layers[0]).name.prefix(120).description.escapedForMessage)
    }
  }

  /// Each layer with its time. Names need not differ; the first of a name has the first time of that name.
  private mutating func timed(
    _ engine: EngineLayers, _ profile: EngineProfile?
  ) throws(ScaleNetError) -> [(EngineLayer, EngineLayerTime?)] {
    notes = engine.notes
    guard let profile else { return engine.layers.map { ($0, nil) } }
    var times: [String: [EngineLayerTime]] = [:]
    for time in profile.layers.reversed() { times[time.name, default: []].append(time) }
    var result: [(EngineLayer, EngineLayerTime?)] = []
    for layer in engine.layers { result.append((layer, times[layer.name]?.popLast())) }
    let count = result.count { $0.1 == nil }
    guard count < result.count else {
      throw ScaleNetError(
        place: "profile",
        expected: "times of the engine's layers, such as \(engine.layers[0].name.escapedForMessage)",
        found: "times of others, such as \(profile.layers[0].name.escapedForMessage)")
    }
    if count > 0 {
      notes.append("\(count) of \(result.count) layers have no time in the profile; they are counted as none")
    }
    // In the order of the profile, behind the layers that are known.
    var rest = 0
    for time in profile.layers {
      guard let left = times[time.name], let last = left.last, last == time else { continue }
      times[time.name]?.removeLast()
      result.append((EngineLayer(name: time.name), time))
      rest += 1
    }
    if rest > 0 { notes.append("\(rest) layers of the profile do not stand in the file of layers") }
    return result
  }

  private static func matched(
    _ layer: EngineLayer, _ time: EngineLayerTime?, _ names: EngineNames
  ) -> (Matched, ClosedRange<Int>?) {
    var reading = names.reading(layer.name)
    if let metadata = layer.metadata {
      let (nodes, unknown) = names.metadata(metadata)
      if reading.isReformat { reading.served += nodes } else { reading.nodes += nodes }
      // What the metadata explain, the name need not.
      reading.unknown = nodes.isEmpty ? reading.unknown + unknown : unknown
    }
    let isCopy = reading.isReformat || reading.isTransfer
    if !isCopy, reading.nodes.isEmpty, reading.span == nil, reading.served.isEmpty, !reading.hasInserted,
      !reading.hasConstants,
      layer.type != "Reformat"
    {
      // A kernel that has a name of its own tells its nodes by what it writes.
      reading.nodes = layer.outputs.compactMap(names.producer(ofValue:))
      if !reading.nodes.isEmpty { reading.unknown = [] }
    }
    let kind: ProfileReport.LayerKind
    if reading.isTransfer {
      kind = .transfer
    } else if reading.isReformat {
      kind = .reformat
    } else if !reading.nodes.isEmpty || reading.span != nil {
      kind = .node
    } else if reading.hasInserted || !reading.served.isEmpty {
      kind = layer.type == "Reformat" ? .reformat : .inserted
    } else if reading.hasConstants {
      kind = .constant
    } else {
      kind = layer.type == "Reformat" ? .reformat : .unmatched
    }
    let nodes = Set(kind == .node ? reading.nodes : reading.served).sorted()
    return (
      Matched(layer: layer, kind: kind, nodes: nodes, unknown: reading.unknown, time: time), reading.span
    )
  }

  /// Gives parts of the network that are named by their ends what no other layer computes.
  private mutating func claim(_ spans: [(layer: Int, range: ClosedRange<Int>)]) {
    let others = Set(spans.map { $0.layer })
    var claimed = Set<Int>()
    for (index, layer) in layers.enumerated() where layer.kind == .node && !others.contains(index) {
      claimed.formUnion(layer.nodes)
    }
    // A short span lies within a long one.
    for (index, range) in spans.sorted(by: { ($0.range.count, $0.layer) < ($1.range.count, $1.layer) }) {
      let nodes = Set(layers[index].nodes).union(range.filter { !claimed.contains($0) })
      layers[index].nodes = nodes.sorted()
      claimed.formUnion(nodes)
    }
  }
}
