package import FileIO
import Inspection
import ModelIR
import RecordingFormat

extension ProfileReport {
  /// Adds up what a match found.
  ///
  /// - Parameters:
  ///   - match: of a graph all of whose extents are known.
  ///   - runs: of the profile; nil without one.
  package init(
    _ match: EngineMatch, model: String, architecture: String, layersPath: String, profilePath: String?,
    runs: Int?
  ) throws(ScaleNetError) {
    let graph = match.graph
    let costs = try CostReport(graph)
    let places = NodePlaces(graph, costs)
    let hasTimes = runs != nil
    var blocks = PartSums(blocksOf: places, graph, costs, hasTimes: hasTimes)
    var scales = PartSums(scalesOf: places, graph, costs, hasTimes: hasTimes)
    let total = match.layers.reduce(0.0) { $0 + ($1.time?.averageMs ?? 0) }
    var layers: [Layer] = []
    var counted = Set<Int>()
    var fusions: [[String]: Fusion] = [:]
    for matched in match.layers {
      let own = matched.kind == .node ? matched.nodes : []
      var macs = 0
      for node in own where counted.insert(node).inserted { macs += costs.layers[node].macs }
      let time = matched.time?.averageMs
      blocks.add(matched, costs)
      scales.add(matched, costs)
      let ops = matched.nodes.map { graph.nodes[$0].op.name }
      if own.count > 1 {
        var fusion = fusions[ops] ?? Fusion(ops: ops, layers: 0, timeMs: hasTimes ? 0 : nil)
        fusion.layers += 1
        if let time { fusion.timeMs = (fusion.timeMs ?? 0) + time }
        fusions[ops] = fusion
      }
      layers.append(
        Layer(
          name: matched.layer.name, kind: matched.kind, type: matched.layer.type,
          tactic: matched.layer.tactic,
          format: matched.layer.format, stream: matched.layer.stream,
          nodes: matched.nodes.map { graph.nodes[$0].name }, ops: ops, unknown: matched.unknown,
          places: blocks.names(of: matched.nodes),
          scales: Set(matched.nodes.compactMap { places.scale[$0] }).sorted().map {
            "\(NodePlaces.scales[$0])"
          },
          timeMs: time, medianMs: matched.time?.medianMs,
          share: time.flatMap { total > 0 ? $0 / total : nil }, macs: macs))
    }
    let claimed = Set(match.layers.filter { $0.kind == .node }.flatMap(\.nodes))
    var unclaimed: [Node] = []
    for (index, node) in graph.nodes.enumerated() where !claimed.contains(index) {
      unclaimed.append(
        Node(
          name: node.name, op: node.op.name, place: blocks.names(of: [index]).first ?? "",
          macs: costs.layers[index].macs))
    }
    var notes = match.notes
    let missed = unclaimed.reduce(0) { $0 + $1.macs }
    if missed > 0 {
      let share = Double(missed) / Double(costs.totals.macs) * 100
      notes.append(
        "no layer names \(unclaimed.count) nodes, which have \(share.fixed(1)) % of the multiply-accumulates: were they "
          + "fused into layers that match nothing, or is the engine another model's?")
    }
    self.init(
      model: model, architecture: architecture, layersPath: layersPath, profilePath: profilePath, runs: runs,
      timeMs: hasTimes ? total : nil, parts: blocks.parts(total: total),
      scales: places.hasScales ? scales.parts(total: total) : [], fusions: Self.sorted(Array(fusions.values)),
      layers: layers, unclaimedNodes: unclaimed, notes: notes)
  }

  /// The longest time first, then the most layers, then by name.
  private static func sorted(_ fusions: [Fusion]) -> [Fusion] {
    fusions.sorted { left, right in
      let times = (left.timeMs ?? 0, right.timeMs ?? 0)
      if times.0 != times.1 { return times.0 > times.1 }
      if left.layers != right.layers { return left.layers > right.layers }
      return left.ops.joined(separator: " ") < right.ops.joined(separator: " ")
    }
  }
}

/// Parts of a network and what the engine's layers took of them.
private struct PartSums {
  private struct Sums {
    var part: ProfileReport.Part
    var time = 0.0
    var inserted = 0.0
    var divided = 0.0
    var scales: [Double]
  }

  private var sums: [Sums] = []
  /// For each node the index of its part.
  private var part: [Int] = []
  private let scale: [Int?]
  private let hasTimes: Bool
  private let macs: Int
  private let inserted: Int
  private let unmatched: Int

  /// The blocks with what stands around them; without blocks the operators.
  init(blocksOf places: NodePlaces, _ graph: Graph, _ costs: CostReport, hasTimes: Bool) {
    let inBlocks = graph.nodes.indices.filter { places.block[$0] != nil }
    let ends = (inBlocks.first ?? 0, inBlocks.last ?? 0)
    var keys: [(name: String, kind: ProfileReport.Part.Kind)] = []
    for index in graph.nodes.indices {
      if places.blocks.isEmpty {
        keys.append((graph.nodes[index].op.name, .op))
      } else if let block = places.block[index] {
        keys.append((places.blocks[block].name, .block))
      } else {
        let place = index < ends.0 ? "before" : index > ends.1 ? "behind" : "between"
        keys.append(("\(place) the blocks", .outside))
      }
    }
    self.init(keys, places, costs, hasTimes: hasTimes)
  }

  /// The scales, what they share, and what stands outside of the blocks.
  init(scalesOf places: NodePlaces, _ graph: Graph, _ costs: CostReport, hasTimes: Bool) {
    var order: [(name: String, kind: ProfileReport.Part.Kind)] = []
    for scale in NodePlaces.scales { order.append(("scale \(scale)", .scale)) }
    let shared = order.count
    order.append(("shared", .shared))
    order.append(("outside", .outside))
    var keys: [(name: String, kind: ProfileReport.Part.Kind)] = []
    for index in graph.nodes.indices {
      keys.append(order[places.scale[index] ?? (places.block[index] == nil ? shared + 1 : shared)])
    }
    self.init(keys, places, costs, hasTimes: hasTimes, order: order)
  }

  /// - Parameters:
  ///   - keys: of each node.
  ///   - order: of the parts; that of the graph where it says nothing.
  private init(
    _ keys: [(name: String, kind: ProfileReport.Part.Kind)], _ places: NodePlaces, _ costs: CostReport,
    hasTimes: Bool, order: [(name: String, kind: ProfileReport.Part.Kind)] = []
  ) {
    self.hasTimes = hasTimes
    scale = places.scale
    macs = costs.totals.macs
    let present = Set(keys.map(\.name))
    var indices: [String: Int] = [:]
    for (name, kind) in order.filter({ present.contains($0.name) }) + keys where indices[name] == nil {
      indices[name] = sums.count
      sums.append(Self.sums(name, kind))
    }
    for (index, key) in keys.enumerated() {
      let position = indices[key.name] ?? 0
      part.append(position)
      sums[position].part.macs += costs.layers[index].macs
      // Only blocks that have scales tell what each took.
      if key.kind == .block, places.scale[index] != nil, sums[position].scales.isEmpty {
        sums[position].scales = NodePlaces.scales.map { _ in 0 }
      }
    }
    inserted = sums.count
    unmatched = sums.count + 1
    sums.append(Self.sums("TensorRT's own", .inserted))
    sums.append(Self.sums("unmatched", .unmatched))
  }

  private static func sums(_ name: String, _ kind: ProfileReport.Part.Kind) -> Sums {
    Sums(
      part: ProfileReport.Part(
        name: name, kind: kind, layers: 0, timeMs: nil, share: nil, insertedMs: nil, dividedMs: nil,
        scaleMs: [], macs: 0, macsShare: 0), scales: [])
  }

  /// Names of the parts of some nodes, in the order of the graph.
  func names(of nodes: [Int]) -> [String] {
    nodes.map { part[$0] }.reduce(into: [Int]()) { if !$0.contains($1) { $0.append($1) } }.map {
      sums[$0].part.name
    }
  }

  /// Adds a layer's time to the parts of its nodes, in proportion to their multiply-accumulates where there are several.
  mutating func add(_ layer: EngineMatch.Matched, _ costs: CostReport) {
    let time = layer.time?.averageMs ?? 0
    let isOwn: Bool
    switch layer.kind {
    case .node, .constant: isOwn = false
    case .reformat, .inserted, .transfer, .unmatched: isOwn = true
    }
    guard !layer.nodes.isEmpty else {
      let position: Int
      switch layer.kind {
      case .unmatched, .node: position = unmatched
      case .reformat, .inserted, .constant, .transfer: position = inserted
      }
      sums[position].part.layers += 1
      sums[position].time += time
      if position == inserted { sums[position].inserted += time }
      return
    }
    let macs = layer.nodes.map { Double(costs.layers[$0].macs) }
    let total = macs.reduce(0, +)
    let weights = macs.map { total > 0 ? $0 / total : 1 / Double(layer.nodes.count) }
    var shares: [Int: Double] = [:]
    for (node, weight) in zip(layer.nodes, weights) { shares[part[node], default: 0] += weight }
    for position in shares.keys.sorted() {
      let share = (shares[position] ?? 0) * time
      sums[position].part.layers += 1
      sums[position].time += share
      if isOwn { sums[position].inserted += share }
      if shares.count > 1 { sums[position].divided += share }
    }
    guard layer.kind == .node else { return }
    for (node, weight) in zip(layer.nodes, weights) {
      guard let scale = scale[node], !sums[part[node]].scales.isEmpty else { continue }
      sums[part[node]].scales[scale] += weight * time
    }
  }

  func parts(total: Double) -> [ProfileReport.Part] {
    sums.enumerated().filter { $0.offset < inserted || $0.element.part.layers > 0 }.map { _, sums in
      var part = sums.part
      part.macsShare = macs > 0 ? Double(part.macs) / Double(macs) : 0
      guard hasTimes else { return part }
      part.timeMs = sums.time
      part.share = total > 0 ? sums.time / total : nil
      part.insertedMs = sums.inserted
      part.dividedMs = sums.divided
      part.scaleMs = sums.scales
      return part
    }
  }
}
