import FileIO
import ModelIR

extension Graph {
  /// The network with other choices than the published ones.
  func choosing(_ choices: Choices) throws(ScaleNetError) -> Graph {
    if choices.isEmpty { return self }
    var graph = self
    if let outputStride = choices.outputStride { try graph.dilate(to: outputStride) }
    if let antiAliasing = choices.antiAliasing, antiAliasing != .none { try graph.filterSteps(antiAliasing) }
    for index in graph.nodes.indices {
      if let epsilon = choices.epsilon, case .batchNormalization(var normalization) = graph.nodes[index].op {
        normalization.epsilon = epsilon
        graph.nodes[index].op = .batchNormalization(normalization)
      }
    }
    if let activation = choices.activation {
      for index in graph.activations { graph.nodes[index].op = .unary(activation.op) }
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
    let parts = name.split(separator: ".", maxSplits: 2)
    guard parts.count == 3, parts[0].hasPrefix("layer"), let stage = Int(parts[0].dropFirst(5)),
      let block = Int(parts[1])
    else { return nil }
    return (stage, block)
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

  /// Lets a filter behind each 3x3 convolution take its step of 2, and one behind or in place of the first max pool.
  private mutating func filterSteps(_ kind: AntiAliasing) throws(ScaleNetError) {
    var count = 0
    for name in nodes.map(\.name) {
      guard let index = nodes.firstIndex(where: { $0.name == name }) else { continue }
      if name == "maxpool", case .maxPool(var pool) = nodes[index].op {
        if kind == .average {
          nodes[index].op = .averagePool(AveragePool(window: Window(2, stride: 2), countIncludePad: true))
        } else {
          pool.window.strides = [1, 1]
          nodes[index].op = .maxPool(pool)
          try addFilter(kind, behind: index)
        }
        continue
      }
      guard Self.place(of: name) != nil, case .conv(var conv) = nodes[index].op,
        conv.window.kernel == [3, 3], conv.window.strides == [2, 2]
      else { continue }
      conv.window.strides = [1, 1]
      nodes[index].op = .conv(conv)
      // Behind normalisation and activation.
      var end = index
      while let next = soleReader(of: end), nodes[next].op.isElementwise { end = next }
      count += 1
      try addFilter(kind, behind: end)
    }
    guard count > 0 else {
      throw .unsupportedOption(
        option: "antiAliasing", reason: "no 3x3 convolution of a block takes a step of 2")
    }
  }

  private func soleReader(of index: Int) -> Int? {
    let id = nodes[index].outputs[0]
    let readers = nodes.indices.filter { nodes[$0].inputs.contains(id) }
    return readers.count == 1 && !outputs.contains(id) ? readers[0] : nil
  }

  /// The types of what stands behind are inferred by the caller, when all steps are taken.
  private mutating func addFilter(_ kind: AntiAliasing, behind index: Int) throws(ScaleNetError) {
    // What the new nodes read must have its own type.
    try inferTypes(through: index)
    let input = nodes[index].outputs[0]
    let name = "\(nodes[index].name).aa"
    let readers = nodes.indices.filter { nodes[$0].inputs.contains(input) }
    let output: ValueID
    var added: [Node] = []
    switch kind {
    case .none: return
    case .average:
      output = try addNode(
        name, .averagePool(AveragePool(window: Window(2, stride: 2), countIncludePad: true)), inputs: [input])[
          0]
      added.append(nodes.removeLast())
    case .blur:
      let channels = self[input].type.dimensions[1].value ?? 1
      let row: [Float] = [1, 2, 1]
      let kernel = row.flatMap { a in row.map { a * $0 / 16 } }
      let weight = try addInitializer(
        "\(name).filter",
        Tensor((0..<channels).flatMap { _ in kernel }, shape: [channels, 1, 3, 3]))
      let padded = try addNode(
        "\(name).pad", .pad(Pad(pads: [0, 0, 1, 1, 0, 0, 1, 1], mode: .reflect)), inputs: [input])[0]
      added.append(nodes.removeLast())
      output = try addNode(
        name, .conv(Conv(window: Window(3, stride: 2), group: channels)), inputs: [padded, weight])[0]
      added.append(nodes.removeLast())
    }
    for reader in readers {
      for position in nodes[reader].inputs.indices where nodes[reader].inputs[position] == input {
        nodes[reader].inputs[position] = output
      }
    }
    nodes.insert(contentsOf: added, at: index + 1)
  }
}

extension Operator {
  /// Whether it is a normalisation or a function of each element.
  fileprivate var isElementwise: Bool {
    switch self {
    case .batchNormalization, .unary: true
    default: false
    }
  }
}
