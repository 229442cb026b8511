import FileIO
import ModelIR

extension GraphBuilder {
  /// Adds what a node of the file stands for.
  mutating func add(_ node: inout NodeReader) throws(ScaleNetError) {
    if !functions.isEmpty, try addCall(&node) { return }
    guard node.message.domain.isEmpty || node.message.domain == "ai.onnx" else {
      throw node.failure("domain", expected: "ONNX's own", found: node.message.domain)
    }
    guard node.message.overload.isEmpty else {
      throw node.failure("overload", expected: "none", found: node.message.overload)
    }
    guard opset >= 7 || Self.unchangedBeforeOpset7.contains(node.message.op) else {
      throw node.failure("opset", expected: "7 to 21", found: "\(opset)")
    }
    if try evaluate(&node) {
      try node.finish()
      return
    }
    switch node.message.op {
    case "Relu": try addUnary(node, .relu(Relu()))
    case "LeakyRelu":
      let alpha = try node.float("alpha", default: 0.01)
      try addUnary(node, .leakyRelu(LeakyRelu(alpha: alpha)))
    case "Sigmoid": try addUnary(node, .sigmoid(Sigmoid()))
    case "HardSigmoid":
      let alpha = try node.float("alpha", default: 0.2)
      let beta = try node.float("beta", default: 0.5)
      try addUnary(node, .hardSigmoid(HardSigmoid(alpha: alpha, beta: beta)))
    case "HardSwish" where opset >= 14: try addUnary(node, .hardSwish(HardSwish()))
    case "Tanh": try addUnary(node, .tanh(Tanh()))
    case "Sqrt": try addUnary(node, .sqrt(Sqrt()))
    case "Exp": try addUnary(node, .exp(Exp()))
    case "Identity": try addUnary(node, .identity(Identity()))
    case "Clip": try addClip(&node)
    case "PRelu":
      try node.requireInputs(atMost: 2)
      try add(node, .pRelu(PRelu()), inputs: try weights(node))
    case "Add": try addBinary(node, .add(Add()))
    case "Sub": try addBinary(node, .sub(Sub()))
    case "Mul": try addBinary(node, .mul(Mul()))
    case "Div": try addBinary(node, .div(Div()))
    case "Pow": try addPow(node)
    case "Sum": try addSum(node)
    case "Min", "Max": try addLimit(node)
    case "Conv": try addConv(&node)
    case "BatchNormalization": try addBatchNormalization(&node)
    case "LRN": try addLRN(&node)
    case "Softmax": try addSoftmax(&node)
    case "MaxPool", "AveragePool": try addPool(&node)
    case "GlobalAveragePool": try addGlobalPool(node, .globalAveragePool(GlobalAveragePool()))
    case "GlobalMaxPool": try addGlobalPool(node, .globalMaxPool(GlobalMaxPool()))
    case "ReduceMean": try addReduceMean(&node)
    case "Resize": try addResize(&node)
    case "Upsample": try addUpsample(&node)
    case "Gemm": try addGemm(&node)
    case "MatMul": try addMatMul(node)
    case "Concat": try addConcat(&node)
    case "Flatten": try addFlatten(&node)
    case "Reshape": try addReshape(&node)
    case "Squeeze", "Unsqueeze": try addSqueeze(&node)
    case "Transpose": try addTranspose(&node)
    case "Slice": try addSlice(&node)
    case "Split": try addSplit(&node)
    case "Gather": try addGather(&node)
    case "Pad": try addPad(&node)
    case "Expand": try addExpand(node)
    case "Dropout": try addDropout(&node)
    case "Cast": try addCast(&node)
    case "CastLike": try addCastLike(&node)
    case "If": try addIf(&node)
    default:
      let known =
        "an operator that is supported here"
        + (Self.arithmetic.contains(node.message.op) ? ", or known inputs" : "")
      throw node.failure("op_type", expected: known, found: node.message.op)
    }
  }

  /// Operators that older opsets than those that are read define as opset 7 does.
  private static let unchangedBeforeOpset7: Set<String> = [
    "GlobalAveragePool", "GlobalMaxPool", "Relu", "LeakyRelu", "Sigmoid", "HardSigmoid", "Tanh", "Sqrt",
    "Exp",
  ]

  mutating func addUnary(_ node: NodeReader, _ op: Operator) throws(ScaleNetError) {
    try node.requireInputs(atMost: 1)
    try add(node, op, inputs: [try value(node, 0)])
  }

  mutating func addBinary(_ node: NodeReader, _ op: Operator) throws(ScaleNetError) {
    try node.requireInputs(atMost: 2)
    try add(node, op, inputs: [try value(node, 0), try value(node, 1)])
  }

  private mutating func addBatchNormalization(_ node: inout NodeReader) throws(ScaleNetError) {
    let epsilon = try node.float("epsilon", default: 1e-5)
    // How running statistics change in training.
    node.ignore("momentum")
    if opset >= 14 {
      try node.requireZero("training_mode")
    } else if opset < 9, try node.integer("spatial", default: 1) != 1 {
      throw node.failure("attribute spatial", expected: "1", found: "another value")
    }
    try node.requireInputs(atMost: 5)
    // Until opset 13 these follow from training; files that were exported in that mode name them nevertheless.
    for index in 1..<5 { try leaveOut(node, output: index, because: "a result of training") }
    let inputs = try weights(node)
    try add(
      node, .batchNormalization(BatchNormalization(epsilon: epsilon)), inputs: inputs,
      output: try node.firstOutput())
  }

  private mutating func addSoftmax(_ node: inout NodeReader) throws(ScaleNetError) {
    let type = try type(node, 0)
    let axis = try node.axis(try node.integer("axis", default: opset < 13 ? 1 : -1), rank: type.rank)
    try node.requireInputs(atMost: 1)
    let input = try value(node, 0)
    guard opset < 13, type.dimensions[(axis + 1)...].contains(where: { $0 != 1 }) else {
      try add(node, .softmax(Softmax(axis: axis)), inputs: [input])
      return
    }
    // Until opset 12 all axes from the given one on were taken together.
    let rows = try addStep(node, "rows", .flatten(Flatten(axis: axis)), inputs: [input])
    let softmax = try addStep(node, "softmax", .softmax(Softmax(axis: 1)), inputs: [rows])
    try add(node, .reshape(try Self.reshape(to: type, node)), inputs: [softmax])
  }

  mutating func addConcat(_ node: inout NodeReader) throws(ScaleNetError) {
    guard let axis = try node.integer("axis") else {
      throw node.failure("attribute axis", expected: "a value", found: "none")
    }
    let rank = try type(node, 0).rank
    try add(node, .concat(Concat(axis: try node.axis(axis, rank: rank))), inputs: try values(node))
  }

  /// Dropout does nothing in inference: every element passes, and the mask, if it is asked for, says so.
  private mutating func addDropout(_ node: inout NodeReader) throws(ScaleNetError) {
    node.ignore("seed")
    if opset < 12 { node.ignore("ratio") }
    try node.requireInputs(atMost: opset < 12 ? 1 : 3)
    if let mode = try constant(node, 2, "training_mode"), mode.elements != [.integer(0)] {
      let ratio = try real(node, 1, "ratio") ?? 0.5
      guard ratio == 0 else {
        throw node.failure(
          "input training_mode", expected: "false, or a ratio of 0", found: "true, and a ratio of \(ratio)")
      }
    }
    if node.message.outputs.count > 1, !node.message.outputs[1].isEmpty {
      let mask = node.message.outputs[1]
      let shape = try type(node, 0).dimensions.compactMap(\.value)
      if shape.count == (try type(node, 0).rank) {
        try define(node, output: mask, .constant(try allTrue(node, TensorShape(shape)), value: nil))
      } else {
        try leaveOut(node, output: 1, because: "a mask of open extents")
      }
    }
    try add(node, .identity(Identity()), inputs: [try value(node, 0)], output: try node.firstOutput())
  }

  /// A tensor of truths, all of them one byte.
  private func allTrue(_ node: NodeReader, _ shape: TensorShape) throws(ScaleNetError) -> Tensor {
    do throws(ScaleNetError) {
      return try Tensor(
        .bool, shape, storage: .copying([UInt8(1)], origin: path),
        strides: Array(repeating: 0, count: shape.rank))
    } catch {
      throw .unreadableTensor(path: path, tensor: node.name, error: error)
    }
  }

  private mutating func addCast(_ node: inout NodeReader) throws(ScaleNetError) {
    let target = try castTarget(&node)
    try node.requireInputs(atMost: 1)
    try add(node, .cast(Cast(to: target)), inputs: [try value(node, 0)])
  }

  /// A Cast to the type of another value, whose elements do not matter.
  private mutating func addCastLike(_ node: inout NodeReader) throws(ScaleNetError) {
    node.ignore("saturate")
    try node.requireInputs(atMost: 2)
    let target = try type(node, 1).dataType
    if let result = try partial(node, 0)?.cast(to: target) {
      try node.finish()
      try define(node, .partial(result, value: nil))
      return
    }
    let isSame = try type(node, 0).dataType == target
    if let name = node.input(0), case .constant(let tensor, _) = lookUp(name),
      isSame || tensor.dataType == tensor.storedType && target.isFloatingPoint
    {
      try node.finish()
      try define(node, .constant(isSame ? tensor : tensor.cast(to: target), value: nil))
      return
    }
    try add(node, isSame ? .identity(Identity()) : .cast(Cast(to: target)), inputs: [try value(node, 0)])
  }

  func castTarget(_ node: inout NodeReader) throws(ScaleNetError) -> DataType {
    guard let number = try node.integer("to") else {
      throw node.failure("attribute to", expected: "a type", found: "none")
    }
    guard let type = DataType(onnxNumber: Int64(number)) else {
      throw node.failure(
        "attribute to", expected: "a type of numbers", found: DataType.onnxName(Int64(number)))
    }
    // Only 8-bit floats saturate.
    node.ignore("saturate")
    return type
  }
}
