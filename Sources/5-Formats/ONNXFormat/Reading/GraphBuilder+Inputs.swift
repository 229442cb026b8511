import FileIO
import ModelIR

extension GraphBuilder {
  /// An input that must be there, as a value of the graph.
  mutating func value(_ node: NodeReader, _ index: Int) throws(ScaleNetError) -> ValueID {
    guard let id = try optionalValue(node, index) else {
      throw node.failure("input \(index)", expected: "a value", found: "none")
    }
    return id
  }

  /// An input as a value of the graph; nil if it is left out.
  mutating func optionalValue(_ node: NodeReader, _ index: Int) throws(ScaleNetError) -> ValueID? {
    guard let name = node.input(index) else { return nil }
    return try materialized(name) {
      node.failure("input \(index)", expected: "a value or known elements", found: "\($0)")
    }
  }

  /// An input that operators take as a weight: an array that is given for it becomes an initializer. nil if it is left
  /// out.
  mutating func weight(_ node: NodeReader, _ index: Int) throws(ScaleNetError) -> ValueID? {
    guard let id = try optionalValue(node, index), let array = givenValues[id] else {
      return try optionalValue(node, index)
    }
    if let known = givenWeights[id] { return known }
    let name = newValueName("\(graph[id].name).given")
    let type = graph[id].type.dataType
    let tensor = type == array.dataType ? array : array.cast(to: type)
    let weight = try Self.wrap(path) { () throws(ScaleNetError) in try graph.addInitializer(name, tensor) }
    givenWeights[id] = weight
    return weight
  }

  /// The inputs of an operator, of which all but the first are weights.
  mutating func weights(_ node: NodeReader) throws(ScaleNetError) -> [ValueID?] {
    var ids: [ValueID?] = [try value(node, 0)]
    for index in node.message.inputs.indices.dropFirst() { ids.append(try weight(node, index)) }
    // An optional input at the end may be named by nothing.
    while ids.count > 1, ids[ids.count - 1] == nil { ids.removeLast() }
    return ids
  }

  /// All inputs as values of the graph.
  mutating func values(_ node: NodeReader) throws(ScaleNetError) -> [ValueID?] {
    var ids: [ValueID?] = []
    for index in node.message.inputs.indices { ids.append(try optionalValue(node, index)) }
    return ids
  }

  /// An input as a small tensor; nil if it is left out, computed when the graph runs, or too large.
  func partial(_ node: NodeReader, _ index: Int) throws(ScaleNetError) -> PartialTensor? {
    guard let name = node.input(index) else { return nil }
    switch lookUp(name) {
    case .partial(let partial, _): return partial
    case .constant(let tensor, _): return try partial(node, tensor, name)
    case .value, .unavailable, nil: return nil
    }
  }

  private func partial(
    _ node: NodeReader, _ tensor: Tensor, _ name: String
  ) throws(ScaleNetError) -> PartialTensor? {
    let partial: PartialTensor?
    do throws(ScaleNetError) {
      partial = try PartialTensor(tensor)
    } catch {
      throw .unreadableTensor(path: path, tensor: name, error: error)
    }
    if let partial { try context.takeArithmetic(partial, node) }
    return partial
  }

  /// An input that must be a known small tensor; nil if it is left out.
  func constant(_ node: NodeReader, _ index: Int, _ name: String) throws(ScaleNetError) -> PartialTensor? {
    guard let value = node.input(index) else { return nil }
    if case .value(let id) = lookUp(value), let array = givenValues[id] {
      let type = graph[id].type.dataType
      if let partial = try partial(node, array, value)?.cast(to: type) { return partial }
    }
    guard let partial = try partial(node, index) else {
      throw node.failure("input \(name)", expected: "a constant", found: "a value computed by the graph")
    }
    return partial
  }

  /// An input that must be known integers; nil if it is left out.
  func integers(_ node: NodeReader, _ index: Int, _ name: String) throws(ScaleNetError) -> [Int]? {
    guard let partial = try constant(node, index, name) else { return nil }
    guard let values = partial.integers else {
      throw node.failure("input \(name)", expected: "known integers", found: "\(partial)")
    }
    return values.map { Int($0) }
  }

  /// What is known of an input's type.
  func type(_ node: NodeReader, _ index: Int) throws(ScaleNetError) -> TensorType {
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

  /// An input that must be known real numbers; nil if it is left out.
  func reals(_ node: NodeReader, _ index: Int, _ name: String) throws(ScaleNetError) -> [Float]? {
    guard let partial = try constant(node, index, name) else { return nil }
    guard let values = partial.reals else {
      throw node.failure("input \(name)", expected: "known real numbers", found: "\(partial)")
    }
    return values.map { Float($0) }
  }

  /// An input that must be one known real number; nil if it is left out.
  func real(_ node: NodeReader, _ index: Int, _ name: String) throws(ScaleNetError) -> Float? {
    guard let values = try reals(node, index, name) else { return nil }
    guard values.count == 1 else {
      throw node.failure("input \(name)", expected: "one number", found: "\(values.count)")
    }
    return values[0]
  }

  /// Axes that stand in an attribute until `lastAttributeOpset` and in an input from then on.
  mutating func axes(
    _ node: inout NodeReader, input: Int, lastAttributeOpset: Int
  ) throws(ScaleNetError) -> [Int]? {
    if opset <= lastAttributeOpset { return try node.integers("axes") }
    return try integers(node, input, "axes")
  }
}
