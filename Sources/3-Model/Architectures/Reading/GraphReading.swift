package import FileIO
package import ModelIR

/// A known network that was found in a graph by its structure: its weights under PyTorch's names.
package struct GraphReading: Sendable {
  /// In the order of the published implementation.
  package let weights: StateDict
  /// What the names and shapes of the weights tell.
  package let architecture: Architecture
  /// How the architecture's own graph becomes one of the same inputs and outputs.
  package let options: BuildOptions
  /// Which of that graph's outputs the outputs of the graph are, in their order.
  package let outputs: [Int]
  /// The normalisations that the graph has not, `layer1.0.bn1`: they were made to change nothing.
  package let folded: [String]
  /// What is not as it stood in the graph, and what names do not tell; a sentence each.
  package let notes: [String]

  /// What PyTorch's BatchNorm adds to the variance unless told otherwise; the networks that are known leave it so.
  static let epsilon: Float = 1e-5
  /// 1 - 1e-5 in float32, whose sum with 1e-5 is exactly 1 in float32: PyTorch divides by the root of that sum, so that
  /// such a normalisation passes every value on unchanged. Computed in Double, the scale is within 2e-8 of 1 and rounds
  /// to 1. A gamma of sqrt(1 + 1e-5) beside a variance of 1 would be off by a rounding.
  static let identityVariance: Float = 1 - epsilon

  /// Finds the network.
  ///
  /// - Throws: an error that says where the graph is none of those that are known.
  package init(_ graph: Graph) throws(ScaleNetError) {
    let network = try NetworkWalk(graph)
    var names = NetworkNames(network)
    do throws(ScaleNetError) {
      try names.collect()
    } catch {
      throw error.within("graph \(graph.name.escapedForMessage)")
    }
    let found = try Architecture.recognize(names.weights, source: "graph")
    architecture = found
    // As PyTorch's modules have them. Counters of batches are no weights, and strict loading does without.
    var ordered = StateDict()
    for name in found.placeholderWeights().names {
      if let tensor = names.weights[name] { ordered.append(name, tensor) }
    }
    weights = ordered

    var options = BuildOptions(features: network.outputs.allSatisfy { $0 != nil })
    options.softmax = network.hasSoftmax
    let extents = network.graph[network.image].type.dimensions
    if let height = extents[2].value, let width = extents[3].value {
      options.inputSize = InputSize(height: height, width: width)
    }
    outputs = network.outputs.map { $0 ?? 0 }
    folded = names.folded
    var notes = names.notes
    if case .resNet(let configuration) = found, configuration.kind == .bottleneck,
      let placement = network.stridePlacement, placement != configuration.stridePlacement
    {
      options.stridePlacement = placement
      notes.append(
        "the blocks take their step in the \(placement == .first ? "first 1x1" : "3x3") convolution, which names do "
          + "not tell: PyTorch's module must be made so")
    }
    self.options = options
    self.notes = notes
  }
}

/// The parts of a network in a graph.
struct NetworkWalk {
  let walk: LayerWalk
  let image: ValueID
  let stem: LayerWalk.Layer
  /// Whether the pool of the stem has no margin, as Caffe's has.
  let poolsLikeCaffe: Bool
  /// The blocks of each stage.
  let stages: [[BlockWalk]]
  /// The final layer's weight [classes, channels] and bias; nil for a backbone.
  let classifier: (weight: Tensor, bias: Tensor?)?
  let hasSoftmax: Bool
  /// Of each output of the graph the stage whose feature map it is, and nil where it is the end of the network.
  let outputs: [Int?]

  var graph: Graph { walk.graph }
  var blocks: [BlockWalk] { stages.flatMap { $0 } }

  /// Which convolution of the bottlenecks takes the step; nil where there is none, or not one place.
  var stridePlacement: StridePlacement? {
    let stepping = stages.dropFirst().compactMap {
      $0.first?.layers.firstIndex { $0.window.strides == [2, 2] }
    }
    guard Set(stepping).count == 1, let index = stepping.first else { return nil }
    return index == 0 ? .first : index == 1 ? .middle : nil
  }

  init(_ graph: Graph) throws(ScaleNetError) {
    let walk = LayerWalk(graph)
    self.walk = walk
    let images = walk.graph.inputs.filter { walk.graph[$0].type.rank == 4 }
    guard walk.graph.inputs.count == 1, let image = images.first else {
      throw .notANetwork("it has not one image as its input")
    }
    self.image = image
    guard let first = walk.reader(image), let stem = walk.layer(at: first), stem.window.kernel == [7, 7],
      let rectified = walk.rectified(stem.output), let pooling = walk.reader(rectified),
      case .maxPool(let pool) = walk.graph.nodes[pooling].op, pool.window.kernel == [3, 3]
    else {
      throw .notANetwork("it does not begin with a 7x7 convolution, a ReLU and a max pool of 3x3")
    }
    self.stem = stem
    // A last window that lies partly outside may be the pool's own, or come of margins behind the map.
    poolsLikeCaffe = walk.topMargin(of: pooling) == 0

    var x = walk.graph.nodes[pooling].outputs[0]
    var stages: [[BlockWalk]] = []
    while let block = BlockWalk(at: x, in: walk) {
      if stages.isEmpty || block.halves { stages.append([]) }
      stages[stages.count - 1].append(block)
      x = block.output
    }
    let count = stages.reduce(0) { $0 + $1.count }
    guard stages.count == BlockKey.stageCount else {
      throw .notANetwork(
        count == 0
          ? "no residual block of a ResNet or ScaleNet follows the first pool"
          : "\(count) residual blocks in \(stages.count) stages were found where \(BlockKey.stageCount) stages are expected"
      )
    }
    self.stages = stages

    var head = Head(x)
    try head.follow(in: walk)
    classifier = head.classifier
    hasSoftmax = head.hasSoftmax
    let maps = stages.map { $0.last?.output }
    var outputs: [Int?] = []
    for id in walk.graph.outputs {
      let stage = maps.firstIndex { $0 == id }
      guard stage != nil || id == head.end else {
        throw .notANetwork(
          "its output \(walk.graph[id].name.escapedForMessage) is neither the end of the network nor the feature map of a stage"
        )
      }
      outputs.append(stage)
    }
    guard Set(outputs.map { $0 == nil }).count == 1 else {
      throw .notANetwork("it gives feature maps beside the end of the network")
    }
    self.outputs = outputs
  }

  /// What follows the last block.
  private struct Head {
    var end: ValueID
    var classifier: (weight: Tensor, bias: Tensor?)?
    var hasSoftmax = false

    init(_ features: ValueID) { end = features }

    /// Goes on until nothing reads what was reached.
    mutating func follow(in walk: LayerWalk) throws(ScaleNetError) {
      var isPooled = false
      while let index = walk.reader(end) {
        let node = walk.graph.nodes[index]
        switch node.op {
        case _ where walk.isGlobalAverage(index) && !isPooled: isPooled = true
        case .flatten, .reshape, .squeeze:
          guard isPooled else { throw Self.unknown(node) }
        case .gemm(let gemm):
          guard isPooled, classifier == nil, gemm.alpha == 1, gemm.beta == 1, !gemm.transA,
            node.inputs[0] == end, let weight = walk.graph.initializer(node.inputs[1])
          else { throw Self.unknown(node) }
          let bias = node.inputs.count > 2 ? walk.graph.initializer(node.inputs[2]) : nil
          classifier = (gemm.transB ? weight : weight.transposed([1, 0]), bias)
        case .matMul:
          guard isPooled, classifier == nil, node.inputs[0] == end,
            let weight = walk.graph.initializer(node.inputs[1]), weight.shape.rank == 2
          else { throw Self.unknown(node) }
          classifier = (weight.transposed([1, 0]), nil)
        case .binary(.add):
          let bias = node.inputs.compactMap { walk.graph.initializer($0) }.first
          guard let known = classifier, known.bias == nil, let bias,
            bias.elementCount == known.weight.shape[0]
          else { throw Self.unknown(node) }
          classifier = (known.weight, bias.shape.rank == 1 ? bias : bias.reshaped([bias.elementCount]))
        case .softmax:
          guard classifier != nil, !hasSoftmax else { throw Self.unknown(node) }
          hasSoftmax = true
        default: throw Self.unknown(node)
        }
        end = node.outputs[0]
      }
    }

    private static func unknown(_ node: Node) -> ScaleNetError {
      .notANetwork(
        "node \(node.name.escapedForMessage) (\(node.op.name)) does not belong behind the last block")
    }
  }
}
