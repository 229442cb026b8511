public import FileIO

/// A network: nodes in an order in which they can run, and the values between them.
///
/// A graph is a value; passes change a copy. Values are addressed by `ValueID`, which stays good until
/// `removeUnusedValues()` renumbers.
public struct Graph: Sendable {
  /// What the file calls the graph, or the architecture's name.
  public var name: String
  /// All values; a `ValueID` is a position here.
  public private(set) var values: [Value] = []
  /// Every node stands after those whose outputs it reads.
  public var nodes: [Node] = []
  /// What a run needs, in the order of the file; initializers are not among them.
  public private(set) var inputs: [ValueID] = []
  /// What a run gives, in the order of the file.
  public private(set) var outputs: [ValueID] = []
  private var valuesByName: [String: ValueID] = [:]
  /// Counts on where names are made, so that many of one base take no quadratic time.
  private var newNames = UniqueNames()

  public init(name: String) {
    self.name = name
  }

  /// A graph of parts that fit together, for edits that number values anew.
  init(name: String, values: [Value], nodes: [Node], inputs: [ValueID], outputs: [ValueID]) {
    self.name = name
    self.values = values
    self.nodes = nodes
    self.inputs = inputs
    self.outputs = outputs
    for (index, value) in values.enumerated() { valuesByName[value.name] = ValueID(index: index) }
  }

  /// The value of an ID of this graph; another graph's may trap.
  public subscript(id: ValueID) -> Value {
    // Inlined, so that a reader of one field copies no more than that.
    @inlinable get { values[id.index] }
    set {
      if newValue.name != values[id.index].name {
        valuesByName[values[id.index].name] = nil
        valuesByName[newValue.name] = id
      }
      values[id.index] = newValue
    }
  }

  /// All values' identifiers.
  public var valueIDs: [ValueID] { values.indices.map(ValueID.init(index:)) }

  /// The initializers, in the order in which nodes first read them; those that nothing reads come last.
  public var initializers: [ValueID] {
    var isListed = values.map { $0.initializer == nil }
    var result: [ValueID] = []
    for id in nodes.lazy.flatMap(\.inputs).compactMap({ $0 }) + valueIDs where !isListed[id.index] {
      isListed[id.index] = true
      result.append(id)
    }
    return result
  }

  /// The value of this name, nil if there is none; names are unique.
  public func value(named name: String) -> ValueID? { valuesByName[name] }

  /// The elements of an initializer; nil for other values and for an input that is left out.
  public func initializer(_ id: ValueID?) -> Tensor? { id.flatMap { self[$0].initializer } }

  /// Whether the table of names tells that no two values share one.
  var hasUniqueNames: Bool { valuesByName.count == values.count }

  /// A name that no value has: `base`, or `base` with a number.
  public mutating func unusedName(_ base: String) -> String {
    let values = valuesByName
    return newNames.next(base) { values[$0] == nil }
  }

  /// Adds a graph input.
  public mutating func addInput(_ name: String, _ type: TensorType) throws(ScaleNetError) -> ValueID {
    let id = try addValue(Value(name: name, type: type))
    inputs.append(id)
    return id
  }

  /// Adds a weight or another constant.
  public mutating func addInitializer(_ name: String, _ tensor: Tensor) throws(ScaleNetError) -> ValueID {
    try addValue(Value(name: name, type: TensorType(tensor.dataType, tensor.shape), initializer: tensor))
  }

  /// Adds a node at the end; the types of its outputs are inferred. Output names default to the node's.
  @discardableResult
  public mutating func addNode(
    _ name: String, _ op: Operator, inputs: [ValueID?], outputNames: [String]? = nil
  ) throws(ScaleNetError) -> [ValueID] {
    let types = try inferTypes(node: name, op: op, inputs: inputs)
    let names = outputNames ?? types.indices.map { $0 == 0 ? name : "\(name).\($0)" }
    guard names.count == types.count else {
      throw .invalidNode(
        node: name, op: op.name, place: "outputs", expected: "\(types.count)", found: "\(names.count)")
    }
    var outputs: [ValueID] = []
    for (name, type) in zip(names, types) { outputs.append(try addValue(Value(name: name, type: type))) }
    nodes.append(Node(name: name, op: op, inputs: inputs, outputs: outputs))
    return outputs
  }

  /// Makes a value an output of the graph.
  public mutating func addOutput(_ id: ValueID) {
    outputs.append(id)
  }

  /// Sets the outputs of the graph.
  public mutating func setOutputs(_ ids: [ValueID]) {
    outputs = ids
  }

  private mutating func addValue(_ value: Value) throws(ScaleNetError) -> ValueID {
    guard !value.name.isEmpty, valuesByName[value.name] == nil else { throw .duplicateName(name: value.name) }
    let id = ValueID(index: values.count)
    values.append(value)
    valuesByName[value.name] = id
    return id
  }

  /// The types that an operator gives these inputs.
  package func inferTypes(node: String, op: Operator, inputs: [ValueID?]) throws(ScaleNetError)
    -> [TensorType]
  {
    let kind = op.kind
    guard kind.inputCount.contains(inputs.count) else {
      throw .invalidNode(
        node: node, op: op.name, place: "inputs", expected: "\(kind.inputCount)",
        found: "\(inputs.count)")
    }
    do throws(ScaleNetError) {
      let types = try kind.inferTypes(inputs.map { id in id.map { self[$0].type } })
      // Everything after this multiplies extents without a check.
      for type in types where TensorShape(checking: type.dimensions.compactMap(\.value)) == nil {
        throw ScaleNetError(place: "output", expected: "a size in range", found: "\(type)")
      }
      return types
    } catch {
      throw error.within("node \(node.escapedForMessage) (\(op.name))")
    }
  }
}
