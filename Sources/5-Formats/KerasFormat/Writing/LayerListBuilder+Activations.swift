import FileIO
import ModelIR

extension LayerListBuilder {
  /// The settings of a ReLU, whose names are the same in Keras 2 and 3, as those of LeakyReLU are not.
  static func relu(most: Float? = nil, slope: Float = 0) -> KeyValuePairs<String, JSON> {
    [
      "max_value": most.map { .number(decimal($0)) } ?? nil, "negative_slope": .number(decimal(slope)),
      "threshold": .number(0),
    ]
  }

  mutating func addLeakyRelu(_ node: Node, alpha: Float) throws(ScaleNetError) {
    guard alpha >= 0, alpha.isFinite else {
      throw failure(node, "alpha", "0 or more, as ReLU's negative_slope", "\(alpha)")
    }
    try addUnary(node, .relu, Self.relu(slope: alpha))
  }

  /// A slope for each position that is not shared: usually one a channel, shared by height and width.
  mutating func addPRelu(_ node: Node) throws(ScaleNetError) {
    let (slope, source) = try constant(node, 1)
    let input = try placement(node, 0)
    let rank = type(node, 0).rank
    let aligned = try aligned(slope, rank: rank, name: source)
    guard input.order.count == rank, input.order[0] == 0, aligned.shape[0] == 1 else {
      throw failure(node, "input slope", "one that is the same for the whole batch", "\(slope.shape)")
    }
    let shape = input.order.dropFirst().map { aligned.shape[$0] }
    let shared = shape.indices.filter { shape[$0] == 1 }.map { JSON.integer($0 + 1) }
    let weight = Layer.Weight(
      "alpha", aligned.transposed(input.order), source: source, shape: TensorShape(shape))
    setOutput(
      node,
      append(
        .pRelu, node.name, ["shared_axes": .array(shared)], inputs: [input.layer], weights: [weight]),
      order: input.order)
  }

  /// Keras 2 and 3 have different functions of the name hard_sigmoid: here it is of layers that they agree on.
  mutating func addHardSigmoid(_ node: Node, alpha: Float, beta: Float) throws(ScaleNetError) {
    let input = try placement(node, 0)
    let gate = try hardSigmoid(node, input.layer, alpha: alpha, beta: beta, name: node.name)
    setOutput(node, gate, order: input.order)
  }

  mutating func addHardSwish(_ node: Node) throws(ScaleNetError) {
    let input = try placement(node, 0)
    let gate = try hardSigmoid(node, input.layer, alpha: 1.0 / 6, beta: 0.5, name: "\(node.name)_gate")
    setOutput(
      node, append(.multiply, node.name, [:], inputs: [input.layer, gate]), order: input.order)
  }

  private mutating func hardSigmoid(
    _ node: Node, _ input: Int, alpha: Float, beta: Float, name: String
  ) throws(ScaleNetError) -> Int {
    let line = try appendRescaling(
      node, input, scale: [alpha], offset: [beta], name: "\(name)_line")
    return append(.relu, name, Self.relu(most: 1), inputs: [line])
  }

  /// A ReLU with a largest value, or the difference of two where the least is below 0: one of them is 0 everywhere, so
  /// that nothing is rounded.
  mutating func addClip(_ node: Node, minimum: Float, maximum: Float) throws(ScaleNetError) {
    let isUnbounded = maximum >= .greatestFiniteMagnitude
    if minimum == 0 {
      try addUnary(node, .relu, Self.relu(most: isUnbounded ? nil : maximum))
      return
    }
    guard minimum < 0, maximum >= 0 else {
      throw failure(
        node, "min, max", "limits with 0 between them, as ReLU has it", "\(minimum) and \(maximum)")
    }
    let input = try placement(node, 0)
    let above = append(
      .relu, "\(node.name)_above", Self.relu(most: isUnbounded ? nil : maximum), inputs: [input.layer])
    let mirrored = try appendRescaling(
      node, input.layer, scale: [-1], offset: [0], name: "\(node.name)_mirror")
    let isBottomless = minimum <= -.greatestFiniteMagnitude
    let below = append(
      .relu, "\(node.name)_below", Self.relu(most: isBottomless ? nil : -minimum), inputs: [mirrored])
    setOutput(node, append(.subtract, node.name, [:], inputs: [above, below]), order: input.order)
  }

  /// The value that the shortest decimal of a Float has: 1e-05, not 9.99999974e-06.
  static func decimal(_ value: Float) -> Double { Double("\(value)") ?? Double(value) }
}
