/// Places the nodes of a small acyclic graph in layers, from top to bottom, so that edges point downwards, cross
/// little and run straight (after Sugiyama, Tagawa and Toda, 1981).
///
/// An edge that passes over layers gets a waypoint in each of them.
struct LayeredLayout {
  /// A node or a waypoint.
  private struct Item {
    var layer: Int
    var width: Double
    var above: [Int] = []
    var below: [Int] = []
    var x = 0.0
  }

  private static let gap = 16.0
  private static let sweeps = 12

  /// Horizontal centre of each node.
  private(set) var centers: [Double] = []
  /// Layer of each node.
  private(set) var layers: [Int] = []
  /// For each node and each of its inputs, the horizontal places of the waypoints, from the input's layer downwards.
  private(set) var waypoints: [[[Double]]] = []
  private(set) var layerCount = 0
  private(set) var width = 0.0

  private var items: [Item] = []
  private var order: [[Int]] = []

  /// `inputs[i]` are indices of nodes before node i; all nodes are `nodeWidth` wide.
  init(inputs: [[Int]], nodeWidth: Double) {
    for node in inputs {
      layers.append(node.map { layers[$0] + 1 }.max() ?? 0)
      items.append(Item(layer: layers.last ?? 0, width: nodeWidth))
    }
    layerCount = (layers.max() ?? -1) + 1
    var routes: [[[Int]]] = []
    for (node, sources) in inputs.enumerated() {
      routes.append(sources.map { addEdge(from: $0, to: node) })
    }
    order = (0..<layerCount).map { layer in items.indices.filter { items[$0].layer == layer } }
    reduceCrossings()
    place()
    centers = inputs.indices.map { items[$0].x }
    waypoints = routes.map { $0.map { $0.map { items[$0].x } } }
  }

  /// Links two nodes through a waypoint in each layer between them.
  private mutating func addEdge(from source: Int, to target: Int) -> [Int] {
    var route: [Int] = []
    var last = source
    for layer in (layers[source] + 1)..<max(layers[target], layers[source] + 1) {
      items.append(Item(layer: layer, width: 8))
      route.append(items.count - 1)
      link(last, items.count - 1)
      last = items.count - 1
    }
    link(last, target)
    return route
  }

  private mutating func link(_ upper: Int, _ lower: Int) {
    items[upper].below.append(lower)
    items[lower].above.append(upper)
  }

  /// Orders each layer by the mean place of the neighbours in the layer before, downwards and upwards in turn.
  private mutating func reduceCrossings() {
    for sweep in 0..<Self.sweeps {
      let isDownward = sweep % 2 == 0
      for layer in isDownward ? Array(order.indices) : order.indices.reversed() {
        var places = [Int: Double]()
        for neighbours in order {
          for (place, item) in neighbours.enumerated() { places[item] = Double(place) }
        }
        let means = order[layer].map { item in
          let neighbours = isDownward ? items[item].above : items[item].below
          let sum = neighbours.reduce(0) { $0 + (places[$1] ?? 0) }
          return neighbours.isEmpty ? places[item] ?? 0 : sum / Double(neighbours.count)
        }
        // Stable, so that equal means keep their order.
        order[layer] = order[layer].indices.sorted { (means[$0], $0) < (means[$1], $1) }.map {
          order[layer][$0]
        }
      }
    }
  }

  /// Gives every item its place: chains stand as columns, packed to the left at first, and then each in turn moves
  /// as far as its neighbours let it towards the mean of what it is linked with.
  private mutating func place() {
    let chains = chains()
    var chainOf = [Int](repeating: 0, count: items.count)
    for (chain, members) in chains.enumerated() {
      for item in members { chainOf[item] = chain }
    }
    // Left and right neighbours of chains, with the distance that they keep.
    var left = [[(chain: Int, distance: Double)]](repeating: [], count: chains.count)
    var right = left
    for layer in order {
      for (one, other) in zip(layer, layer.dropFirst()) {
        let distance = (items[one].width + items[other].width) / 2 + Self.gap
        left[chainOf[other]].append((chainOf[one], distance))
        right[chainOf[one]].append((chainOf[other], distance))
      }
    }
    var places = chains.map { $0.reduce(0) { max($0, items[$1].width / 2) } }
    // Packing: as often as there are chains, more than any path of neighbours is long.
    for _ in chains {
      for chain in chains.indices {
        places[chain] = left[chain].reduce(places[chain]) { max($0, places[$1.chain] + $1.distance) }
      }
    }
    for _ in 0..<8 * Self.sweeps {
      for (chain, members) in chains.enumerated() {
        let linked = members.flatMap { items[$0].above + items[$0].below }.map { chainOf[$0] }.filter {
          $0 != chain
        }
        guard !linked.isEmpty else { continue }
        let wanted = linked.reduce(0) { $0 + places[$1] } / Double(linked.count)
        let least = left[chain].map { places[$0.chain] + $0.distance }.max() ?? -.infinity
        let most = right[chain].map { places[$0.chain] - $0.distance }.min() ?? .infinity
        places[chain] = max(least, min(most, wanted))
      }
    }
    for index in items.indices { items[index].x = places[chainOf[index]] }
    let first = items.map { $0.x - $0.width / 2 }.min() ?? 0
    for index in items.indices { items[index].x -= first }
    width = items.map { $0.x + $0.width / 2 }.max() ?? 0
  }

  /// Runs of items each of which is linked with the next alone; where neighbouring layers would have two such links
  /// cross, the run ends.
  private func chains() -> [[Int]] {
    var chains: [[Int]] = []
    var chainOf = [Int?](repeating: nil, count: items.count)
    for layer in order {
      var last = -1
      for item in layer {
        if items[item].above.count == 1, items[items[item].above[0]].below.count == 1,
          let chain = chainOf[items[item].above[0]],
          let place = order[items[item].layer - 1].firstIndex(of: items[item].above[0]),
          place > last
        {
          last = place
          chains[chain].append(item)
          chainOf[item] = chain
        } else {
          chains.append([item])
          chainOf[item] = chains.count - 1
        }
      }
    }
    return chains
  }
}
