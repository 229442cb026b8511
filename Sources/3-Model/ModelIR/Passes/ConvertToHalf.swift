public import FileIO

/// Turns a graph's floating-point arithmetic into half precision (float16): weights, statistics and everything between
/// the nodes. Graph inputs and outputs keep their types behind Cast nodes unless `halfIO`.
///
/// All inputs of a node have one type afterwards, which every version of the operators accepts. Factors of a Resize are
/// part of the operator and stay as they are. A weight that float16 cannot hold is an error.
public struct ConvertToHalf: GraphPass {
  public let name = "convert to float16"
  /// Whether graph inputs and outputs become float16 too.
  public let halfIO: Bool

  public init(halfIO: Bool = false) {
    self.halfIO = halfIO
  }

  public func run(on graph: inout Graph) throws(ScaleNetError) -> Bool {
    guard isNeeded(graph) else { return false }
    for id in graph.initializers { try convertInitializer(id, of: &graph) }
    // Within the graph a conversion to another floating-point type has nothing left to do.
    for index in graph.nodes.indices {
      if case .cast(let cast) = graph.nodes[index].op, Self.isConverted(cast.to) {
        graph.nodes[index].op = .cast(Cast(to: .float16))
      }
    }
    let inputs = graph.inputs.filter { Self.isConverted(graph[$0].type.dataType) }
    let outputs = graph.outputs.map { (id: $0, type: graph[$0].type.dataType) }
    var nodeNames = UniqueNames(reserving: Set(graph.nodes.map(\.name)))
    var first: [Node] = []
    for input in inputs {
      if halfIO {
        graph[input].type.dataType = .float16
      } else {
        first.append(try addInputCast(input, to: &graph, &nodeNames))
      }
    }
    graph.nodes = first + graph.nodes
    try graph.inferAllTypes()
    if !halfIO { try addOutputCasts(outputs, to: &graph, &nodeNames) }
    return true
  }

  private static func isConverted(_ type: DataType) -> Bool { type.isFloatingPoint && type != .float16 }

  /// Whether a node other than a Cast at the border computes with another type.
  private func isNeeded(_ graph: Graph) -> Bool {
    graph.nodes.contains { node in
      if case .cast = node.op, !halfIO { return false }
      return (node.inputs.compactMap { $0 } + node.outputs).contains {
        Self.isConverted(graph[$0].type.dataType)
      }
    }
  }

  private func convertInitializer(_ id: ValueID, of graph: inout Graph) throws(ScaleNetError) {
    guard let tensor = graph[id].initializer, Self.isConverted(tensor.dataType) else { return }
    do throws(ScaleNetError) {
      try Self.checkRange(tensor)
    } catch {
      throw .unreadableInitializer(value: graph[id].name, error: error)
    }
    graph[id].initializer = tensor.cast(to: .float16)
    graph[id].type.dataType = .float16
  }

  /// Fails at the first finite element that rounds to infinity: of 65520 (halfway between the largest float16, 65504,
  /// and what would follow it) or more.
  private static func checkRange(_ tensor: Tensor) throws(ScaleNetError) {
    let chunk = UnsafeMutableBufferPointer<Float>.allocate(capacity: min(tensor.elementCount, 1 << 14))
    defer { unsafe chunk.deallocate() }
    var start = 0
    while start < tensor.elementCount {
      let count = min(chunk.count, tensor.elementCount - start)
      let part = unsafe UnsafeMutableBufferPointer(rebasing: chunk[..<count])
      try unsafe tensor.readFloats(from: start, into: part)
      var largest: Float = 0
      for index in 0..<count {
        // Written so that the loop has no branches; NaN compares as false.
        let magnitude = unsafe abs(part[index])
        largest = magnitude > largest && magnitude < .infinity ? magnitude : largest
      }
      if largest >= 65520 {
        for index in 0..<count where unsafe part[index].isFinite {
          let value = unsafe part[index]
          guard abs(value) >= 65520 else { continue }
          throw .overflow(value: Double(value), index: start + index, target: .float16)
        }
      }
      start += count
    }
    try tensor.checkIntact()
  }

  /// Lets the nodes read a converted copy of an input.
  private func addInputCast(
    _ input: ValueID, to graph: inout Graph, _ nodeNames: inout UniqueNames
  ) throws(ScaleNetError) -> Node {
    let name = graph[input].name
    let outputs = graph.outputs
    let nodeName = nodeNames.new("\(name).cast")
    let ids = try graph.addNode(
      nodeName, .cast(Cast(to: .float16)), inputs: [input], outputNames: [graph.unusedName("\(name)_half")])
    guard let node = graph.nodes.popLast() else { throw .undefinedValue(node: nodeName, value: name) }
    graph.replaceUses(of: input, with: ids[0])
    // An input that is an output too needs no conversion there and back.
    graph.setOutputs(outputs)
    return node
  }

  /// Gives each converted output a Cast that bears its name.
  private func addOutputCasts(
    _ outputs: [(id: ValueID, type: DataType)], to graph: inout Graph, _ nodeNames: inout UniqueNames
  ) throws(ScaleNetError) {
    var replacements: [ValueID: ValueID] = [:]
    for (id, type) in outputs where graph[id].type.dataType != type && replacements[id] == nil {
      let name = graph[id].name
      graph[id].name = graph.unusedName("\(name)_half")
      let ids = try graph.addNode(
        nodeNames.new("\(name).cast"), .cast(Cast(to: type)), inputs: [id], outputNames: [name])
      replacements[id] = ids[0]
    }
    graph.setOutputs(outputs.map { replacements[$0.id] ?? $0.id })
  }
}
