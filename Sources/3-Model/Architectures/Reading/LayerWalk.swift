import FileIO
import ModelIR

/// A graph as a chain of layers: what PyTorch's modules became in it, whatever its nodes and initializers are called.
///
/// Identities, casts and margins of their own are left out, so that exports in half precision and Keras's read alike.
struct LayerWalk {
  /// A convolution with what normalises it; between the two a resize may stand.
  struct Layer {
    let convolution: Node
    let window: Window
    let normalization: Node?
    /// What the layer gives.
    let output: ValueID
  }

  let graph: Graph
  private let consumers: [[Int]]
  /// What stands before the first row of a node's input, by the node's name, where margins are a node of their own.
  private let topMargins: [String: Int]

  init(_ graph: Graph) {
    var plain = graph
    var replaced: [ValueID: ValueID] = [:]
    var margins: [ValueID: Int] = [:]
    var topMargins: [String: Int] = [:]
    plain.nodes = graph.nodes.compactMap { node in
      var node = node
      if let id = node.inputs.first ?? nil, let margin = margins[id] { topMargins[node.name] = margin }
      node.inputs = node.inputs.map { id in id.map { replaced[$0] ?? $0 } }
      switch node.op {
      case .identity, .cast, .pad:
        guard let input = node.inputs.first ?? nil, plain[input].initializer == nil else { return node }
        for output in node.outputs { replaced[output] = input }
        if case .pad(let pad) = node.op, pad.pads.count == 8 { margins[node.outputs[0]] = pad.pads[2] }
        return nil
      default:
        // Everything else computes something.
        return node
      }
    }
    plain.setOutputs(graph.outputs.map { replaced[$0] ?? $0 })
    self.graph = plain
    self.topMargins = topMargins
    consumers = plain.consumers()
  }

  /// The rows that a pool's first window begins above the map.
  func topMargin(of index: Int) -> Int {
    guard case .maxPool(let pool) = graph.nodes[index].op else { return 0 }
    return (pool.window.pads.first ?? 0) + (topMargins[graph.nodes[index].name] ?? 0)
  }

  /// The nodes that read a value.
  func readers(_ id: ValueID) -> [Int] { consumers[id.index] }

  /// The one node that reads a value; nil where there are none or several.
  func reader(_ id: ValueID) -> Int? {
    let readers = consumers[id.index]
    return readers.count == 1 ? readers[0] : nil
  }

  /// The layer that begins with the convolution at `index`; nil if that is none, or its weights are not known.
  func layer(at index: Int) -> Layer? {
    let node = graph.nodes[index]
    guard case .conv(let conv) = node.op, conv.window.rank == 2, node.inputs.count >= 2,
      graph.initializer(node.inputs[1]) != nil
    else { return nil }
    if node.inputs.count > 2, let bias = node.inputs[2], graph.initializer(bias) == nil { return nil }
    var output = node.outputs[0]
    if let next = reader(output), case .resize = graph.nodes[next].op {
      output = graph.nodes[next].outputs[0]
    }
    var normalization: Node?
    if let next = reader(output), case .batchNormalization = graph.nodes[next].op,
      graph.nodes[next].inputs.dropFirst().allSatisfy({ graph.initializer($0) != nil })
    {
      normalization = graph.nodes[next]
      output = graph.nodes[next].outputs[0]
    }
    return Layer(convolution: node, window: conv.window, normalization: normalization, output: output)
  }

  /// What a ReLU makes of a value, if nothing else reads it; nil where there is none.
  func rectified(_ id: ValueID) -> ValueID? {
    guard let index = reader(id), case .unary(.relu) = graph.nodes[index].op else { return nil }
    return graph.nodes[index].outputs[0]
  }

  /// Whether a node gives the mean of each feature map.
  func isGlobalAverage(_ index: Int) -> Bool {
    let node = graph.nodes[index]
    switch node.op {
    case .globalPool(.average): return true
    case .reduce(let reduce): return reduce.function == .mean && reduce.axes == [2, 3]
    case .averagePool(let pool):
      guard let input = node.inputs[0] else { return false }
      let extents = graph[input].type.dimensions
      return pool.window.pads.allSatisfy { $0 == 0 }
        && pool.window.kernel.map(Dimension.fixed) == Array(extents.dropFirst(2))
    default: return false
    }
  }

  /// The only input that is no weight.
  func activation(of node: Node) -> ValueID? {
    let inputs = node.inputs.compactMap { $0 }.filter { graph[$0].initializer == nil }
    return inputs.count == 1 ? inputs[0] : nil
  }
}
