import ModelIR

/// One residual block as its layers stand in a graph.
struct BlockWalk {
  /// A branch of a scale-aggregation block.
  struct Scale {
    /// The position in `Structure.pools`.
    var index: Int
    var layer: LayerWalk.Layer
  }

  /// Squeeze-and-excitation.
  struct Gate {
    var first: LayerWalk.Layer
    var second: LayerWalk.Layer
    /// Whether a ReLU stands before it.
    var isAfterActivation: Bool
  }

  /// Whether the block pools its input before everything else, as a scale-aggregation block does where a stage begins.
  var hasPool = false
  /// `conv1` and so on. Where there are scales, those before and behind them.
  var layers: [LayerWalk.Layer] = []
  /// Empty where the block is no scale-aggregation block for certain: one with scale 1 alone looks like a bottleneck.
  var scales: [Scale] = []
  var gate: Gate?
  var shortcut: LayerWalk.Layer?
  /// What the block hands on.
  var output: ValueID

  /// Whether the block halves the feature map: a stage begins here.
  var halves: Bool { hasPool || layers.contains { $0.window.strides.contains { $0 > 1 } } }

  /// The block that reads `start`; nil if that is none.
  init?(at start: ValueID, in walk: LayerWalk) {
    output = start
    var input = start
    if let index = walk.reader(input), case .maxPool(let pool) = walk.graph.nodes[index].op,
      Self.factor(pool) == 2
    {
      hasPool = true
      input = walk.graph.nodes[index].outputs[0]
    }
    let readers = walk.readers(input)
    guard readers.count == 2 else { return nil }
    for (main, other) in [(readers[0], readers[1]), (readers[1], readers[0])] {
      let sum: Int
      if Self.isSum(walk.graph.nodes[other]) {
        shortcut = nil
        sum = other
      } else if let layer = walk.layer(at: other), let next = walk.reader(layer.output),
        Self.isSum(walk.graph.nodes[next])
      {
        shortcut = layer
        sum = next
      } else {
        continue
      }
      guard follow(from: main, to: sum, in: walk),
        let rectified = walk.rectified(walk.graph.nodes[sum].outputs[0])
      else { continue }
      output = rectified
      return
    }
    return nil
  }

  /// Reads the layers from a convolution to the sum that closes the block; false if there is anything else.
  private mutating func follow(from first: Int, to sum: Int, in walk: LayerWalk) -> Bool {
    (layers, scales, gate) = ([], [], nil)
    guard let layer = walk.layer(at: first) else { return false }
    layers = [layer]
    var value = layer.output
    var isActivated = false
    // A block has few steps; each goes forward in the graph.
    while true {
      let readers = walk.readers(value)
      if readers == [sum] { return (2...3).contains(layers.count) }
      if let rectified = walk.rectified(value) {
        value = rectified
        isActivated = true
        continue
      }
      if readers.count == 1, let layer = walk.layer(at: readers[0]), gate == nil, layers.count < 3 {
        layers.append(layer)
        value = layer.output
      } else if scales.isEmpty, gate == nil, layers.count == 1, let joined = readScales(readers, in: walk) {
        value = joined
      } else if gate == nil, readers.count == 2,
        let gated = readGate(readers, of: value, isActivated, in: walk)
      {
        value = gated
      } else {
        return false
      }
      isActivated = false
    }
  }

  /// The branches that read one value, and what joins them.
  private mutating func readScales(_ readers: [Int], in walk: LayerWalk) -> ValueID? {
    var ends: [(scale: Scale, output: ValueID)] = []
    for reader in readers {
      var (pool, convolution) = (1, reader)
      if case .maxPool(let window) = walk.graph.nodes[reader].op {
        guard let factor = Self.factor(window), let next = walk.reader(walk.graph.nodes[reader].outputs[0])
        else { return nil }
        (pool, convolution) = (factor, next)
      }
      guard let index = Structure.pools.firstIndex(of: pool), let layer = walk.layer(at: convolution) else {
        return nil
      }
      ends.append((Scale(index: index, layer: layer), layer.output))
    }
    var joined = ends.first?.output
    if ends.count > 1 {
      guard let index = ends.first.flatMap({ walk.reader($0.output) }),
        case .concat(let concat) = walk.graph.nodes[index].op, concat.axis == 1
      else { return nil }
      let order = walk.graph.nodes[index].inputs.compactMap { id in ends.first { $0.output == id } }
      guard order.count == ends.count, walk.graph.nodes[index].inputs.count == ends.count else { return nil }
      ends = order
      joined = walk.graph.nodes[index].outputs[0]
    }
    scales = ends.map(\.scale)
    // PyTorch's module joins them in this order, and its third convolution counts on it.
    return zip(scales, scales.dropFirst()).allSatisfy({ $0.index < $1.index }) ? joined : nil
  }

  /// The product of a value with what a pool, two convolutions and a sigmoid make of it.
  private mutating func readGate(
    _ readers: [Int], of value: ValueID, _ isActivated: Bool, in walk: LayerWalk
  ) -> ValueID? {
    guard let pool = readers.first(where: walk.isGlobalAverage),
      let product = readers.first(where: { $0 != pool }),
      case .binary(.mul) = walk.graph.nodes[product].op,
      let first = walk.reader(walk.graph.nodes[pool].outputs[0]).flatMap(walk.layer),
      let hidden = walk.rectified(first.output),
      let second = walk.reader(hidden).flatMap(walk.layer),
      let sigmoid = walk.reader(second.output), case .unary(.sigmoid) = walk.graph.nodes[sigmoid].op,
      walk.reader(walk.graph.nodes[sigmoid].outputs[0]) == product,
      first.normalization == nil, second.normalization == nil
    else { return nil }
    gate = Gate(first: first, second: second, isAfterActivation: isActivated)
    return walk.graph.nodes[product].outputs[0]
  }

  private static func isSum(_ node: Node) -> Bool {
    if case .binary(.add) = node.op { return true }
    return false
  }

  /// By how much a pool whose windows lie side by side shrinks the map.
  private static func factor(_ pool: MaxPool) -> Int? {
    let window = pool.window
    guard window.rank == 2, window.kernel == window.strides, window.kernel[0] == window.kernel[1],
      window.pads.allSatisfy({ $0 == 0 })
    else { return nil }
    return window.kernel[0]
  }
}
