import FileIO
import ModelIR

/// Sets parts of another graph into this one.
struct Grafting {
  private(set) var graph: Graph
  /// What each new node's name ends in.
  private let suffix: String
  private var constants: [String: ValueID] = [:]

  init(_ graph: Graph, suffix: String) {
    self.graph = graph
    self.suffix = suffix
  }

  /// Adds nodes of another graph at the end.
  ///
  /// - Parameters:
  ///   - nodes: their places, in the order of running.
  ///   - target: what is wanted of them.
  ///   - wanted: the type that it is cast to.
  ///   - label: tells graphs apart whose constants have the same names.
  ///   - constant: another tensor in the place of a constant that a node reads; nil for its own.
  ///   - partner: this graph's value in the place of one that these nodes only read.
  /// - Returns: nil if a value that they read has no partner.
  mutating func add(
    _ nodes: [Int], of source: Graph, target: ValueID, as wanted: DataType, label: String = "",
    constant: (Node, Int) -> Tensor? = { _, _ in nil }, partner: (ValueID) -> ValueID?
  ) throws(ScaleNetError) -> ValueID? {
    var made: [ValueID: ValueID] = [:]
    for index in nodes {
      let node = source.nodes[index]
      var inputs: [ValueID?] = []
      for (position, id) in node.inputs.enumerated() {
        guard let id else {
          inputs.append(nil)
          continue
        }
        if let tensor = source[id].initializer {
          inputs.append(try self.constant(constant(node, position), tensor, source[id].name, label))
        } else if let own = made[id] {
          inputs.append(own)
        } else if let own = partner(id) {
          inputs.append(try cast(own, to: source[id].type.dataType))
        } else {
          return nil
        }
      }
      let names = node.outputs.map { graph.unusedName("\(source[$0].name)\(suffix)") }
      // A node belongs to every layer that reads it, and is set in for each.
      let outputs = try graph.addNode(names[0], node.op, inputs: inputs, outputNames: names)
      for (id, own) in zip(node.outputs, outputs) { made[id] = own }
    }
    guard let result = made[target] ?? partner(target) else { return nil }
    return try cast(result, to: wanted)
  }

  /// A value in another type of floating-point numbers; values of other types stay as they are.
  mutating func cast(_ id: ValueID, to type: DataType) throws(ScaleNetError) -> ValueID {
    let own = graph[id].type.dataType
    guard own.isFloatingPoint, type.isFloatingPoint, own != type else { return id }
    return try graph.addNode(
      graph.unusedName("\(graph[id].name).cast"), .cast(Cast(to: type)), inputs: [id])[0]
  }

  private mutating func constant(
    _ other: Tensor?, _ own: Tensor, _ name: String, _ label: String
  ) throws(ScaleNetError) -> ValueID {
    if let other { return try graph.addInitializer(graph.unusedName("\(name)\(suffix).other"), other) }
    if let known = constants["\(label) \(name)"] { return known }
    let id = try graph.addInitializer(graph.unusedName("\(name)\(suffix)"), own)
    constants["\(label) \(name)"] = id
    return id
  }

  /// Changes the graph, as for nodes that stand between grafts.
  mutating func edit<Result>(
    _ body: (inout Graph) throws(ScaleNetError) -> Result
  ) throws(ScaleNetError) -> Result { try body(&graph) }
}
