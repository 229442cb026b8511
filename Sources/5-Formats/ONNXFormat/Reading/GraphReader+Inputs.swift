import FileIO
import ModelIR

extension GraphReader {
  /// An input that must be there.
  func operand(_ node: NodeReader, _ index: Int) throws(ScaleNetError) -> Operand {
    guard let operand = try optionalOperand(node, index) else {
      throw node.failure("input \(index)", expected: "a value", found: "none")
    }
    return operand
  }

  /// An input; nil if it is left out.
  func optionalOperand(_ node: NodeReader, _ index: Int) throws(ScaleNetError) -> Operand? {
    guard let name = node.input(index), let operand = scope.operand(name) else { return nil }
    if case .unavailable(let error) = scope[operand] { throw error }
    return operand
  }

  /// All inputs, but for those at the end that are left out.
  func operands(_ node: NodeReader) throws(ScaleNetError) -> [Operand?] {
    var result: [Operand?] = []
    for index in node.message.inputs.indices { result.append(try optionalOperand(node, index)) }
    while let last = result.last, last == nil { result.removeLast() }
    return result
  }

  /// An input that operators take as a weight: an array that is given for it becomes an initializer. nil if it is left
  /// out.
  mutating func weight(_ node: NodeReader, _ index: Int) throws(ScaleNetError) -> Operand? {
    guard let operand = try optionalOperand(node, index), case .value(let id) = scope[operand],
      let array = inputs.values[id]
    else { return try optionalOperand(node, index) }
    if let known = givenWeights[id] { return known }
    let type = graph[id].type.dataType
    let tensor = type == array.dataType ? array : try Evaluator.cast(array, to: type)
    let weight = scope.add("\(graph[id].name).given", .constant(KnownTensor(tensor), value: nil))
    givenWeights[id] = weight
    return weight
  }

  /// The inputs of an operator, of which all but the first are weights.
  mutating func weights(_ node: NodeReader) throws(ScaleNetError) -> [Operand?] {
    var result: [Operand?] = [try operand(node, 0)]
    for index in node.message.inputs.indices.dropFirst() { result.append(try weight(node, index)) }
    // An optional input at the end may be named by nothing.
    while result.count > 1, result[result.count - 1] == nil { result.removeLast() }
    return result
  }

  /// A constant that the file does not have, under a name made of `base`.
  mutating func constant(_ base: String, _ tensor: Tensor) -> Operand {
    scope.add(base, .constant(KnownTensor(tensor), value: nil))
  }

  /// What is known of an operand's type.
  func type(_ operand: Operand) -> TensorType {
    switch scope[operand] {
    case .value(let id): graph[id].type
    case .constant(let tensor, _): tensor.type
    case .unavailable: TensorType(.float32, [] as [Dimension])
    }
  }

  /// What is known of an input's type.
  func type(_ node: NodeReader, _ index: Int) throws(ScaleNetError) -> TensorType {
    type(try operand(node, index))
  }

  // MARK: What is known

  /// Inputs that are all known; nil if the graph computes one.
  func known(_ operands: [Operand?]) -> [KnownTensor?]? {
    var result: [KnownTensor?] = []
    for operand in operands {
      guard let operand else {
        result.append(nil)
        continue
      }
      guard case .constant(let tensor, _) = scope[operand] else { return nil }
      result.append(tensor)
    }
    return result
  }

  /// An input that is known while reading, or for which an array is given; nil if it is left out or computed by the
  /// graph.
  func known(_ node: NodeReader, _ index: Int) throws(ScaleNetError) -> KnownTensor? {
    guard let operand = try optionalOperand(node, index) else { return nil }
    switch scope[operand] {
    case .constant(let tensor, _): return tensor
    case .value(let id):
      guard let array = inputs.values[id] else { return nil }
      let type = graph[id].type.dataType
      return KnownTensor(type == array.dataType ? array : try Evaluator.cast(array, to: type))
    case .unavailable(let error): throw error
    }
  }

  /// An input that must be known; nil if it is left out.
  func constant(_ node: NodeReader, _ index: Int, _ name: String) throws(ScaleNetError) -> KnownTensor? {
    guard node.input(index) != nil else { return nil }
    guard let known = try known(node, index) else {
      throw node.failure("input \(name)", expected: "a constant", found: "a value computed by the graph")
    }
    return known
  }

  /// An input that must be known integers; nil if it is left out.
  func integers(_ node: NodeReader, _ index: Int, _ name: String) throws(ScaleNetError) -> [Int]? {
    guard let known = try constant(node, index, name) else { return nil }
    guard let values = try elements({ () throws(ScaleNetError) in try known.integers() }, node, index) else {
      throw node.failure("input \(name)", expected: "known integers", found: "\(known)")
    }
    return values.map { Int($0) }
  }

  /// The integers of an input if they are known; nil if it is left out, open or computed by the graph.
  func integersIfKnown(_ node: NodeReader, _ index: Int) throws(ScaleNetError) -> [Int]? {
    guard let known = try known(node, index) else { return nil }
    return try elements({ () throws(ScaleNetError) in try known.integers() }, node, index)?.map { Int($0) }
  }

  /// An input as known extents; nil if it is left out, or computed by the graph.
  func extents(_ node: NodeReader, _ index: Int) throws(ScaleNetError) -> [Dimension]? {
    guard let known = try known(node, index) else { return nil }
    return try elements({ () throws(ScaleNetError) in try known.extents() }, node, index)
  }

  /// An input that must be known real numbers; nil if it is left out.
  func reals(_ node: NodeReader, _ index: Int, _ name: String) throws(ScaleNetError) -> [Float]? {
    guard let known = try constant(node, index, name) else { return nil }
    guard let values = try elements({ () throws(ScaleNetError) in try known.reals() }, node, index) else {
      throw node.failure("input \(name)", expected: "known real numbers", found: "\(known)")
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

  private func elements<Result>(
    _ read: () throws(ScaleNetError) -> Result, _ node: NodeReader, _ index: Int
  ) throws(ScaleNetError) -> Result {
    do throws(ScaleNetError) {
      return try read()
    } catch {
      throw .unreadableTensor(path: path, tensor: node.input(index) ?? "", error: error)
    }
  }

  // MARK: Values of the graph

  /// An operand as a value of the graph; constants are added when a node first needs them.
  mutating func materialized(
    _ operand: Operand, orThrow failure: (KnownTensor) -> ScaleNetError
  ) throws(ScaleNetError) -> ValueID {
    switch scope[operand] {
    case .unavailable(let error): throw error
    case .value(let id): return id
    case .constant(_, let id?): return id
    case .constant(let known, nil):
      let id: ValueID
      if known.open.isEmpty {
        let name = scope.name(operand)
        id = try Self.inFile(path) { () throws(ScaleNetError) in try graph.addInitializer(name, known.tensor)
        }
      } else {
        id = try computed(known, scope.name(operand), orThrow: failure)
      }
      scope[operand] = .constant(known, value: id)
      return id
    }
  }

  /// A tensor with open extents as what the graph computes of its inputs' shapes.
  private mutating func computed(
    _ known: KnownTensor, _ name: String, orThrow failure: (KnownTensor) -> ScaleNetError
  ) throws(ScaleNetError) -> ValueID {
    guard let elements = try known.extentsOfAnyType(), elements.count <= 64 else { throw failure(known) }
    func add(
      _ reader: inout GraphReader, _ suffix: String, _ op: Operator, _ inputs: [ValueID]
    ) throws(ScaleNetError) -> ValueID {
      let node = reader.scope.nodeNames.new("\(name).\(suffix)")
      let output = reader.scope.valueNames.new("\(name).\(suffix)")
      return try Self.inFile(reader.path) { () throws(ScaleNetError) in
        try reader.graph.addNode(node, op, inputs: inputs, outputNames: [output])[0]
      }
    }
    func constant(_ reader: inout GraphReader, _ values: [Int]) throws(ScaleNetError) -> ValueID {
      let name = reader.scope.valueNames.new("\(name).extents")
      let tensor = Tensor(values.map { Int64($0) }, shape: [values.count])
      return try Self.inFile(reader.path) { () throws(ScaleNetError) in
        try reader.graph.addInitializer(name, tensor)
      }
    }
    var pieces: [ValueID] = []
    for element in elements {
      guard let (base, factor) = element.baseAndFactor else {
        pieces.append(try constant(&self, [element.value ?? 0]))
        continue
      }
      guard let source = extentSources[base] else { throw failure(known) }
      var piece = try add(
        &self, "extent", .shape(Shape(axes: source.axis..<source.axis + 1)), [source.value])
      if factor != 1 {
        piece = try add(&self, "multiple", .binary(.mul), [piece, try constant(&self, [factor])])
      }
      pieces.append(piece)
    }
    var result = pieces.count == 1 ? pieces[0] : try add(&self, "list", .concat(Concat(axis: 0)), pieces)
    if known.dataType != .int64 {
      result = try add(&self, "cast", .cast(Cast(to: known.dataType)), [result])
    }
    if known.shape.count != 1 {
      result = try add(&self, "shape", .reshape(Reshape(shape: known.shape)), [result])
    }
    return result
  }
}

extension KnownTensor {
  /// The elements as whole numbers or extents, whatever their type; nil if one is neither.
  fileprivate func extentsOfAnyType() throws(ScaleNetError) -> [Dimension]? {
    guard isSmall else { return nil }
    guard dataType.isFloatingPoint else { return try extents() }
    var result: [Dimension] = []
    for (index, value) in try tensor.doubles().enumerated() {
      if let dimension = open[index] {
        result.append(dimension)
      } else if let whole = Int(exactly: value) {
        result.append(.fixed(whole))
      } else {
        return nil
      }
    }
    return result
  }
}
