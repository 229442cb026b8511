import FileIO
import ModelIR

/// Gives the layers of a network the names and tensors that PyTorch's module has.
struct NetworkNames {
  private let network: NetworkWalk
  private(set) var weights = StateDict()
  private(set) var notes: [String] = []
  /// The normalisations that the graph has not.
  private(set) var folded: [String] = []
  /// Those of another epsilon, and how many biases stand before one.
  private var epsilons: [Float] = []
  private var biases = 0

  init(_ network: NetworkWalk) { self.network = network }

  /// Names every layer.
  mutating func collect() throws(ScaleNetError) {
    let blocks = network.blocks
    let isScaleNet = blocks.contains { !$0.scales.isEmpty || $0.hasPool }
    let hasGates = blocks.contains { $0.gate != nil }
    let isBottleneck = blocks.contains { $0.layers.count == 3 }
    let isGrouped = blocks.contains { $0.layers.contains { network.group($0) > 1 } }
    // What the older SE-ResNets do is told by what they compute.
    let isOlder =
      hasGates
      && (network.poolsLikeCaffe || blocks.contains { $0.gate?.isAfterActivation ?? false }
        || isBottleneck && !isGrouped && network.stridePlacement == .first)
    var naming = ResNetNaming.torchvision
    if network.poolsLikeCaffe {
      naming.stemPrefix = ResNetNaming.pretrainedModels.stemPrefix
      naming.classifier = ResNetNaming.pretrainedModels.classifier
    }
    if isOlder { naming.squeezeExcitation = ResNetNaming.pretrainedModels.squeezeExcitation }

    try add(network.stem, "\(naming.stemPrefix)conv1", "\(naming.stemPrefix)bn1")
    for (stage, blocks) in network.stages.enumerated() {
      for (number, block) in blocks.enumerated() {
        try add(block, "layer\(stage + 1).\(number)", naming, isScaleNet: isScaleNet)
      }
    }
    if let classifier = network.classifier {
      add("\(naming.classifier).weight", classifier.weight)
      add(
        "\(naming.classifier).bias",
        classifier.bias ?? Tensor.zeros(shape: TensorShape([classifier.weight.shape[0]])))
    }
    addNotes()
  }

  private mutating func add(
    _ block: BlockWalk, _ name: String, _ naming: ResNetNaming, isScaleNet: Bool
  ) throws(ScaleNetError) {
    var block = block
    if isScaleNet, block.scales.isEmpty, block.layers.count == 3 {
      // A block with scale 1 alone.
      block.scales = [BlockWalk.Scale(index: 0, layer: block.layers.remove(at: 1))]
    }
    for (index, layer) in block.layers.enumerated() {
      let number = index == 1 && isScaleNet ? 3 : index + 1
      try add(layer, "\(name).conv\(number)", "\(name).bn\(number)")
    }
    for scale in block.scales {
      try add(scale.layer, "\(name).conv2.\(scale.index)", "\(name).bn2.\(scale.index)")
    }
    if let gate = block.gate {
      for (layer, part) in [(gate.first, "fc1"), (gate.second, "fc2")] {
        let module = "\(name).\(naming.squeezeExcitation).\(part)"
        guard let weight = network.graph.initializer(layer.convolution.inputs[1]) else { continue }
        add("\(module).weight", weight)
        add("\(module).bias", bias(layer) ?? Tensor.zeros(shape: TensorShape([weight.shape[0]])))
      }
    }
    if let shortcut = block.shortcut { try add(shortcut, "\(name).downsample.0", "\(name).downsample.1") }
  }

  /// A convolution without bias and its normalisation, whatever of the two the graph has.
  private mutating func add(
    _ layer: LayerWalk.Layer, _ convolution: String, _ norm: String
  ) throws(ScaleNetError) {
    guard let weight = network.graph.initializer(layer.convolution.inputs[1]) else { return }
    add("\(convolution).weight", weight)
    let shape = TensorShape([weight.shape[0]])
    let bias = bias(layer)
    guard let node = layer.normalization, case .batchNormalization(let normalization) = node.op,
      let gamma = network.graph.initializer(node.inputs[1]),
      let beta = network.graph.initializer(node.inputs[2]),
      var mean = network.graph.initializer(node.inputs[3]),
      var variance = network.graph.initializer(node.inputs[4])
    else {
      func constant(_ value: Float) -> Tensor {
        Tensor([Float](repeating: value, count: shape.elementCount), shape: shape)
      }
      folded.append(norm)
      add("\(norm).weight", constant(1))
      add("\(norm).bias", bias ?? constant(0))
      add("\(norm).running_mean", constant(0))
      add("\(norm).running_var", constant(GraphReading.identityVariance))
      return
    }
    if let values = try bias?.doubles(), values.contains(where: { $0 != 0 }) {
      // (x + bias) - mean is x - (mean - bias).
      biases += 1
      mean = Tensor(zip(try mean.doubles(), values).map { Float($0 - $1) }, shape: shape)
    }
    if normalization.epsilon != GraphReading.epsilon {
      if !epsilons.contains(normalization.epsilon) { epsilons.append(normalization.epsilon) }
      let values = try variance.doubles().map { Float($0 + Double(normalization.epsilon) - 1e-5) }
      if let negative = values.first(where: { !($0 >= 0) }) {
        throw .notANetwork(
          "with PyTorch's epsilon of 1e-05 in place of \(normalization.epsilon), a variance of \(norm) would be \(negative)"
        )
      }
      variance = Tensor(values, shape: shape)
    }
    add("\(norm).weight", gamma)
    add("\(norm).bias", beta)
    add("\(norm).running_mean", mean)
    add("\(norm).running_var", variance)
  }

  private func bias(_ layer: LayerWalk.Layer) -> Tensor? {
    layer.convolution.inputs.count > 2 ? network.graph.initializer(layer.convolution.inputs[2]) : nil
  }

  private mutating func add(_ name: String, _ tensor: Tensor) { weights.append(name, tensor) }

  private mutating func addNotes() {
    if !folded.isEmpty {
      notes.append(
        "\(folded.count) convolutions have their BatchNorm folded in: theirs were written as weight 1, mean 0, variance "
          + "1 - 1e-05 and the convolution's bias, which change nothing")
    }
    if biases > 0 {
      notes.append("\(biases) biases of convolutions went into the mean of the BatchNorm behind them")
    }
    if !epsilons.isEmpty {
      let found = epsilons.map { "\($0)" }.joined(separator: ", ")
      notes.append("variances were changed by what the graph's epsilon of \(found) is beyond PyTorch's 1e-05")
    }
  }
}

extension NetworkWalk {
  /// The groups of a layer's convolution.
  func group(_ layer: LayerWalk.Layer) -> Int {
    if case .conv(let conv) = layer.convolution.op { conv.group } else { 1 }
  }
}
