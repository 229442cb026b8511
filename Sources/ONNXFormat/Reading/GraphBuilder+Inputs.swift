import ModelIR

extension GraphBuilder {
  /// An input that must be there, as a value of the graph.
  mutating func value(_ node: NodeReader, _ index: Int) throws(ONNXError) -> ValueID {
    guard let id = try optionalValue(node, index) else {
      throw node.failure("input \(index)", expected: "a value", found: "none")
    }
    return id
  }

  /// An input as a value of the graph; nil if it is left out.
  mutating func optionalValue(_ node: NodeReader, _ index: Int) throws(ONNXError) -> ValueID? {
    guard let name = node.input(index) else { return nil }
    return try materialized(name) {
      node.failure("input \(index)", expected: "a value or known elements", found: "\($0)")
    }
  }

  /// All inputs as values of the graph.
  mutating func values(_ node: NodeReader) throws(ONNXError) -> [ValueID?] {
    var ids: [ValueID?] = []
    for index in node.message.inputs.indices { ids.append(try optionalValue(node, index)) }
    return ids
  }

  /// An input as a small tensor; nil if it is left out, computed when the graph runs, or too large.
  func partial(_ node: NodeReader, _ index: Int) throws(ONNXError) -> PartialTensor? {
    guard let name = node.input(index) else { return nil }
    switch lookUp(name) {
    case .partial(let partial, _): return partial
    case .constant(let tensor, _):
      let partial: PartialTensor?
      do throws(TensorError) {
        partial = try PartialTensor(tensor)
      } catch {
        throw .unreadableTensor(path: path, tensor: name, error: error)
      }
      if let partial { try context.takeArithmetic(partial, node) }
      return partial
    case .value, .unavailable, nil: return nil
    }
  }

  /// An input that must be a known small tensor; nil if it is left out.
  func constant(_ node: NodeReader, _ index: Int, _ name: String) throws(ONNXError) -> PartialTensor? {
    guard node.input(index) != nil else { return nil }
    guard let partial = try partial(node, index) else {
      throw node.failure("input \(name)", expected: "a constant", found: "a value computed by the graph")
    }
    return partial
  }

  /// An input that must be known integers; nil if it is left out.
  func integers(_ node: NodeReader, _ index: Int, _ name: String) throws(ONNXError) -> [Int]? {
    guard let partial = try constant(node, index, name) else { return nil }
    guard let values = partial.integers else {
      throw node.failure("input \(name)", expected: "known integers", found: "\(partial)")
    }
    return values.map { Int($0) }
  }

  /// What is known of an input's type.
  func type(_ node: NodeReader, _ index: Int) throws(ONNXError) -> TensorType {
    guard let name = node.input(index), let known = lookUp(name) else {
      throw node.failure("input \(index)", expected: "a value", found: "none")
    }
    switch known {
    case .value(let id): return graph[id].type
    case .unavailable(let error): throw error
    case .constant(let tensor, _): return TensorType(tensor.dataType, tensor.shape)
    case .partial(let partial, _): return TensorType(partial.dataType, TensorShape(partial.shape))
    }
  }

  /// Axes that stand in an attribute until `lastAttributeOpset` and in an input from then on.
  mutating func axes(
    _ node: inout NodeReader, input: Int, lastAttributeOpset: Int
  ) throws(ONNXError) -> [Int]? {
    if opset <= lastAttributeOpset { return try node.integers("axes") }
    return try integers(node, input, "axes")
  }
}
