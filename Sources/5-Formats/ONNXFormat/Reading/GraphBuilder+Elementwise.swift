import FileIO
import ModelIR

extension GraphBuilder {
  /// Clip has its limits in attributes until opset 10, then in inputs; where none is given, there is none.
  mutating func addClip(_ node: inout NodeReader) throws(ScaleNetError) {
    var limits: (minimum: Float?, maximum: Float?)
    if opset < 11 {
      try node.requireInputs(atMost: 1)
      limits = (
        try node.float("min", default: -.greatestFiniteMagnitude),
        try node.float("max", default: .greatestFiniteMagnitude)
      )
    } else {
      try node.requireInputs(atMost: 3)
      limits = (try real(node, 1, "min"), try real(node, 2, "max"))
    }
    try addClip(node, limits.minimum, limits.maximum)
  }

  private mutating func addClip(
    _ node: NodeReader, _ minimum: Float?, _ maximum: Float?
  ) throws(ScaleNetError) {
    guard minimum != nil || maximum != nil else {
      try add(node, .identity(Identity()), inputs: [try value(node, 0)])
      return
    }
    let maximum = maximum ?? .infinity
    // min(max(x, minimum), maximum): a maximum below the minimum wins.
    let clip = Clip(minimum: min(minimum ?? -.infinity, maximum), maximum: maximum)
    try add(node, .clip(clip), inputs: [try value(node, 0)])
  }

  /// Min and Max of a value and one known number are what Clip does.
  mutating func addLimit(_ node: NodeReader) throws(ScaleNetError) {
    try node.requireInputs(atMost: 2)
    for index in 0..<2 {
      guard let limit = try partial(node, index), limit.elements.count == 1, let number = limit.reals?.first,
        let other = node.input(1 - index), case .value(let id) = lookUp(other),
        graph[id].type.rank >= limit.shape.count
      else { continue }
      let isMaximum = node.message.op == "Max"
      let clip = Clip(
        minimum: isMaximum ? Float(number) : -.infinity, maximum: isMaximum ? .infinity : Float(number))
      try add(node, .clip(clip), inputs: [id])
      return
    }
    throw node.failure("inputs", expected: "a value and one known number", found: "others")
  }

  /// The exponent may be of another type than the base, which the result has.
  mutating func addPow(_ node: NodeReader) throws(ScaleNetError) {
    try node.requireInputs(atMost: 2)
    let type = try type(node, 0).dataType
    let base = try value(node, 0)
    guard let name = node.input(1), try self.type(node, 1).dataType != type else {
      try add(node, .pow(Pow()), inputs: [base, try value(node, 1)])
      return
    }
    var exponent: Tensor?
    switch lookUp(name) {
    case .constant(let tensor, _): exponent = tensor
    case .partial(let partial, _): exponent = partial.tensor
    default: break
    }
    guard let exponent else {
      throw node.failure(
        "input Y", expected: "\(type.rawValue), or a constant", found: "\(try self.type(node, 1))")
    }
    let id = try addConstant("\(name).\(type.rawValue)", exponent.cast(to: type))
    try add(node, .pow(Pow()), inputs: [base, id])
  }

  /// An initializer that the file does not have.
  mutating func addConstant(_ base: String, _ tensor: Tensor) throws(ScaleNetError) -> ValueID {
    let name = newValueName(base)
    return try Self.wrap(path) { () throws(ScaleNetError) in try graph.addInitializer(name, tensor) }
  }

  /// Sum is a chain of additions.
  mutating func addSum(_ node: NodeReader) throws(ScaleNetError) {
    var sum = try value(node, 0)
    let count = node.message.inputs.count
    guard count > 1 else {
      try add(node, .identity(Identity()), inputs: [sum])
      return
    }
    for index in 1..<count - 1 {
      sum = try addStep(node, "sum", .add(Add()), inputs: [sum, try value(node, index)])
    }
    try add(node, .add(Add()), inputs: [sum, try value(node, count - 1)])
  }

  mutating func addLRN(_ node: inout NodeReader) throws(ScaleNetError) {
    guard let size = try node.integer("size") else {
      throw node.failure("attribute size", expected: "a value", found: "none")
    }
    let lrn = LRN(
      size: size, alpha: try node.float("alpha", default: 1e-4), beta: try node.float("beta", default: 0.75),
      bias: try node.float("bias", default: 1))
    try addUnary(node, .lrn(lrn))
  }
}
