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
    let (stated, narrow) = try node.dataTypeOrNarrow("to")
    guard let target = stated else {
      throw node.failure("attribute to", expected: "a type", found: "none")
    }
    // Only 8-bit floats saturate, and only those with an exponent alone are rounded in several ways.
    node.ignore("saturate")
    node.ignore("round_mode")
    try node.requireInputs(atMost: 1)
    let input = try graph.operand(node, 0)
    guard let narrow else {
      try graph.add(node, .cast(Cast(to: target)), [input])
      return
    }
    // Real numbers are rounded, and limited to the range.
    guard graph.type(input).dataType.isFloatingPoint else {
      throw node.failure(
        "input 0", expected: "real numbers, to make integers of \(narrow.bits) bits of",
        found: "\(graph.type(input))")
    }
    let rounded = try graph.step(node, "rounded", .unary(.round), [input])
    let (minimum, maximum) = narrow.range
    let limited = try graph.step(
      node, "limited", .unary(.clip(minimum: Float(minimum), maximum: Float(maximum))), [rounded])
    let output = try node.output()
    try graph.add(node, .cast(Cast(to: target)), [limited], output: output)
    if let operand = graph.scope.operand(output) { graph.narrow[operand] = narrow }
  }

  /// A Cast to the type of another value, whose elements do not matter.
  private static func readCastLike(
    _ node: inout NodeReader, _ graph: inout GraphReader
  ) throws(ScaleNetError) {
    node.ignore("saturate")
    node.ignore("round_mode")
    try node.requireInputs(atMost: 2)
    let input = try graph.operand(node, 0)
    let target = try graph.type(node, 1).dataType
    if let narrow = graph.narrow[try graph.operand(node, 1)] {
      throw node.failure(
        "input target_type", expected: "a type of 8 bits or more", found: "\(narrow.bits) bits")
    }
    let isSame = graph.type(input).dataType == target
    try graph.add(node, isSame ? .identity(Identity()) : .cast(Cast(to: target)), [input])
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

  static func write(_ op: Cast, _ node: inout NodeWriter) {
    node.set("to", Int(op.to.onnxNumber))
  }
}
