public import FileIO

// Safe: the chunk is freed after the last part of it was read, and parts are no longer than it is.

/// Turns a graph's floating-point arithmetic into half precision, float16 or bfloat16: weights, statistics and everything
/// between the nodes. Graph inputs and outputs keep their types behind Cast nodes unless `halfIO`. Nodes that are to be
/// kept compute in float32, between Cast nodes.
///
/// All inputs of a node have one type afterwards, which every version of the operators accepts, and which runtimes that
/// take types from the file alone need. Factors of a Resize stay as they are. A weight that float16 cannot hold is an
/// error, unless its node is kept.
public struct ConvertToHalf: GraphPass {
  public var name: String { "convert to \(type.rawValue)" }
  /// float16 or bfloat16.
  public let type: DataType
  /// Whether graph inputs and outputs become half precision too.
  public let halfIO: Bool
  /// The names of nodes that compute in float32.
  public let kept: Set<String>

  public init(_ type: DataType = .float16, halfIO: Bool = false, keeping kept: Set<String> = []) {
    precondition(type == .float16 || type == .bfloat16)
    self.type = type
    self.halfIO = halfIO
    self.kept = kept
  }

  public func run(on graph: inout Graph) throws(ScaleNetError) -> Bool {
    guard isNeeded(graph) else { return false }
    let original = graph.outputs.map { graph[$0].type.dataType }
    func own(_ node: Node) -> DataType { kept.contains(node.name) ? .float32 : type }
    var conversion = HalfConversion(graph, type: type)
    if halfIO {
      for id in graph.inputs where isConverted(graph[id].type.dataType) { conversion.setInput(id, type) }
    }
    try conversion.convertInitializers(own)
    for node in graph.nodes { try conversion.add(node, computing: own(node)) }
    try conversion.finish()
    for (index, type) in original.enumerated() where type.isFloatingPoint {
      try conversion.setOutput(index, halfIO && isConverted(type) ? self.type : type)
    }
    graph = conversion.graph
    return true
  }

  private func isConverted(_ type: DataType) -> Bool { type.isFloatingPoint && type != self.type }

  /// Whether a node other than a Cast at the border, or one that is kept, computes with another type.
  private func isNeeded(_ graph: Graph) -> Bool {
    graph.nodes.contains { node in
      if kept.contains(node.name) { return false }
      if case .cast = node.op, !halfIO { return false }
      return (node.inputs.compactMap { $0 } + node.outputs).contains {
        isConverted(graph[$0].type.dataType)
      }
    }
  }
}

/// A graph on its way to half precision: nodes are added one by one, and what they read is converted where it has to be.
private struct HalfConversion {
  private(set) var graph: Graph
  private let type: DataType
  private var nodes: [Node] = []
  /// The types of values that nodes make, as far as they are floating-point numbers.
  private var types: [ValueID: DataType] = [:]
  private var copies: [Copy: ValueID] = [:]
  private var nodeNames: UniqueNames

  private struct Copy: Hashable {
    var value: ValueID
    var type: DataType
  }

  init(_ graph: Graph, type: DataType) {
    self.graph = graph
    self.type = type
    nodeNames = UniqueNames(reserving: Set(graph.nodes.map(\.name)))
    for id in graph.inputs where graph[id].type.dataType.isFloatingPoint {
      types[id] = graph[id].type.dataType
    }
  }

  /// Gives a graph input another type.
  mutating func setInput(_ id: ValueID, _ type: DataType) {
    graph[id].type.dataType = type
    types[id] = type
  }

  mutating func add(_ original: Node, computing own: DataType) throws(ScaleNetError) {
    var node = original
    var result = own
    var isCast = false
    if case .cast(let cast) = node.op {
      isCast = true
      // Within the graph a conversion to another floating-point type has nothing left to do.
      if cast.to.isFloatingPoint { node.op = .cast(Cast(to: own, saturates: cast.saturates)) }
      if !cast.to.isFloatingPoint { result = cast.to }
    }
    for (position, id) in node.inputs.enumerated() {
      guard let id, graph[id].type.dataType.isFloatingPoint, !Self.isFixed(node.op, position) else {
        continue
      }
      if let tensor = graph[id].initializer {
        if tensor.dataType != own { node.inputs[position] = copies[Copy(value: id, type: own)] ?? id }
      } else if !isCast, let current = types[id], current != own {
        node.inputs[position] = try cast(id, to: own)
      }
    }
    for id in node.outputs where graph[id].type.dataType.isFloatingPoint { types[id] = result }
    nodes.append(node)
  }

  /// Inputs whose type an operator prescribes.
  private static func isFixed(_ op: Operator, _ position: Int) -> Bool {
    if case .computed(.resize) = op { position > 0 } else { false }
  }

  /// Converts weights in place. What nodes of both types read exists twice.
  mutating func convertInitializers(_ own: (Node) -> DataType) throws(ScaleNetError) {
    var wanted: [ValueID: Set<DataType>] = [:]
    for node in graph.nodes {
      for (position, id) in node.inputs.enumerated() {
        guard let id, let tensor = graph[id].initializer, tensor.dataType.isFloatingPoint,
          !Self.isFixed(node.op, position)
        else { continue }
        wanted[id, default: []].insert(own(node))
      }
    }
    for id in graph.initializers {
      guard let tensor = graph[id].initializer, let types = wanted[id] else { continue }
      let type = types.contains(type) ? type : .float32
      let name = graph[id].name
      if type != .float32, types.contains(.float32) {
        copies[Copy(value: id, type: .float32)] = try graph.addInitializer(
          graph.unusedName("\(name)_float32"), tensor.cast(to: .float32))
      }
      guard tensor.dataType != type else { continue }
      if type == .float16 {
        do throws(ScaleNetError) {
          try tensor.checkFloat16Range()
        } catch {
          throw .unreadableInitializer(value: name, error: error)
        }
      }
      graph[id].initializer = tensor.cast(to: type)
      graph[id].type.dataType = type
    }
  }

  private mutating func cast(_ id: ValueID, to type: DataType) throws(ScaleNetError) -> ValueID {
    let key = Copy(value: id, type: type)
    if let copy = copies[key] { return copy }
    let name = graph[id].name
    let suffix = type == self.type ? "half" : type.rawValue
    let nodeName = nodeNames.new("\(name).cast")
    let ids = try graph.addNode(
      nodeName, .cast(Cast(to: type)), inputs: [id], outputNames: [graph.unusedName("\(name)_\(suffix)")])
    guard let node = graph.nodes.popLast() else { throw .undefinedValue(node: nodeName, value: name) }
    nodes.append(node)
    copies[key] = ids[0]
    types[ids[0]] = type
    return ids[0]
  }

  /// Puts the nodes into the graph.
  mutating func finish() throws(ScaleNetError) {
    graph.nodes = nodes
    try graph.inferAllTypes()
  }

  /// Gives an output of the graph a type: a Cast then bears its name.
  mutating func setOutput(_ index: Int, _ type: DataType) throws(ScaleNetError) {
    let id = graph.outputs[index]
    guard graph[id].type.dataType != type else { return }
    let key = Copy(value: id, type: type)
    var outputs = graph.outputs
    if let copy = copies[key], graph.outputs.contains(copy) {
      outputs[index] = copy
    } else {
      let name = graph[id].name
      graph[id].name = graph.unusedName("\(name)_half")
      let ids = try graph.addNode(
        nodeNames.new("\(name).cast"), .cast(Cast(to: type)), inputs: [id], outputNames: [name])
      copies[key] = ids[0]
      outputs[index] = ids[0]
    }
    graph.setOutputs(outputs)
  }
}

extension Tensor {
  /// The largest magnitude among finite elements; 0 if there are none.
  package func largestMagnitude() throws(ScaleNetError) -> Float {
    var largest: Float = 0
    try unsafe forEachPart { part in
      for index in part.indices {
        // Written so that the loop has no branches; NaN compares as false.
        let magnitude = unsafe abs(part[index])
        largest = magnitude > largest && magnitude < .infinity ? magnitude : largest
      }
    }
    return largest
  }

  /// Fails at the first finite element that rounds to infinity in float16: of 65520 (halfway between the largest float16,
  /// 65504, and what would follow it) or more.
  fileprivate func checkFloat16Range() throws(ScaleNetError) {
    guard try largestMagnitude() >= 65520 else { return }
    var found: (value: Float, index: Int)?
    var start = 0
    try unsafe forEachPart { part in
      if found == nil, let index = unsafe part.firstIndex(where: { $0.isFinite && abs($0) >= 65520 }) {
        found = unsafe (part[index], start + index)
      }
      start += part.count
    }
    if let found { throw .overflow(value: Double(found.value), index: found.index, target: .float16) }
  }

  /// Calls `body` with the elements, some thousands at a time.
  private func forEachPart(
    _ body: (UnsafeMutableBufferPointer<Float>) -> Void
  ) throws(ScaleNetError) {
    let chunk = UnsafeMutableBufferPointer<Float>.allocate(capacity: max(1, min(elementCount, 1 << 14)))
    defer { unsafe chunk.deallocate() }
    var start = 0
    while start < elementCount {
      let count = min(chunk.count, elementCount - start)
      let part = unsafe UnsafeMutableBufferPointer(rebasing: chunk[..<count])
      try unsafe readFloats(from: start, into: part)
      unsafe body(part)
      start += count
    }
    try checkIntact()
  }
}
