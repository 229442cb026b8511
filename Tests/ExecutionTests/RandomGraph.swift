import ModelIR

/// Small graphs with everything that plans depend on: branches, residual additions, concatenations, values that are
/// read twice, outputs in the middle. The same seed gives the same graph.
struct RandomGraph {
  private(set) var graph: Graph
  private var source: RandomSource
  private var images: [ValueID] = []

  init(seed: UInt64) throws {
    graph = Graph(name: "random \(seed)")
    source = RandomSource(seed: seed)
    let (channels, height, width) = (1 + pick(5), 5 + pick(8), 5 + pick(8))
    images.append(
      try graph.addInput(
        "input",
        TensorType(.float32, [.symbolic("batch"), .fixed(channels), .fixed(height), .fixed(width)])))
    for step in 0..<(6 + pick(14)) { try grow("node\(step)") }
    try finish()
    try graph.validate()
  }

  private mutating func pick(_ count: Int) -> Int { Int(source.next() % UInt64(count)) }

  private mutating func image() -> ValueID {
    // Late values more often than early ones, so that there are long chains.
    images[max(pick(images.count), pick(images.count))]
  }

  private func shape(_ id: ValueID) -> [Int] { graph[id].type.dimensions.map { $0.value ?? -1 } }

  private mutating func weight(_ name: String, _ shape: [Int], positive: Bool = false) throws -> ValueID {
    let shape = TensorShape(shape)
    let values = source.uniforms(shape.elementCount, bound: 0.7)
    return try graph.addInitializer(
      name, Tensor(positive ? values.map { abs($0) + 0.3 } : values, shape: shape))
  }

  private mutating func node(_ name: String, _ op: Operator, _ inputs: [ValueID?]) throws -> ValueID {
    try graph.addNode(name, op, inputs: inputs)[0]
  }

  private mutating func convolution(_ name: String, _ x: ValueID, _ outputs: Int) throws -> ValueID {
    let shape = shape(x)
    let kernel = min(shape[2], shape[3]) >= 2 && pick(2) == 0 ? 3 : 1
    let group = shape[1] % 2 == 0 && outputs % 2 == 0 && pick(3) == 0 ? 2 : 1
    let weights = try weight("\(name).weight", [outputs, shape[1] / group, kernel, kernel])
    let bias = pick(2) == 0 ? try weight("\(name).bias", [outputs]) : nil
    let op = Operator.conv(Conv(window: Window(kernel, pad: kernel / 2), group: group))
    return try node(name, op, [x, weights, bias])
  }

  private mutating func normalization(_ name: String, _ x: ValueID) throws -> ValueID {
    let channels = shape(x)[1]
    return try node(
      name, .batchNormalization(BatchNormalization()),
      [
        x, try weight("\(name).gamma", [channels]), try weight("\(name).beta", [channels]),
        try weight("\(name).mean", [channels]), try weight("\(name).var", [channels], positive: true),
      ])
  }

  /// Adds one or a few nodes.
  private mutating func grow(_ name: String) throws {
    let x = image()
    let extents = shape(x)
    switch pick(24) {
    case 0:
      images.append(try convolution(name, x, 1 + pick(9)))
    case 1:
      let y = try convolution("\(name).conv", x, 2 + pick(6))
      images.append(try node(name, .unary(.relu), [try normalization("\(name).bn", y)]))
    case 2:
      let y = try convolution("\(name).conv", x, extents[1])
      let sum = try node("\(name).sum", .binary(.add), pick(2) == 0 ? [y, x] : [x, y])
      images.append(pick(3) == 0 ? sum : try node(name, .unary(.relu), [sum]))
    case 3:
      // Two convolutions that meet: one of them can take the other as residual.
      let outputs = 1 + pick(6)
      let one = try convolution("\(name).one", x, outputs)
      let other = try normalization("\(name).bn", try convolution("\(name).other", x, outputs))
      images.append(try node(name, .binary(.add), [one, other]))
      if pick(4) == 0 { images.append(one) }
    case 4:
      // Branches of several scales, as in an SA block.
      var branches = [try convolution("\(name).full", x, 1 + pick(4))]
      if min(extents[2], extents[3]) >= 2 {
        let pooled = try node("\(name).pool", .maxPool(MaxPool(window: Window(2, stride: 2))), [x])
        let small = try convolution("\(name).small", pooled, 1 + pick(4))
        let isNearest = pick(2) == 0
        let resize = Resize(
          mode: isNearest ? .nearest : .linear,
          coordinateTransformation: isNearest ? .asymmetric : .halfPixel,
          extent: .sizes([extents[2], extents[3]]))
        branches.append(try node("\(name).resize", .resize(resize), [small]))
      }
      if pick(2) == 0 { branches.append(x) }
      if pick(3) == 0 { branches.append(branches[0]) }
      let joined = try node("\(name).concat", .concat(Concat(axis: 1)), branches)
      images.append(try node(name, .unary(.relu), [joined]))
      if pick(3) == 0 { images.append(branches[0]) }
    case 5:
      let op: Operator = pick(2) == 0 ? .unary(.relu) : .unary(.sigmoid)
      images.append(try node(name, op, [x]))
    case 6:
      // Squeeze and excitation.
      let pooled = try node("\(name).pool", .globalPool(.average), [x])
      let gate = try node(
        "\(name).gate", .unary(.sigmoid), [try convolution("\(name).fc", pooled, extents[1])])
      images.append(try node(name, .binary(.mul), pick(2) == 0 ? [x, gate] : [gate, x]))
    case 7 where min(extents[2], extents[3]) >= 4:
      let window = Window(3, stride: 2, pad: 1)
      let op: Operator =
        pick(2) == 0
        ? .maxPool(MaxPool(window: window, ceilMode: pick(2) == 0))
        : .averagePool(AveragePool(window: window, countIncludePad: pick(2) == 0))
      images.append(try node(name, op, [x]))
    case 8:
      images.append(try node(name, .identity(Identity()), [x]))
    case 9:
      // A constant that is added to every image.
      let constant = try weight("\(name).constant", [extents[1], 1, 1])
      images.append(try node(name, .binary(.add), [x, constant]))
    case 10:
      // Concatenations inside of one another.
      let inner = try node(
        "\(name).inner", .concat(Concat(axis: 1)),
        [try convolution("\(name).a", x, 2), try normalization("\(name).b", x)])
      images.append(
        try node(name, .concat(Concat(axis: 1)), [try node("\(name).c", .unary(.relu), [x]), inner]))
      if pick(2) == 0 { images.append(inner) }
    case 11:
      images.append(try node(name, .concat(Concat(axis: pick(2) == 0 ? 2 : 3)), [x, x]))
    case 12:
      images.append(try node(name, .binary(.add), [x, x]))
    default:
      try growElsewhere(name, x, extents)
    }
  }

  /// What moves elements, mixes them, or computes its weights.
  private mutating func growElsewhere(_ name: String, _ x: ValueID, _ extents: [Int]) throws {
    switch pick(11) {
    case 0:
      let ops: [Operator] = [
        .unary(.leakyRelu(alpha: 0.3)), .unary(.hardSigmoid(alpha: 0.2, beta: 0.5)), .unary(.hardSwish),
        .unary(.tanh),
      ]
      images.append(try node(name, ops[pick(4)], [x]))
    case 1:
      let slope = try weight("\(name).slope", [extents[1], 1, 1])
      let y = try node("\(name).prelu", .binary(.pRelu), [x, slope])
      images.append(
        try node(name, pick(2) == 0 ? .binary(.sub) : .binary(.mul), pick(2) == 0 ? [x, y] : [y, x]))
    case 2:
      // The channels in two groups, exchanged.
      guard extents[1] % 2 == 0 else { return }
      let split = [0, 2, extents[1] / 2, extents[2], extents[3]]
      let y = try node("\(name).split", .reshape(Reshape(shape: split)), [x])
      let z = try node("\(name).turn", .transpose(Transpose(permutation: [0, 2, 1, 3, 4])), [y])
      images.append(
        try node(name, .reshape(Reshape(shape: [0, extents[1], extents[2], extents[3]])), [z]))
    case 3:
      // Channels last for a while.
      let y = try node("\(name).last", .transpose(Transpose(permutation: [0, 2, 3, 1])), [x])
      let z = try node("\(name).relu", .unary(.hardSwish), [y])
      images.append(try node(name, .transpose(Transpose(permutation: [0, 3, 1, 2])), [z]))
    case 4:
      // Halves that go their own ways.
      guard extents[1] > 1 else { return }
      let first = 1 + pick(extents[1] - 1)
      let parts = [0..<first, first..<extents[1]].map { range in
        Slice(axes: [1], starts: [range.lowerBound], steps: [1], counts: [range.count])
      }
      let one = try node("\(name).one", .slice(parts[0]), [x])
      let other = try node("\(name).other", .slice(parts[1]), [x])
      let changed = try normalization("\(name).bn", other)
      images.append(
        try node(name, .concat(Concat(axis: 1)), pick(2) == 0 ? [one, changed] : [changed, one]))
      if pick(3) == 0 { images.append(one) }
    case 5:
      let modes: [Pad.Mode] = [.constant, .reflect, .edge, .wrap]
      let pad = Pad(pads: [0, 0, 1, 0, 0, pick(2), 1, 1], mode: modes[pick(2) == 0 ? 0 : 2], value: 0.5)
      images.append(try node(name, .pad(pad), [x]))
    case 6:
      // Squeeze and excitation by a mean and a matrix.
      let mean = try node("\(name).mean", .reduce(Reduce(.mean, axes: [2, 3], keepsAxes: false)), [x])
      let matrix = try weight("\(name).weight", [extents[1], extents[1]])
      let gate = try node(
        "\(name).gate", .unary(.hardSigmoid(alpha: 0.2, beta: 0.5)),
        [try node("\(name).fc", .matMul(MatMul()), [mean, matrix])])
      let wide = try node("\(name).wide", .reshape(Reshape(shape: [0, 0, 1, 1])), [gate])
      images.append(try node(name, .binary(.mul), pick(2) == 0 ? [x, wide] : [wide, x]))
    case 7:
      // Weights that the graph computes.
      let raw = try weight("\(name).raw", [3, extents[1], 1, 1])
      let scaled = try node("\(name).scaled", .unary(.tanh), [raw])
      images.append(try node(name, .conv(Conv(window: Window(1))), [x, scaled]))
    case 8:
      images.append(try node(name, .lrn(LRN(size: 3, alpha: 0.4)), [x]))
    case 9:
      let indices = (0..<3).map { _ in pick(extents[1]) }
      let gathered = try node(
        "\(name).gather", .gather(Gather(axis: 1, indices: indices, indexShape: [3])), [x])
      let pooled = try node("\(name).max", .globalPool(.max), [gathered])
      let wide = try node("\(name).expand", .expand(Expand(shape: [1, 1, extents[2], extents[3]])), [pooled])
      images.append(try node(name, .concat(Concat(axis: 1)), [gathered, wide]))
    default:
      // Attention of rows to rows.
      let turned = try node("\(name).turn", .transpose(Transpose(permutation: [0, 1, 3, 2])), [x])
      let scores = try node(
        "\(name).softmax", .softmax(Softmax(axis: 3)),
        [try node("\(name).scores", .matMul(MatMul()), [x, turned])])
      images.append(try node(name, .matMul(MatMul()), [scores, x]))
    }
  }

  /// Adds a head and makes some of the values outputs.
  private mutating func finish() throws {
    let last = images[images.count - 1]
    let extents = shape(last)
    let flat = try node("flatten", .flatten(Flatten()), [last])
    let count = extents[1...].reduce(1, *)
    let classes = try weight("fc.weight", [4, count])
    let logits = try node(
      "fc", .gemm(Gemm(alpha: 0.5, beta: 2, transB: true)), [flat, classes, try weight("fc.bias", [4])])
    graph.addOutput(try node("softmax", .softmax(Softmax(axis: 1)), [logits]))
    for _ in 0..<pick(3) { graph.addOutput(images[pick(images.count)]) }
    if pick(4) == 0 { graph.addOutput(try node("reshape", .reshape(Reshape(shape: [0, -1])), [last])) }
  }
}
