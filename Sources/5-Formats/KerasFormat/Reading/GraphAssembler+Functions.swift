import FileIO
import JSONText
import ModelIR

extension GraphAssembler {
  /// What a function makes of a value.
  private enum Function {
    case nothing
    case unary(Unary)
    /// x times a function of x.
    case gated(Unary)
    /// x less a function of x.
    case shrunk(Unary)
    case softmax
    case logSoftmax
    /// The logarithm of the sigmoid: -softplus(-x).
    case logSigmoid
    /// (x + sqrt(x * x + 4)) / 2.
    case squarePlus
    /// The first half of the last axis times the sigmoid of the second.
    case gatedLinear
  }

  /// The functions that `activation` can name. They are the same in both versions but for `hard_sigmoid`: Keras 3 has
  /// relu6(x + 3) / 6, Keras 2 a line of slope 0.2.
  private func function(named name: String) -> Function? {
    switch name {
    case "linear": .nothing
    case "relu": .unary(.relu)
    case "relu6": .unary(.clip(minimum: 0, maximum: 6))
    case "leaky_relu": .unary(.leakyRelu(alpha: 0.2))
    case "sigmoid": .unary(.sigmoid)
    case "hard_sigmoid": .unary(.hardSigmoid(alpha: isKeras3 ? 1.0 / 6 : 0.2, beta: 0.5))
    case "tanh": .unary(.tanh)
    case "hard_tanh": .unary(.clip(minimum: -1, maximum: 1))
    case "tanh_shrink": .shrunk(.tanh)
    case "exponential": .unary(.exp)
    case "hard_swish", "hard_silu": .unary(.hardSwish)
    case "swish", "silu": .gated(.sigmoid)
    case "elu": .unary(.elu(alpha: 1))
    case "selu": .unary(.selu(alpha: 1.6732632, gamma: 1.0507010))
    case "celu": .unary(.celu(alpha: 1))
    case "gelu": .unary(.gelu(isTanh: false))
    case "softplus": .unary(.softplus)
    case "softsign": .unary(.softsign)
    case "mish": .unary(.mish)
    case "softmax": .softmax
    case "log_softmax": .logSoftmax
    case "log_sigmoid": .logSigmoid
    case "squareplus": .squarePlus
    case "glu": .gatedLinear
    case "hard_shrink": .unary(.shrink(bias: 0, lambda: 0.5))
    case "soft_shrink": .unary(.shrink(bias: 0.5, lambda: 0.5))
    case "sparse_sigmoid": .unary(.hardSigmoid(alpha: 0.5, beta: 0.5))
    default: nil
    }
  }

  /// The functions that change single numbers, whatever is beside them.
  func unary(named name: String) -> Unary? {
    if case .unary(let function)? = function(named: name) { return function }
    return name == "swish" || name == "silu" ? .swish(alpha: 1) : nil
  }

  /// The value behind the function or layer that the setting `activation` names; `name` is that of its node.
  mutating func activated(
    _ value: LayerValue, name: String, _ reader: inout LayerReader
  ) throws(ScaleNetError) -> LayerValue {
    guard let stated = reader.value("activation") else { return value }
    if case .object = stated, let layer = activationLayer(stated, name: name, reader) {
      return try activated(value, by: layer, reader)
    }
    // A function of Keras's own may be an object that names it.
    var word = stated
    if stated["class_name"] == .string("function"), let config = stated["config"] { word = config }
    guard case .string(let text) = word, let function = function(named: text) else {
      throw reader.failure("activation", "a function or layer of Keras's", word.kind)
    }
    return try applied(function, to: value, name: name)
  }

  /// The layer that stands in place of a function; nil if it is none.
  private func activationLayer(
    _ json: JSON, name: String, _ reader: LayerReader
  ) -> LayerConfiguration? {
    guard case .string(let className)? = json["class_name"], let settings = json["config"],
      case .object = settings,
      let kind = try? LayerKind(json, className, settings, { reader.failure($0, $1, $2) })
    else { return nil }
    switch kind.layerClass {
    case .relu, .leakyRelu, .thresholdedRelu, .elu, .softmax, .activation, .identity: break
    default: return nil
    }
    return LayerConfiguration(
      index: reader.layer.index, layerClass: kind.layerClass, className: className, operation: nil,
      name: name,
      ownName: reader.layer.ownName, settings: settings, source: reader.layer.source)
  }

  private mutating func activated(
    _ value: LayerValue, by layer: LayerConfiguration, _ reader: LayerReader
  ) throws(ScaleNetError) -> LayerValue {
    var layer = layer
    layer.inputs = [place(value)]
    var own = try LayerReader(layer, path: path, isKeras3: isKeras3)
    let result = try add(layer, &own)
    try own.finish()
    return result
  }

  /// The function behind a layer with weights, whose name the node before it has.
  mutating func activatedBehind(
    _ value: LayerValue, _ reader: inout LayerReader
  ) throws(ScaleNetError) -> LayerValue {
    switch reader.layer.settings["activation"] {
    case nil, .null?, .string("linear")?: return try activated(value, name: "", &reader)
    default: return try activated(value, name: unusedName("\(reader.layer.name)_activation"), &reader)
    }
  }

  private mutating func applied(
    _ function: Function, to value: LayerValue, name: String
  ) throws(ScaleNetError) -> LayerValue {
    var value = value
    let op: Operator
    switch function {
    case .nothing: return value
    case .unary(let unary): op = .unary(unary)
    case .gated(let gate):
      let factor = try node(unusedName("\(name)_\(gate.name.lowercased())"), .unary(gate), [value.id])
      value.id = try node(name, .binary(.mul), [value.id, factor])
      value.isNonNegative = false
      return value
    case .shrunk(let unary):
      let part = try node(unusedName("\(name)_\(unary.name.lowercased())"), .unary(unary), [value.id])
      value.id = try node(name, .binary(.sub), [value.id, part])
      value.isNonNegative = false
      return value
    // Along the last axis that Keras has.
    case .softmax: op = .softmax(Softmax(axis: value.order.last ?? 0))
    case .logSoftmax: op = .logSoftmax(LogSoftmax(axis: value.order.last ?? 0))
    case .logSigmoid:
      let turned = try node(unusedName("\(name)_negative"), .unary(.neg), [value.id])
      let soft = try node(unusedName("\(name)_softplus"), .unary(.softplus), [turned])
      value.id = try node(name, .unary(.neg), [soft])
      value.isNonNegative = false
      return value
    case .squarePlus:
      let four = try constant("\(name).four", [4], value)
      let half = try constant("\(name).half", [0.5], value)
      let square = try node(unusedName("\(name)_square"), .binary(.mul), [value.id, value.id])
      let sum = try node(unusedName("\(name)_sum"), .binary(.add), [square, four])
      let root = try node(unusedName("\(name)_root"), .unary(.sqrt), [sum])
      let both = try node(unusedName("\(name)_both"), .binary(.add), [value.id, root])
      value.id = try node(name, .binary(.mul), [both, half])
      value.isNonNegative = true
      return value
    case .gatedLinear:
      let axis = value.order.last ?? 0
      let count = extents(value.id)[axis] / 2
      guard count > 0, extents(value.id)[axis] == 2 * count else {
        throw ScaleNetError(
          place: name, expected: "an even number of channels", found: "\(graph[value.id].type)"
        ).inFile(path)
      }
      let halves = [0, count].map { Slice(axes: [axis], starts: [$0], steps: [1], counts: [count]) }
      let first = try node(unusedName("\(name)_first"), .slice(halves[0]), [value.id])
      let second = try node(unusedName("\(name)_second"), .slice(halves[1]), [value.id])
      let gate = try node(unusedName("\(name)_sigmoid"), .unary(.sigmoid), [second])
      value.id = try node(name, .binary(.mul), [first, gate])
      value.isNonNegative = false
      return value
    }
    value.id = try node(name, op, [value.id])
    switch op {
    case .softmax, .unary(.relu), .unary(.sigmoid), .unary(.hardSigmoid), .unary(.exp), .unary(.softplus):
      value.isNonNegative = true
    case .unary(.clip(let minimum, _)): value.isNonNegative = minimum >= 0
    default: value.isNonNegative = false
    }
    return value
  }
}
