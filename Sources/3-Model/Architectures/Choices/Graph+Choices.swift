import FileIO
import ModelIR

extension Graph {
  /// The network with other choices than the published ones.
  func choosing(_ choices: Choices) throws(ScaleNetError) -> Graph {
    if choices.isEmpty { return self }
    var graph = self
    if let outputStride = choices.outputStride { try graph.dilate(to: outputStride) }
    for index in graph.nodes.indices {
      if let epsilon = choices.epsilon, case .batchNormalization(var normalization) = graph.nodes[index].op {
        normalization.epsilon = epsilon
        graph.nodes[index].op = .batchNormalization(normalization)
      }
    }
    if let activation = choices.activation {
      try graph.replaceActivations(by: activation)
    }
    try graph.inferAllTypes()
    try graph.validate()
    return graph
  }

  /// The places of all ReLUs but those between the two layers of a gate, which stay what they are whatever the network's
  /// activation is: in timm they do.
  var activations: [Int] {
    let producers = producers()
    func producer(_ id: ValueID?) -> Node? {
      id.flatMap { producers[$0.index] }.map { nodes[$0] }
    }
    return nodes.indices.filter { index in
      guard case .unary(.relu) = nodes[index].op else { return false }
      guard let before = producer(nodes[index].inputs[0]), case .conv = before.op,
        let first = producer(before.inputs[0]), case .globalPool = first.op
      else { return true }
      return false
    }
  }

  /// The stage and block that a node is of, from its name: `layer3.0.conv2` is of 3 and 0.
  static func place(of name: String) -> (stage: Int, block: Int)? {
    guard let key = BlockKey(name) else { return nil }
    return (key.stage + 1, key.number)
  }

  /// Stages that would take a step beyond `outputStride` keep their size, and their kernels reach further, as with
  /// torchvision's `replace_stride_with_dilation` and timm's `output_stride`: a stage's first 3x3 reaches as far as those
  /// of the stage before.
  private mutating func dilate(to outputStride: Int) throws(ScaleNetError) {
    guard [8, 16, 32].contains(outputStride) else {
      throw .invalidOption("outputStride", expected: "8, 16 or 32", found: "\(outputStride)")
    }
    var (stride, dilation) = (4, 1)
    for stage in 2...4 {
      let members = nodes.indices.filter { Self.place(of: nodes[$0].name)?.stage == stage }
      guard !members.isEmpty else { continue }
      let before = dilation
      if stride * 2 <= outputStride { stride *= 2 } else { dilation *= 2 }
      guard dilation > 1 else { continue }
      let takesStep = dilation > before
      var isFirst = true
      for index in members {
        switch nodes[index].op {
        case .conv(var conv):
          // Paths and splits of their own have 3x3 kernels whose reach means something.
          guard conv.window.dilations == [1, 1],
            conv.window.kernel != [3, 3] || nodes[index].isPlainConvolution
          else {
            throw .unsupportedOption(option: "outputStride", reason: "\(nodes[index].name) is no plain 3x3")
          }
          if takesStep { conv.window.strides = [1, 1] }
          if conv.window.kernel == [3, 3] {
            let own = isFirst ? before : dilation
            isFirst = false
            conv.window.dilations = [own, own]
            conv.window.pads = [own, own, own, own]
          }
          nodes[index].op = .conv(conv)
        case .maxPool, .averagePool, .resize:
          throw .unsupportedOption(
            option: "outputStride", reason: "\(nodes[index].name) pools, which dilation does not replace")
        default: continue
        }
      }
    }
  }
}

extension Node {
  /// Whether it is one of the convolutions of a basic or bottleneck block: `layer3.0.conv2`.
  fileprivate var isPlainConvolution: Bool {
    let parts = name.split(separator: ".")
    return parts.count == 3 && parts[2].hasPrefix("conv") && parts[2].count == 5
  }
}
