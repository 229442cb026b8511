import FileIO
internal import Kernels
internal import ModelIR

/// Makes the plan of a graph whose extents are all known.
///
/// First it decides which values share memory: those that are the same elements in another shape, and those that
/// are produced straight into a concatenation. Then it goes through the nodes, lets outputs take over the memory of
/// inputs that nobody needs any more, and prepares the kernels. Last, the memory is laid out by lifetimes.
struct Planner<Scalar: ExecutionScalar> {
  /// Where a value lives.
  enum Home: Equatable {
    /// Memory of its own, which exists once it is written.
    case own
    /// A part of another value's memory: from this index of the axis on.
    case inside(ValueID, axis: Int, start: Int)
    /// The memory of another value.
    case same(ValueID)
    /// Among the constants.
    case constant(offset: Int)
    /// With the typed tensors, outside of the arena.
    case typed
  }

  /// Memory that is laid out at the end.
  struct Buffer {
    var count: Int
    var firstWrite: Int
  }

  /// The graph, with values in another order of channels where they are needed.
  let graph: Graph
  let kernels: any KernelSet<Scalar>
  let options: ExecutionOptions
  let threads: Int
  let groups: [FusedNode]
  /// Extents of every value.
  let shapes: [[Int]]
  /// How the channels of every value lie; nil for planes.
  let layouts: [ChannelBlocks?]

  var homes: [Home]
  /// The groups that read a value as an activation.
  var readers: [[Int]]
  /// The last group that needs a value's memory, for values with memory of their own; past the end for outputs.
  var lastUse: [Int]
  var buffers: [ValueID: Buffer] = [:]
  var steps: [Step<Scalar>] = []
  /// The group that each step is of.
  var stepGroups: [Int] = []
  var constants: [Scalar] = []
  var typedConstants: [ValueID: TypedTensor] = [:]
  var workspaceCount = 0
  /// Bytes of constants and packed weights so far.
  var weightBytes = 0

  init(
    _ graph: Graph, kernels: any KernelSet<Scalar>, options: ExecutionOptions, threads: Int
  ) throws(ScaleNetError) {
    self.kernels = kernels
    self.options = options
    self.threads = threads
    var fusion = Fusion(graph, options, fusesFunctions: kernels.blocked != nil)
    let fused = fusion.run()
    var shapes: [[Int]] = []
    for value in graph.values {
      if value.type.dimensions.contains(.unknown) {
        // Such a value is a typed tensor: nobody asks for its extents here.
        shapes.append([])
        continue
      }
      let extents = value.type.dimensions.compactMap(\.value)
      guard extents.count == value.type.rank, let shape = TensorShape(checking: extents) else {
        throw .tooLarge(what: value.name, bytes: nil, limit: options.memoryLimit)
      }
      guard shape.elementCount <= options.memoryLimit else {
        let (bytes, overflow) = shape.elementCount.multipliedReportingOverflow(by: MemoryLayout<Scalar>.size)
        throw .tooLarge(what: value.name, bytes: overflow ? nil : bytes, limit: options.memoryLimit)
      }
      shapes.append(extents)
    }
    if let blocked = kernels.blocked {
      let layout = try BlockedLayout(graph, fused, shapes: shapes, kernels: blocked)
      for value in layout.graph.values[shapes.count...] {
        shapes.append(value.type.dimensions.compactMap(\.value))
      }
      self.graph = layout.graph
      groups = layout.groups
      layouts = layout.layouts
    } else {
      self.graph = graph
      groups = fused
      layouts = [ChannelBlocks?](repeating: nil, count: shapes.count)
    }
    self.shapes = shapes
    homes = [Home](repeating: .own, count: shapes.count)
    readers = [[Int]](repeating: [], count: shapes.count)
    lastUse = [Int](repeating: -1, count: shapes.count)
  }

  /// Makes the plan.
  mutating func run() throws(ScaleNetError) -> Plan<Scalar> {
    for (index, group) in groups.enumerated() {
      for id in activations(of: group) { readers[id.index].append(index) }
    }
    try shareMemory()
    let outputs = Set(graph.outputs)
    for id in graph.valueIDs {
      let last = outputs.contains(id) ? groups.count : readers[id.index].last ?? -1
      let root = root(of: id)
      lastUse[root.index] = max(lastUse[root.index], last)
    }
    for id in graph.inputs where !graph.isTyped(id) { write(id, at: -1) }
    for (index, group) in groups.enumerated() {
      try addSteps(for: group, at: index)
      stepGroups += [Int](repeating: index, count: steps.count - stepGroups.count)
    }
    tileSteps()
    return try layOut()
  }

  func unsupported(_ node: Node, place: String, expected: String, found: String) -> ScaleNetError {
    .unsupported(node: node.name, op: node.op.name, place: place, expected: expected, found: found)
  }

  /// Fails if the plan would need more memory than allowed.
  func checkLimit(_ count: Int, _ what: String) throws(ScaleNetError) {
    let (bytes, overflow) = count.multipliedReportingOverflow(by: MemoryLayout<Scalar>.size)
    let (total, overflow2) = bytes.addingReportingOverflow(weightBytes)
    guard !overflow, !overflow2, total <= options.memoryLimit else {
      throw .tooLarge(what: what, bytes: overflow || overflow2 ? nil : total, limit: options.memoryLimit)
    }
  }
}
