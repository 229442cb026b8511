import FileIO
import JSONText
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
    // TensorFlow's optimiser makes one operation of a convolution, a sum and LeakyReLU, and computes it wrongly: in 2.15
    // where another convolution follows, in 2.21 always. With a limit, even one that no number exceeds, ReLU is several
    // operations, which it leaves alone.
    let limit: Float? = isSum(try placement(node, 0).layer) ? largest : nil
    try addUnary(node, .relu, Self.relu(most: limit, slope: alpha))
  }

  /// The largest number of the model's arithmetic.
  private var largest: Float { isHalf ? Float(Float16.greatestFiniteMagnitude) : .greatestFiniteMagnitude }

  mutating func addElu(_ node: Node, alpha: Float) throws(ScaleNetError) {
    try addUnary(node, .elu, ["alpha": .number(Self.decimal(alpha))])
  }

  /// ELU of x / alpha, times alpha.
  mutating func addCelu(_ node: Node, alpha: Float) throws(ScaleNetError) {
    guard alpha > 0 else { throw failure(node, "alpha", "more than 0", "\(alpha)") }
    let input = try placement(node, 0)
    let narrowed = try appendRescaling(
      node, input.layer, scale: [1 / alpha], offset: [0], name: "\(node.name)_narrow")
    let elu = append(.elu, "\(node.name)_elu", ["alpha": .number(1)], inputs: [narrowed])
    setOutput(
      node, try appendRescaling(node, elu, scale: [alpha], offset: [0], name: node.name), order: input.order)
  }

  /// Keras's function has one pair of constants.
  mutating func addSelu(_ node: Node, alpha: Float, gamma: Float) throws(ScaleNetError) {
    guard abs(alpha - 1.6732632) < 1e-5, abs(gamma - 1.0507010) < 1e-5 else {
      throw failure(node, "alpha, gamma", "1.67326 and 1.0507, as Keras has them", "\(alpha) and \(gamma)")
    }
    try addFunction(node, "selu")
  }

  /// Keras 2 and 3 name the function of erf alike; that of tanh is said in layers.
  mutating func addGelu(_ node: Node, isTanh: Bool) throws(ScaleNetError) {
    guard isTanh else {
      try addFunction(node, "gelu")
      return
    }
    // x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x^3))).
    let input = try placement(node, 0)
    let (x, name) = (input.layer, node.name)
    let cube = append(.multiply, "\(name)_cube", [:], inputs: [x, x, x])
    let term = try appendRescaling(node, cube, scale: [0.044715], offset: [0], name: "\(name)_term")
    let sum = append(.add, "\(name)_sum", [:], inputs: [x, term])
    let inner = try appendRescaling(node, sum, scale: [0.7978846], offset: [0], name: "\(name)_inner")
    let tanh = append(.activation, "\(name)_tanh", ["activation": "tanh"], inputs: [inner])
    let gate = try appendRescaling(node, tanh, scale: [0.5], offset: [0.5], name: "\(name)_gate")
    setOutput(node, append(.multiply, name, [:], inputs: [x, gate]), order: input.order)
  }

  /// x times the sigmoid of alpha times x.
  mutating func addSwish(_ node: Node, alpha: Float) throws(ScaleNetError) {
    let input = try placement(node, 0)
    let inner =
      alpha == 1
      ? input.layer
      : try appendRescaling(node, input.layer, scale: [alpha], offset: [0], name: "\(node.name)_inner")
    let gate = append(.activation, "\(node.name)_gate", ["activation": "sigmoid"], inputs: [inner])
    setOutput(node, append(.multiply, node.name, [:], inputs: [input.layer, gate]), order: input.order)
  }

  mutating func addNegative(_ node: Node) throws(ScaleNetError) {
    let input = try placement(node, 0)
    setOutput(
      node, try appendRescaling(node, input.layer, scale: [-1], offset: [0], name: node.name),
      order: input.order)
  }

  /// The larger of x and -x.
  mutating func addMagnitude(_ node: Node) throws(ScaleNetError) {
    let input = try placement(node, 0)
    let mirrored = try appendRescaling(
      node, input.layer, scale: [-1], offset: [0], name: "\(node.name)_mirror")
    setOutput(node, append(.maximum, node.name, [:], inputs: [input.layer, mirrored]), order: input.order)
  }

  /// A function that both versions know by this name.
  mutating func addFunction(_ node: Node, _ name: String) throws(ScaleNetError) {
    try addUnary(node, .activation, ["activation": .string(name)])
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
