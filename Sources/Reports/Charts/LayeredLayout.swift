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
    straighten()
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

  /// Moves each layer towards the mean place of its neighbours, as near as order and widths allow.
  private mutating func straighten() {
    for layer in order {
      var x = 0.0
      for item in layer {
        items[item].x = x + items[item].width / 2
        x += items[item].width + Self.gap
      }
    }
    for sweep in 0..<2 * Self.sweeps {
      let isDownward = sweep % 2 == 0
      for layer in isDownward ? order : order.reversed() { arrange(layer, isDownward: isDownward) }
    }
    let left = items.map { $0.x - $0.width / 2 }.min() ?? 0
    for index in items.indices { items[index].x -= left }
    width = items.map { $0.x + $0.width / 2 }.max() ?? 0
  }

  /// Least squares with the order kept: neighbours that want to be in one place form a run that moves as one.
  private mutating func arrange(_ layer: [Int], isDownward: Bool) {
    var offsets: [Double] = []
    var offset = 0.0
    var runs: [(sum: Double, count: Int)] = []
    for (place, item) in layer.enumerated() {
      if place > 0 { offset += (items[layer[place - 1]].width + items[item].width) / 2 + Self.gap }
      offsets.append(offset)
      let neighbours = isDownward ? items[item].above : items[item].below
      let wanted =
        neighbours.isEmpty
        ? items[item].x : neighbours.reduce(0) { $0 + items[$1].x } / Double(neighbours.count)
      runs.append((wanted - offset, 1))
      while runs.count > 1 {
        let (last, before) = (runs[runs.count - 1], runs[runs.count - 2])
        guard last.sum / Double(last.count) < before.sum / Double(before.count) else { break }
        runs.removeLast()
        runs[runs.count - 1] = (before.sum + last.sum, before.count + last.count)
      }
    }
    var place = 0
    for run in runs {
      for _ in 0..<run.count {
        items[layer[place]].x = run.sum / Double(run.count) + offsets[place]
        place += 1
      }
    }
  }
}
