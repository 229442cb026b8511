import FileIO
import ModelIR

/// What decides while reading which nodes there are: branches whose condition is known, and what training has.
enum ControlOperators {
  static let handlers: [OperatorHandler] = [
    OperatorHandler("If", readIf), OperatorHandler("Dropout", readDropout),
  ]

  /// Takes the branch of a known condition.
  private static func readIf(_ node: inout NodeReader, _ graph: inout GraphReader) throws(ScaleNetError) {
    guard let condition = try graph.constant(node, 0, "cond"), condition.dataType == .bool,
      let truths = try condition.integers(), truths.count == 1
    else {
      throw node.failure("input cond", expected: "one known truth value", found: "none")
    }
    let (taken, other) =
      truths[0] == 0 ? ("else_branch", "then_branch") : ("then_branch", "else_branch")
    let branch = try node.graph(taken)
    node.ignore(other)
    try node.finish()
    try graph.addGraph(node, taken, at: branch)
  }

  /// Dropout does nothing in inference: every element passes, and the mask, if it is asked for, says so.
  ///
  /// The ratio is an attribute until opset 11, and then an input, beside whether the graph trains.
  private static func readDropout(_ node: inout NodeReader, _ graph: inout GraphReader) throws(ScaleNetError)
  {
    node.ignore("seed")
    if node.opset < 12 { node.ignore("ratio") }
    try node.requireInputs(atMost: node.opset < 12 ? 1 : 3)
    if let mode = try graph.constant(node, 2, "training_mode"), try mode.integers() != [0] {
      let ratio = try graph.real(node, 1, "ratio") ?? 0.5
      guard ratio == 0 else {
        throw node.failure(
          "input training_mode", expected: "false, or a ratio of 0", found: "true, and a ratio of \(ratio)")
      }
    }
    let input = try graph.operand(node, 0)
    if node.message.outputs.count > 1, !node.message.outputs[1].isEmpty {
      if let shape = graph.type(input).shape {
        let mask = try allTrue(node, shape, path: graph.path)
        // Until opset 9 the mask has the type of the data.
        let type = graph.type(input).dataType
        let typed = node.opset < 10 ? try Evaluator.cast(mask, to: type) : mask
        try graph.define(node, output: node.message.outputs[1], .constant(KnownTensor(typed), value: nil))
      } else {
        try graph.leaveOut(node, output: 1, because: "a mask of open extents")
      }
    }
    try graph.add(node, .identity(Identity()), [input], output: try node.firstOutput())
  }

  /// A tensor of truths, all of them one byte.
  private static func allTrue(
    _ node: NodeReader, _ shape: TensorShape, path: String
  ) throws(ScaleNetError) -> Tensor {
    do throws(ScaleNetError) {
      return try Tensor(
        .bool, shape, storage: .copying([UInt8(1)], origin: path),
        strides: Array(repeating: 0, count: shape.rank))
    } catch {
      throw .unreadableTensor(path: path, tensor: node.name, error: error)
    }
  }
}
