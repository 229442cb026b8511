import ModelIR

extension GraphBuilder {
  /// Adds what a node of the file stands for.
  mutating func add(_ node: inout NodeReader) throws(ONNXError) {
    if !functions.isEmpty, try addCall(&node) { return }
    guard node.message.domain.isEmpty || node.message.domain == "ai.onnx" else {
      throw node.failure("domain", expected: "ONNX's own", found: node.message.domain)
    }
    guard node.message.overload.isEmpty else {
      throw node.failure("overload", expected: "none", found: node.message.overload)
    }
    if try evaluate(&node) {
      try node.finish()
      return
    }
    switch node.message.op {
    case "Conv": try addConv(&node)
    case "BatchNormalization": try addBatchNormalization(&node)
    case "Relu": try addUnary(node, .relu(Relu()))
    case "Sigmoid": try addUnary(node, .sigmoid(Sigmoid()))
    case "Identity": try addUnary(node, .identity(Identity()))
    case "Softmax": try addSoftmax(&node)
    case "MaxPool": try addMaxPool(&node)
    case "AveragePool": try addAveragePool(&node)
    case "GlobalAveragePool": try addUnary(node, .globalAveragePool(GlobalAveragePool()))
    case "ReduceMean": try addReduceMean(&node)
    case "Resize": try addResize(&node)
    case "Upsample": try addUpsample(&node)
    case "Concat": try addConcat(&node)
    case "Add": try addBinary(node, .add(Add()))
    case "Mul": try addBinary(node, .mul(Mul()))
    case "Gemm": try addGemm(&node)
    case "MatMul": try addMatMul(node)
    case "Flatten": try addFlatten(&node)
    case "Reshape": try addReshape(&node)
    case "Squeeze", "Unsqueeze": try addSqueeze(&node)
    case "Dropout": try addDropout(&node)
    case "Cast": try addCast(&node)
    case "If": try addIf(&node)
    default:
      let known =
        "an operator that is supported here"
        + (Self.arithmetic.contains(node.message.op) ? ", or known inputs" : "")
      throw node.failure("op_type", expected: known, found: node.message.op)
    }
  }

  private mutating func addUnary(_ node: NodeReader, _ op: Operator) throws(ONNXError) {
    try node.requireInputs(atMost: 1)
    try add(node, op, inputs: [try value(node, 0)])
  }

  private mutating func addBinary(_ node: NodeReader, _ op: Operator) throws(ONNXError) {
    try node.requireInputs(atMost: 2)
    try add(node, op, inputs: [try value(node, 0), try value(node, 1)])
  }

  private mutating func addBatchNormalization(_ node: inout NodeReader) throws(ONNXError) {
    let epsilon = try node.float("epsilon", default: 1e-5)
    // How running statistics change in training.
    node.ignore("momentum")
    if opset >= 14 {
      try node.requireZero("training_mode")
    } else if opset < 9, try node.integer("spatial", default: 1) != 1 {
      throw node.failure("attribute spatial", expected: "1", found: "another value")
    }
    try node.requireInputs(atMost: 5)
    try add(node, .batchNormalization(BatchNormalization(epsilon: epsilon)), inputs: try values(node))
  }

  private mutating func addSoftmax(_ node: inout NodeReader) throws(ONNXError) {
    let type = try type(node, 0)
    let axis = try node.axis(try node.integer("axis", default: opset < 13 ? 1 : -1), rank: type.rank)
    // Until opset 12 all axes from the given one on were taken together.
    if opset < 13, let open = type.dimensions[(axis + 1)...].first(where: { $0 != 1 }) {
      throw node.failure(
        "attribute axis", expected: "extents of 1 after it in opset \(opset)", found: "\(open) in \(type)")
    }
    try node.requireInputs(atMost: 1)
    try add(node, .softmax(Softmax(axis: axis)), inputs: [try value(node, 0)])
  }

  private mutating func addConcat(_ node: inout NodeReader) throws(ONNXError) {
    guard let axis = try node.integer("axis") else {
      throw node.failure("attribute axis", expected: "a value", found: "none")
    }
    let rank = try type(node, 0).rank
    try add(node, .concat(Concat(axis: try node.axis(axis, rank: rank))), inputs: try values(node))
  }

  /// Dropout does nothing in inference.
  private mutating func addDropout(_ node: inout NodeReader) throws(ONNXError) {
    node.ignore("ratio")
    node.ignore("seed")
    if let mode = try constant(node, 2, "training_mode"), mode.elements != [.integer(0)] {
      throw node.failure("input training_mode", expected: "false", found: "\(mode)")
    }
    try add(node, .identity(Identity()), inputs: [try value(node, 0)])
  }

  private mutating func addCast(_ node: inout NodeReader) throws(ONNXError) {
    let target = try castTarget(&node)
    try node.requireInputs(atMost: 1)
    try add(node, .cast(Cast(to: target)), inputs: [try value(node, 0)])
  }

  func castTarget(_ node: inout NodeReader) throws(ONNXError) -> DataType {
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
