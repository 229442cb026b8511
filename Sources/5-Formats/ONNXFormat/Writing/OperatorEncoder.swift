import FileIO
import ModelIR

/// Says operators in the words of one opset.
struct OperatorEncoder {
  let graph: Graph
  let opset: Int
  let path: String

  func encode(_ node: Node) throws(ScaleNetError) -> NodeEncoding {
    var encoding = NodeEncoding(node, in: graph)
    try checkTypes(node)
    switch node.op {
    case .conv(let op):
      set(op.window, dilations: true, in: &encoding)
      encoding.set("group", op.group)
    case .batchNormalization(let op):
      try checkStatistics(node)
      encoding.set("epsilon", op.epsilon)
    case .softmax(let op):
      let type = type(node, 0)
      // Until opset 12 all axes from the given one on are taken together.
      if opset < 13, type.dimensions[(op.axis + 1)...].contains(where: { $0 != 1 }) {
        throw failure(
          node, "axis", "opset 13 or later, or extents of 1 after axis \(op.axis)", "opset \(opset), \(type)")
      }
      encoding.set("axis", op.axis)
    case .maxPool(let op):
      set(op.window, dilations: true, in: &encoding)
      encoding.set("ceil_mode", op.ceilMode)
    case .averagePool(let op):
      let isDilated = op.window.dilations != [1, 1]
      guard !isDilated || opset >= 19 else {
        throw failure(
          node, "dilations", "opset 19 or later, or [1, 1]", "opset \(opset), \(op.window.dilations)")
      }
      set(op.window, dilations: isDilated, in: &encoding)
      encoding.set("ceil_mode", op.ceilMode)
      encoding.set("count_include_pad", op.countIncludePad)
    case .resize(let op):
      try encode(op, node, into: &encoding)
    case .concat(let op):
      encoding.set("axis", op.axis)
    case .gemm(let op):
      encoding.set("alpha", op.alpha)
      encoding.set("beta", op.beta)
      encoding.set("transA", op.transA)
      encoding.set("transB", op.transB)
    case .flatten(let op):
      encoding.set("axis", op.axis)
    case .reshape(let op):
      encoding.addConstant(
        "shape", Tensor(op.shape.map { Int64($0) }, shape: [op.shape.count]), in: graph)
    case .cast(let op):
      encoding.set("to", Int(op.to.onnxNumber))
    case .clip(let op):
      let type = type(node, 0).dataType
      encoding.addConstant("min", Tensor([op.minimum], shape: []).cast(to: type), in: graph)
      encoding.addConstant("max", Tensor([op.maximum], shape: []).cast(to: type), in: graph)
    case .pad(let op):
      guard op.mode != .wrap || opset >= 19 else {
        throw failure(node, "mode", "opset 19 or later, or another mode", "opset \(opset), wrap")
      }
      encoding.set("mode", op.mode.rawValue)
      encoding.addConstant("pads", Tensor(op.pads.map { Int64($0) }, shape: [op.pads.count]), in: graph)
      encoding.addConstant("value", Tensor([op.value], shape: []).cast(to: type(node, 0).dataType), in: graph)
    case .leakyRelu(let op):
      encoding.set("alpha", op.alpha)
    case .hardSigmoid(let op):
      encoding.set("alpha", op.alpha)
      encoding.set("beta", op.beta)
    case .hardSwish:
      guard opset >= 14 else {
        throw failure(node, "op_type", "opset 14 or later", "HardSwish in opset \(opset)")
      }
    case .lrn(let op):
      encoding.set("size", op.size)
      encoding.set("alpha", op.alpha)
      encoding.set("beta", op.beta)
      encoding.set("bias", op.bias)
    case .transpose, .slice, .gather, .reduceMean, .expand:
      encodeShape(node, into: &encoding)
    case .relu, .sigmoid, .tanh, .sqrt, .exp, .globalAveragePool, .globalMaxPool, .add, .sub, .mul, .div,
      .pow, .pRelu, .matMul, .identity:
      break
    }
    return encoding
  }

  func type(_ node: Node, _ input: Int) -> TensorType {
    guard input < node.inputs.count, let id = node.inputs[input] else { return TensorType(.float32, []) }
    return graph[id].type
  }

  func failure(_ node: Node, _ place: String, _ expected: String, _ found: String) -> ScaleNetError {
    .invalidNode(
      path: path, node: node.name, op: node.op.name, place: place, expected: expected, found: found)
  }

  private func set(_ window: Window, dilations: Bool, in encoding: inout NodeEncoding) {
    if dilations { encoding.set("dilations", window.dilations) }
    encoding.set("kernel_shape", window.kernel)
    encoding.set("pads", window.pads)
    encoding.set("strides", window.strides)
  }

  /// bfloat16 is no type of convolutions and pools before opset 22.
  private func checkTypes(_ node: Node) throws(ScaleNetError) {
    if case .cast = node.op { return }
    for index in node.inputs.indices where type(node, index).dataType == .bfloat16 {
      throw failure(
        node, "input \(index)", "an element type that ONNX's operators have, such as float32", "bfloat16")
    }
  }

  /// All five inputs are of one type; mean and variance may have their own from opset 14, scale and shift from 15.
  private func checkStatistics(_ node: Node) throws(ScaleNetError) {
    let types = (0..<5).map { type(node, $0).dataType }
    let mayDiffer = opset >= 15 ? [1, 3] : opset == 14 ? [3] : []
    for index in 1..<5 where types[index] != types[index - 1] && !mayDiffer.contains(index) {
      throw failure(
        node, "input \(index)", "\(types[index - 1].rawValue) in opset \(opset)", types[index].rawValue)
    }
  }
}
