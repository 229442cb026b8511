import FileIO
import ModelIR

/// Functions of the elements of several inputs, and conversions of their types.
enum ArithmeticOperators {
  static let handlers: [OperatorHandler] = [
    binary("Add", .add), binary("Sub", .sub), binary("Mul", .mul), binary("Div", .div),
    binary("And", .and), binary("Or", .or), binary("Xor", .xor),
    binary("Equal", .equal), binary("Less", .less), binary("Greater", .greater),
    binary("LessOrEqual", since: 12, .lessOrEqual), binary("GreaterOrEqual", since: 12, .greaterOrEqual),
    binary("BitwiseAnd", since: 18, .bitwiseAnd), binary("BitwiseOr", since: 18, .bitwiseOr),
    binary("BitwiseXor", since: 18, .bitwiseXor),
    .plain("BitShift", since: 11, inputs: 2) { (node) throws(ScaleNetError) in
      .binary(.bitShift(isLeft: try node.choice("direction", default: Direction.left) == .left))
    },
    .plain("Mod", since: 10, inputs: 2) { (node) throws(ScaleNetError) in
      .binary(.mod(isTruncated: try node.flag("fmod")))
    },
    .plain("Where", since: 9, inputs: 3, .where(Where())),
    .plain("Mean", inputs: 4096, .variadic(.mean)),
    OperatorHandler("PRelu") { (node, graph) throws(ScaleNetError) in
      try node.requireInputs(atMost: 2)
      try graph.add(node, .binary(.pRelu), try graph.weights(node))
    },
    OperatorHandler("Pow", readPow), OperatorHandler("Sum", readSum),
    OperatorHandler("Min", readLimit), OperatorHandler("Max", readLimit),
    OperatorHandler("Cast", readCast), OperatorHandler("CastLike", since: 15, readCastLike),
    OperatorHandler("BitCast", since: 26) { (node, graph) throws(ScaleNetError) in
      guard let target = try node.dataType("to") else {
        throw node.failure("attribute to", expected: "a type", found: "none")
      }
      try node.requireInputs(atMost: 1)
      try graph.add(node, .bitCast(BitCast(to: target)), [try graph.operand(node, 0)])
    },
  ]

  private enum Direction: String, CaseIterable {
    case left = "LEFT"
    case right = "RIGHT"
  }

  private static func binary(_ name: String, since: Int = 7, _ op: Binary) -> OperatorHandler {
    .plain(name, since: since, inputs: 2, .binary(op))
  }

  /// Sum is a chain of additions.
  private static func readSum(_ node: inout NodeReader, _ graph: inout GraphReader) throws(ScaleNetError) {
    var sum = try graph.operand(node, 0)
    let count = node.message.inputs.count
    guard count > 1 else {
      try graph.add(node, .identity(Identity()), [sum])
      return
    }
    for index in 1..<count - 1 {
      sum = try graph.step(node, "sum", .binary(.add), [sum, try graph.operand(node, index)])
    }
    try graph.add(node, .binary(.add), [sum, try graph.operand(node, count - 1)])
  }

  /// Min and Max of a value and one known number are what Clip does.
  private static func readLimit(_ node: inout NodeReader, _ graph: inout GraphReader) throws(ScaleNetError) {
    let isMaximum = node.message.op == "Max"
    let inputs = try graph.operands(node)
    if inputs.count == 2, let a = inputs[0], let b = inputs[1] {
      for (index, value, limit) in [(0, b, a), (1, a, b)] {
        guard case .value = graph.scope[value], case .constant = graph.scope[limit],
          let reals = try graph.known(node, index)?.reals(), reals.count == 1,
          graph.type(value).dataType == graph.type(limit).dataType,
          graph.type(value).rank >= graph.type(limit).rank
        else { continue }
        let number = Float(reals[0])
        let clip = Unary.clip(
          minimum: isMaximum ? number : -.infinity, maximum: isMaximum ? .infinity : number)
        try graph.add(node, .unary(clip), [value])
        return
      }
    }
    try graph.add(node, .variadic(isMaximum ? .max : .min), inputs)
  }

  /// The exponent may be of another type than the base, which the result has. A constant one gets the base's.
  private static func readPow(_ node: inout NodeReader, _ graph: inout GraphReader) throws(ScaleNetError) {
    try node.requireInputs(atMost: 2)
    let base = try graph.operand(node, 0)
    var exponent = try graph.operand(node, 1)
    let type = graph.type(base).dataType
    if graph.type(exponent).dataType != type, type.isFloatingPoint,
      case .constant(let known, _) = graph.scope[exponent], known.open.isEmpty
    {
      let tensor = try Evaluator.cast(known.tensor, to: type)
      exponent = graph.constant("\(graph.scope.name(exponent)).\(type.rawValue)", tensor)
    }
    try graph.add(node, .binary(.pow), [base, exponent])
  }

  // MARK: Types

  private static func readCast(_ node: inout NodeReader, _ graph: inout GraphReader) throws(ScaleNetError) {
    guard let target = try node.dataType("to") else {
      throw node.failure("attribute to", expected: "a type", found: "none")
    }
    let op = try cast(&node, to: target)
    try node.requireInputs(atMost: 1)
    try graph.add(node, .cast(op), [try graph.operand(node, 0)])
  }

  /// A Cast with the attributes of a node. Only small floats saturate, from opset 19 on, and only powers of two are
  /// rounded in several ways, from opset 24 on.
  private static func cast(_ node: inout NodeReader, to target: DataType) throws(ScaleNetError) -> Cast {
    Cast(
      to: target, saturates: try node.flag("saturate", default: true),
      powerRounding: try node.choice("round_mode", default: .up))
  }

  /// A Cast to the type of another value, whose elements do not matter.
  private static func readCastLike(
    _ node: inout NodeReader, _ graph: inout GraphReader
  ) throws(ScaleNetError) {
    try node.requireInputs(atMost: 2)
    let input = try graph.operand(node, 0)
    let op = try cast(&node, to: try graph.type(node, 1).dataType)
    let isSame = graph.type(input).dataType == op.to
    try graph.add(node, isSame ? .identity(Identity()) : .cast(op), [input])
  }

  // MARK: Writing

  static func write(_ op: Binary, _ node: inout NodeWriter) throws(ScaleNetError) {
    switch op {
    case .add, .sub, .mul, .div, .pRelu, .and, .or, .xor, .equal, .less, .greater: break
    case .pow:
      guard node.opset >= 12 || node.type(0).dataType == node.type(1).dataType else {
        throw node.failure("input Y", expected: node.type(0).dataType.rawValue, found: "\(node.type(1))")
      }
    case .lessOrEqual, .greaterOrEqual: try node.require(opset: 12)
    case .bitwiseAnd, .bitwiseOr, .bitwiseXor: try node.require(opset: 18)
    case .mod(let isTruncated): node.set("fmod", isTruncated)
    case .bitShift(let isLeft): node.set("direction", (isLeft ? Direction.left : .right).rawValue)
    }
  }

  static func write(_ op: BitCast, _ node: inout NodeWriter) throws(ScaleNetError) {
    try node.require(opset: 26)
    node.set("to", Int(op.to.onnxNumber))
  }

  static func write(_ op: Cast, _ node: inout NodeWriter) throws(ScaleNetError) {
    node.set("to", Int(op.to.onnxNumber))
    if op.to.isSmallFloat, !op.saturates {
      try node.require(opset: 19)
      node.set("saturate", false)
    }
    if op.to == .float8E8M0, op.powerRounding != .up { node.set("round_mode", op.powerRounding.rawValue) }
  }
}
