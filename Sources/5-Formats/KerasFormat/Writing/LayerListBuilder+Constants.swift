import FileIO
import JSONText
import ModelIR

extension LayerListBuilder {
  /// A sum, difference, product or quotient: of two values, or of a value and a constant. There is no layer for the
  /// quotient of two values (`layerClass` nil).
  mutating func addElementwise(_ node: Node, _ layerClass: LayerClass?) throws(ScaleNetError) {
    if isConstant(node, 0) || isConstant(node, 1) {
      try addWithConstant(node, constant: isConstant(node, 1) ? 1 : 0)
      return
    }
    guard let layerClass else {
      throw failure(node, "input B", "a constant: no plain layer divides", "what is computed")
    }
    let types = [type(node, 0), type(node, 1)]
    guard types[0].rank == types[1].rank else {
      throw failure(node, "input B", "rank \(types[0].rank)", "\(types[1])")
    }
    let order = try commonOrder(node)
    let inputs = [try layer(node, 0, order: order), try layer(node, 1, order: order)]
    setOutput(node, append(layerClass, node.name, [:], inputs: inputs), order: order)
  }

  /// A layer of any number of values.
  mutating func addVariadic(_ node: Node, _ function: Variadic) throws(ScaleNetError) {
    let layerClass: LayerClass =
      switch function {
      case .sum: .add
      case .mean: .average
      case .min: .minimum
      case .max: .maximum
      }
    let result = graph[node.outputs[0]].type
    for index in node.inputs.indices where type(node, index).rank != result.rank || isConstant(node, index) {
      throw failure(
        node, "input \(index)", "what is computed, of rank \(result.rank)",
        isConstant(node, index) ? "a constant" : "\(type(node, index))")
    }
    if node.inputs.count == 1 {
      let input = try placement(node, 0)
      setOutput(node, input.layer, order: input.order)
      return
    }
    let order = try commonOrder(node)
    var inputs: [Int] = []
    for index in node.inputs.indices { inputs.append(try layer(node, index, order: order)) }
    setOutput(node, append(layerClass, node.name, [:], inputs: inputs), order: order)
  }

  /// One number, or one for each position along an axis, which Rescaling takes along the last axis.
  private mutating func addWithConstant(_ node: Node, constant index: Int) throws(ScaleNetError) {
    let (tensor, name) = try constant(node, index)
    let x = type(node, 1 - index)
    guard graph[node.outputs[0]].type == x else {
      throw failure(node, "input \(index)", "a constant that is broadcast to \(x)", "\(tensor.shape)")
    }
    let aligned = try aligned(tensor, rank: x.rank, name: name)
    let axes = (0..<x.rank).filter { aligned.shape[$0] != 1 }
    guard axes.count <= 1 else {
      throw failure(
        node, "input \(index)", "one number, or one for each position along one axis", "\(tensor.shape)")
    }
    let values = try floats(tensor, name)
    var scale: [Float] = [1]
    var offset: [Float] = [0]
    switch node.op {
    case .binary(.add): offset = values
    case .binary(.sub) where index == 1: offset = values.map { -$0 }
    case .binary(.sub): (scale, offset) = ([-1], values)
    case .binary(.mul): scale = values
    case .binary(.div) where index == 1: scale = values.map { 1 / $0 }
    default:
      throw failure(node, "input \(1 - index)", "a constant: no plain layer divides", "what is computed")
    }
    var input = try placement(node, 1 - index)
    if let axis = axes.first, input.order.last != axis {
      let order = input.order.filter { $0 != axis } + [axis]
      input = Placement(layer: try arranged(node, input, order), order: order)
    }
    setOutput(
      node, try appendRescaling(node, input.layer, scale: scale, offset: offset, name: node.name),
      order: input.order)
  }

  /// x * scale + offset; each is one number or one for each position along the last axis.
  mutating func appendRescaling(
    _ node: Node, _ input: Int, scale: [Float], offset: [Float], name: String
  ) throws(ScaleNetError) -> Int {
    guard (scale + offset).allSatisfy(\.isFinite) else {
      throw failure(node, "constant", "finite numbers", "an infinity or NaN")
    }
    func json(_ values: [Float]) -> JSON {
      // Exactly what the Float is: a shorter decimal would be rounded twice.
      values.count == 1 ? .number(Double(values[0])) : .array(values.map { .number(Double($0)) })
    }
    return append(.rescaling, name, ["scale": json(scale), "offset": json(offset)], inputs: [input])
  }

  /// A value times itself, for whole exponents.
  mutating func addPower(_ node: Node) throws(ScaleNetError) {
    let input = try placement(node, 0)
    let (tensor, name) = try constant(node, 1)
    let exponents = try floats(tensor, name)
    guard exponents.count == 1, let exponent = Int(exactly: exponents[0]), (1...4).contains(exponent),
      graph[node.outputs[0]].type == type(node, 0)
    else {
      throw failure(node, "input Y", "one of 1, 2, 3 and 4, as products", "\(exponents.prefix(4))")
    }
    let factors = [Int](repeating: input.layer, count: exponent)
    setOutput(
      node, exponent == 1 ? input.layer : append(.multiply, node.name, [:], inputs: factors),
      order: input.order)
  }

  mutating func addGemm(_ node: Node, _ op: Gemm) throws(ScaleNetError) {
    guard !op.transA else { throw failure(node, "transA", "0", "1") }
    let (weight, weightName) = try constant(node, 1)
    var kernel = op.transB ? weight.transposed([1, 0]) : weight
    if op.alpha != 1 { kernel = try scaled(kernel, by: op.alpha, weightName) }
    var weights = [Layer.Weight("kernel", kernel, source: weightName)]
    if node.inputs.count > 2, node.inputs[2] != nil {
      var (bias, name) = try constant(node, 2)
      let units = kernel.shape[1]
      if bias.elementCount == 1, units > 1 {
        let element = try floats(bias, name)[0]
        bias = Tensor([Float](repeating: element, count: units), shape: [units])
      }
      guard bias.elementCount == units, bias.shape.dimensions.last == units else {
        throw failure(node, "input C", "one element, or one for each of \(units) columns", "\(bias.shape)")
      }
      if op.beta != 1 { bias = try scaled(bias, by: op.beta, name) }
      weights.append(Layer.Weight("bias", bias, source: name, shape: [units]))
    }
    try addDense(node, weights, axis: 1)
  }

  /// The product with a constant matrix.
  mutating func addMatMul(_ node: Node) throws(ScaleNetError) {
    guard !isConstant(node, 0), isConstant(node, 1) else {
      throw failure(node, "input B", "a constant, and what is computed as A", "something else")
    }
    let (kernel, name) = try constant(node, 1)
    let rank = type(node, 0).rank
    guard kernel.shape.rank == 2, rank >= 2 else {
      throw failure(node, "input B", "a matrix", "\(kernel.shape)")
    }
    try addDense(node, [Layer.Weight("kernel", kernel, source: name)], axis: rank - 1)
  }

  /// A Dense layer, which works along the last axis.
  private mutating func addDense(_ node: Node, _ weights: [Layer.Weight], axis: Int) throws(ScaleNetError) {
    var input = try placement(node, 0)
    guard input.order.count > 1, input.order[0] != axis else {
      throw failure(node, "input A", "rows of a batch", "axes in the order \(input.order)")
    }
    if input.order.last != axis {
      let order = input.order.filter { $0 != axis } + [axis]
      input = Placement(layer: try arranged(node, input, order), order: order)
    }
    let settings: KeyValuePairs<String, JSON> = [
      "units": .integer(weights[0].shape[1]), "activation": "linear", "use_bias": .bool(weights.count > 1),
    ]
    setOutput(
      node, append(.dense, node.name, settings, inputs: [input.layer], weights: weights), order: input.order)
  }

  /// A constant with axes of 1 before its own, as broadcasting has it.
  func aligned(_ tensor: Tensor, rank: Int, name: String) throws(ScaleNetError) -> Tensor {
    let missing = max(0, rank - tensor.shape.rank)
    let shape = TensorShape([Int](repeating: 1, count: missing) + tensor.shape.dimensions)
    if let view = tensor.reshaped(shape) { return view }
    return Tensor(try floats(tensor, name), shape: shape)
  }

  func floats(_ tensor: Tensor, _ name: String) throws(ScaleNetError) -> [Float] {
    do throws(ScaleNetError) { return try tensor.floats() } catch {
      throw .unreadableWeight(path: path, weight: name, error: error)
    }
  }

  private func scaled(_ tensor: Tensor, by factor: Float, _ name: String) throws(ScaleNetError) -> Tensor {
    Tensor(try floats(tensor, name).map { $0 * factor }, shape: tensor.shape).cast(to: tensor.dataType)
  }
}
