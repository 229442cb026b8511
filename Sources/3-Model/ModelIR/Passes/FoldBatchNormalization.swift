public import FileIO

/// Folds a BatchNormalization into the convolution or transposed convolution before it, also backward through a Resize
/// between the two: interpolation weights sum to 1, so scale and shift commute with it.
///
///     scale = gamma / sqrt(variance + epsilon)
///     weight'[o] = weight[o] * scale[o];  bias'[o] = (bias[o] - mean[o]) * scale[o] + beta[o]
///
/// Scale and bias are computed in Double and rounded once. Weights stay views: the factors are applied when they are
/// read. A convolution or resize whose output something else reads too is left as it is.
public struct FoldBatchNormalization: GraphPass {
  public let name = "fold BatchNormalization"

  public init() {}

  public func run(on graph: inout Graph) throws(ScaleNetError) -> Bool {
    let producers = graph.producers()
    let consumers = graph.consumers()
    let outputs = Set(graph.outputs)
    var removed = Set<Int>()

    /// The node that makes `id`, if only the value's one reader needs it.
    func soleProducer(_ id: ValueID?) -> Int? {
      guard let id, consumers[id.index].count == 1, !outputs.contains(id) else { return nil }
      return producers[id.index]
    }

    for index in graph.nodes.indices {
      let node = graph.nodes[index]
      guard case .batchNormalization(let normalization) = node.op else { continue }
      guard var source = soleProducer(node.inputs[0]) else { continue }
      let nearest = source
      if case .resize = graph.nodes[source].op {
        guard let behind = soleProducer(graph.nodes[source].inputs[0]) else { continue }
        source = behind
      }
      guard Self.isFoldable(graph.nodes[source].op), try fold(normalization, node, into: source, of: &graph)
      else { continue }
      removed.insert(index)
      // What stood before the normalisation now produces its value.
      graph.nodes[nearest].outputs[0] = node.outputs[0]
      graph.nodes[source].absorbed.append(node.name)
    }
    guard !removed.isEmpty else { return false }
    graph.nodes = graph.nodes.enumerated().filter { !removed.contains($0.offset) }.map(\.element)
    graph.removeUnusedValues()
    return true
  }

  /// Whether one axis of the weight is that of all outputs: the second one of a transposed convolution in groups is not.
  private static func isFoldable(_ op: Operator) -> Bool {
    switch op {
    case .conv: true
    case .convTranspose(let op): op.group == 1
    default: false
    }
  }

  /// Puts scale and shift into the convolution's weight and bias; false if they are not all known.
  private func fold(
    _ normalization: BatchNormalization, _ node: Node, into source: Int, of graph: inout Graph
  ) throws(ScaleNetError) -> Bool {
    let conv = graph.nodes[source]
    guard let weightID = conv.inputs[1], let weight = graph.initializer(weightID),
      let gamma = try elements(node.inputs[1], of: graph), let beta = try elements(node.inputs[2], of: graph),
      let mean = try elements(node.inputs[3], of: graph),
      let variance = try elements(node.inputs[4], of: graph)
    else { return false }
    let biasID = conv.inputs.count > 2 ? conv.inputs[2] : nil
    var bias = [Double](repeating: 0, count: gamma.count)
    if biasID != nil {
      guard let known = try elements(biasID, of: graph) else { return false }
      bias = known
    }
    var factors = [Float](repeating: 0, count: gamma.count)
    var shifts = [Float](repeating: 0, count: gamma.count)
    for channel in gamma.indices {
      let scale = gamma[channel] / (variance[channel] + Double(normalization.epsilon)).squareRoot()
      factors[channel] = Float(scale)
      shifts[channel] = Float((bias[channel] - mean[channel]) * scale + beta[channel])
    }
    // Other nodes may share the weight or the bias: they keep theirs.
    let weightName = graph[weightID].name
    let isShared = graph.nodes.indices.contains { $0 != source && graph.nodes[$0].inputs.contains(weightID) }
    let scaled: Tensor
    if case .convTranspose = conv.op {
      let order = [1, 0] + weight.shape.dimensions.indices.dropFirst(2)
      scaled = weight.transposed(order).scaled(byChannel: factors).transposed(order)
    } else {
      scaled = weight.scaled(byChannel: factors)
    }
    if isShared {
      graph.nodes[source].inputs[1] = try graph.addInitializer(
        graph.unusedName("\(weightName)_folded"), scaled)
    } else {
      graph[weightID].initializer = scaled
    }
    let biasName = weightName.hasSuffix(".weight") ? "\(weightName.dropLast(7)).bias" : "\(conv.name).bias"
    let type = graph[weightID].type.dataType
    let shift = Tensor(shifts, shape: [shifts.count]).cast(to: type)
    let newBias: ValueID
    if let biasID,
      !graph.nodes.indices.contains(where: { $0 != source && graph.nodes[$0].inputs.contains(biasID) })
    {
      graph[biasID].initializer = shift
      newBias = biasID
    } else {
      newBias = try graph.addInitializer(graph.unusedName(biasName), shift)
    }
    graph.nodes[source].inputs = [conv.inputs[0], graph.nodes[source].inputs[1], newBias]
    return true
  }

  private func elements(_ id: ValueID?, of graph: Graph) throws(ScaleNetError) -> [Double]? {
    guard let id, let tensor = graph.initializer(id) else { return nil }
    do throws(ScaleNetError) {
      return try tensor.doubles()
    } catch {
      throw .unreadableInitializer(value: graph[id].name, error: error)
    }
  }
}
