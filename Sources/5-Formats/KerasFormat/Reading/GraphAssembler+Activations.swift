import FileIO
import ModelIR

extension GraphAssembler {
  mutating func addRelu(_ reader: inout LayerReader) throws(ScaleNetError) -> LayerValue {
    var value = try rawInput(reader)
    let most = try reader.number("max_value")
    let slope = try reader.number("negative_slope", default: 0) ?? 0
    let threshold = try reader.number("threshold", default: 0) ?? 0
    guard threshold == 0, slope >= 0 else {
      throw reader.failure("threshold, negative_slope", "0, and 0 or more", "\(threshold), \(slope)")
    }
    if let most, most < 0 { throw reader.failure("max_value", "0 or more", "\(most)") }
    let name = reader.layer.name
    if slope != 0 {
      value.id = try node(
        most == nil ? name : unusedName("\(name)_slope"), .unary(.leakyRelu(alpha: Float(slope))),
        [value.id])
      value.isNonNegative = false
      guard let most else { return value }
      value.id = try node(
        name, .unary(.clip(minimum: -.greatestFiniteMagnitude, maximum: Float(most))), [value.id])
      return value
    }
    let op: Operator = most.map { .unary(.clip(minimum: 0, maximum: Float($0))) } ?? .unary(.relu)
    value.id = try node(name, op, [value.id])
    value.isNonNegative = true
    return value
  }

  /// Keras 2 names the slope alpha, Keras 3 negative_slope.
  mutating func addLeakyRelu(_ reader: inout LayerReader) throws(ScaleNetError) -> LayerValue {
    var value = try rawInput(reader)
    let alpha = try reader.number("alpha")
    guard let slope = try reader.number("negative_slope", default: alpha ?? 0.3) else { return value }
    value.id = try node(reader.layer.name, .unary(.leakyRelu(alpha: Float(slope))), [value.id])
    value.isNonNegative = value.isNonNegative && slope >= 0
    return value
  }

  mutating func addPRelu(_ reader: inout LayerReader) throws(ScaleNetError) -> LayerValue {
    var value = try input(reader)
    let stated = reader.value("shared_axes")
    var shared: [Int] = []
    if case .array(let items)? = stated {
      shared = items.compactMap { if case .integer(let axis) = $0 { axis } else { nil } }
      guard shared.count == items.count, shared.allSatisfy({ (1..<value.order.count).contains($0) }) else {
        throw reader.failure("shared_axes", "axes behind the batch", stated?.kind ?? "nothing")
      }
    } else if let stated {
      throw reader.failure("shared_axes", "a list of axes", stated.kind)
    }
    let extents = extents(value.id)
    let shape = value.order.indices.dropFirst().map { shared.contains($0) ? 1 : extents[value.order[$0]] }
    let alpha = try weights(reader, [("alpha", TensorShape(shape))])[0]
    // The axes as the graph has them.
    var positions = [Int](repeating: 0, count: value.order.count)
    for (position, axis) in value.order.enumerated() { positions[axis] = position }
    guard let aligned = alpha.reshaped(TensorShape([1] + shape)) else {
      throw reader.failure("alpha", "elements without gaps", "others")
    }
    let slope = try initializer("\(reader.layer.name).alpha", aligned.transposed(positions))
    value.id = try node(reader.layer.name, .binary(.pRelu), [value.id, slope])
    value.isNonNegative = false
    return value
  }

  /// The functions that `activation` can name.
  private static let functions = [
    "linear", "relu", "relu6", "leaky_relu", "sigmoid", "hard_sigmoid", "softmax", "tanh", "swish", "silu",
    "hard_swish", "hard_silu", "exponential",
  ]

  /// The value behind the function that the setting `activation` names; `name` is that of its node.
  mutating func activated(
    _ value: LayerValue, name: String, _ reader: inout LayerReader
  ) throws(ScaleNetError) -> LayerValue {
    var value = value
    let op: Operator
    switch try reader.word("activation", Self.functions, default: "linear") {
    case "relu": op = .unary(.relu)
    case "relu6": op = .unary(.clip(minimum: 0, maximum: 6))
    case "leaky_relu": op = .unary(.leakyRelu(alpha: 0.2))
    case "sigmoid": op = .unary(.sigmoid)
    // Keras 3 has relu6(x + 3) / 6, Keras 2 a line of slope 0.2.
    case "hard_sigmoid": op = .unary(.hardSigmoid(alpha: isKeras3 ? 1.0 / 6 : 0.2, beta: 0.5))
    case "tanh": op = .unary(.tanh)
    case "exponential": op = .unary(.exp)
    case "hard_swish", "hard_silu": op = .unary(.hardSwish)
    case "swish", "silu":
      let gate = try node(unusedName("\(name)_sigmoid"), .unary(.sigmoid), [value.id])
      value.id = try node(name, .binary(.mul), [value.id, gate])
      value.isNonNegative = false
      return value
    case "softmax":
      // Along the last axis that Keras has.
      guard let axis = value.order.last else { return value }
      op = .softmax(Softmax(axis: axis))
    default: return value
    }
    value.id = try node(name, op, [value.id])
    switch op {
    case .unary(.leakyRelu), .unary(.tanh), .unary(.hardSwish): break
    default: value.isNonNegative = true
    }
    return value
  }
}
