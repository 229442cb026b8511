import FileIO
import ModelIR

/// Tensors that stand in attributes, or follow from a few numbers.
enum ConstantOperators {
  static let handlers: [OperatorHandler] = [
    OperatorHandler("Constant", readConstant),
    OperatorHandler("ConstantOfShape", since: 9, readConstantOfShape),
    OperatorHandler("Range", since: 11, readRange),
  ]

  /// Exporters count the images of an open batch: from 0, or in steps that divide what it is multiplied by.
  private static func readRange(_ node: inout NodeReader, _ graph: inout GraphReader) throws(ScaleNetError) {
    // How float16 is summed.
    node.ignore("stash_type")
    try node.requireInputs(atMost: 3)
    var known: Dimension?
    if try graph.known(node, 1)?.dataType.isInteger == true, let limit = try graph.extents(node, 1)?.first,
      limit.value == nil, try graph.integersIfKnown(node, 0) == [0],
      let step = try graph.integersIfKnown(node, 2)?.first
    {
      known = limit.divided(by: step)
    }
    try graph.add(node, .computed(.range(known: known)), try graph.operands(node))
  }

  /// The value stands in whichever attribute fits.
  private static func readConstant(_ node: inout NodeReader, _ graph: inout GraphReader) throws(ScaleNetError)
  {
    let tensor: Tensor
    if let message = try node.tensor("value") {
      tensor = try graph.loader.tensor(message, name: node.name)
    } else if let values = try node.floats("value_floats") {
      tensor = Tensor(values, shape: [values.count])
    } else if let values = try node.integers("value_ints") {
      tensor = Tensor(values.map { Int64($0) }, shape: [values.count])
    } else if let value = try node.integer("value_int") {
      tensor = Tensor([Int64(value)], shape: [])
    } else if let value = try node.float("value_float") {
      tensor = Tensor([value], shape: [])
    } else {
      throw node.failure(
        "attributes", expected: "a tensor, a number or numbers",
        found: node.message.attributes.first?.name ?? "none")
    }
    try node.finish()
    try graph.define(node, output: try node.output(), .constant(KnownTensor(tensor), value: nil))
  }

  /// Known extents give a weight whose elements are all the same one in memory.
  private static func readConstantOfShape(
    _ node: inout NodeReader, _ graph: inout GraphReader
  ) throws(ScaleNetError) {
    var value = Tensor([Float(0)], shape: [1])
    if let message = try node.tensor("value") {
      value = try graph.loader.tensor(message, name: node.name)
      guard value.elementCount == 1 else {
        throw node.failure("attribute value", expected: "one element", found: "\(value.elementCount)")
      }
    }
    try node.requireInputs(atMost: 1)
    guard let extents = try graph.integersIfKnown(node, 0) else {
      let known = try graph.extents(node, 0)
      guard known?.allSatisfy({ $0.value ?? 0 >= 0 }) ?? true else {
        throw node.failure("input input", expected: "extents in range", found: "\(known ?? [])")
      }
      try graph.add(
        node, .computed(.constantOfShape(try scalar(value, node), known: known)),
        [try graph.operand(node, 0)])
      return
    }
    guard let shape = TensorShape(checking: extents) else {
      throw node.failure("input input", expected: "extents in range", found: "\(extents)")
    }
    try node.finish()
    do throws(ScaleNetError) {
      let tensor = try Tensor(
        value.dataType, shape, storage: .copying(try value.bytes(), origin: graph.path),
        strides: [Int](repeating: 0, count: shape.rank))
      try graph.define(node, output: try node.output(), .constant(KnownTensor(tensor), value: nil))
    } catch {
      throw node.failure(error)
    }
  }

  /// The one element of a tensor.
  private static func scalar(_ tensor: Tensor, _ node: NodeReader) throws(ScaleNetError) -> ScalarValue {
    do throws(ScaleNetError) {
      if tensor.dataType.isFloatingPoint {
        return ScalarValue(tensor.dataType, real: try tensor.doubles()[0])
      }
      return ScalarValue(tensor.dataType, integer: try tensor.integers()[0])
    } catch {
      throw node.failure(error)
    }
  }
}
