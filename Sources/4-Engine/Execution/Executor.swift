public import FileIO
public import Kernels
public import ModelIR

// Safe: results have room for all slices of their shapes, and operands lie in the arena as the plan has laid them
// out.

/// Runs a graph: plans once, then computes for any number of inputs.
///
/// Every floating-point type is computed in `Scalar`; outputs are given in the graph's types. An executor is not
/// for several threads at once: its memory is used again in each run.
public final class Executor<Scalar: ExecutionScalar> {
  /// The graph with all extents known.
  public let graph: Graph
  let kernels: any KernelSet<Scalar>
  let pool: ThreadPool
  let options: ExecutionOptions
  /// Images that go through the plan at a time.
  private let sliceSize: Int
  private let sliceCount: Int
  /// The plan with all threads, which share the steps' work.
  private let memory: PlanMemory<Scalar>
  /// The plan for each thread by itself, where there are slices for all of them.
  private let memories: [PlanMemory<Scalar>]
  /// The plan of the whole batch in which every value exists once: made when somebody wants to see it.
  private var observablePlan: PlanMemory<Scalar>?

  /// Plans a graph.
  ///
  /// - Parameters:
  ///   - graph: a valid graph, whose weights are initializers
  ///   - batch: what open extents become, at least 1
  ///   - threads: how many threads compute, at least 1; results do not depend on it
  public init(
    _ graph: Graph, batch: Int = 1, kernels: any KernelSet<Scalar>, threads: Int = 1,
    options: ExecutionOptions = ExecutionOptions()
  ) throws(ScaleNetError) {
    precondition(batch > 0 && threads > 0)
    self.graph = try graph.binding(batch: batch)
    self.kernels = kernels
    pool = ThreadPool(count: threads)
    sliceSize = options.showsValues ? batch : BatchSlices.size(graph, batch: batch, threads: pool.count)
    sliceCount = batch / sliceSize
    var options = options
    // Every slice is a run.
    if sliceCount > 1 { options.keepsWeights = true }
    self.options = options
    if options.showsValues {
      memory = try Self.showing(self.graph, kernels, options, pool)
      memories = []
      observablePlan = memory
      return
    }
    let sliced = sliceSize == batch ? self.graph : try graph.binding(batch: sliceSize)
    let settled = try sliced.settled(
      foldsReals: Scalar.self == Float.self, limit: min(options.memoryLimit, 1 << 28))
    var planner = try Planner(settled, kernels: kernels, options: options, threads: pool.count)
    let memory = PlanMemory(try planner.run(), pool)
    self.memory = memory
    memories =
      pool.count > 1 && sliceCount >= pool.count
      ? (0..<pool.count).map { PlanMemory(memory, ThreadPool(count: 1), sharesMemory: $0 == 0) } : []
  }

  /// Bytes of activations and scratch memory: the peak of a run. Weights are not counted.
  public var arenaByteCount: Int { memory.byteCount * max(1, memories.count) }

  /// Computes the graph's outputs, in its order.
  public func run(_ inputs: [String: Tensor]) throws(ScaleNetError) -> [NamedTensor] {
    try check(inputs)
    let results = graph.outputs.map { id in
      AlignedMemory<Scalar>(count: arenaCount(id, memory))
    }
    // As many slices as all threads can take by themselves; the threads share the work on what is left.
    let apart = memories.isEmpty ? 0 : sliceCount / memories.count * memories.count
    let failures = Failures(count: apart)
    pool.parallelFor(apart) { slice, worker in
      do throws(ScaleNetError) {
        try self.compute(inputs, slice: slice, self.memories[worker], results)
      } catch {
        failures[slice] = error
      }
    }
    if let error = failures.first { throw error }
    for slice in apart..<sliceCount { try compute(inputs, slice: slice, memory, results) }
    var outputs: [NamedTensor] = []
    for (id, result) in zip(graph.outputs, results) {
      outputs.append(NamedTensor(name: graph[id].name, tensor: try tensor(id, of: result, memory)))
    }
    return outputs
  }

  /// Computes one slice, and copies its part of the outputs to `results`.
  private func compute(
    _ inputs: [String: Tensor], slice: Int, _ memory: PlanMemory<Scalar>, _ results: [AlignedMemory<Scalar>]
  ) throws(ScaleNetError) {
    try load(inputs, slice: slice, into: memory)
    for step in memory.plan.steps { try perform(step, memory) }
    for (index, place) in memory.plan.outputs.enumerated()
    where !memory.plan.graph.isTyped(graph.outputs[index]) {
      let result = results[index]
      let count =
        place.images.batch * (place.images.blocks?.channels ?? place.images.channels)
        * place.images.height * place.images.width
      unsafe copy(place, memory, to: result.elements + slice * count)
    }
  }

  /// Computes the graph's outputs, and shows what every node produces as soon as it exists.
  ///
  /// Nothing is fused in such a run: it is slower, and the first one plans anew unless the options say that all are such.
  public func run(
    _ inputs: [String: Tensor], observing observe: (ValueID, Tensor) throws(ScaleNetError) -> Void
  ) throws(ScaleNetError) -> [NamedTensor] {
    var run = try observed(inputs)
    while let values = try run.next() {
      for (value, tensor) in values { try observe(value, tensor) }
    }
    return try run.outputs()
  }

  /// The same run, one step at a time. The executor has memory for one.
  ///
  /// - Parameter wanted: what is shown; nil for all values.
  package func observed(
    _ inputs: [String: Tensor], wanted: Set<ValueID>? = nil
  ) throws(ScaleNetError) -> ObservedRun<Scalar> {
    let memory = try showingMemory()
    try check(inputs)
    try load(inputs, slice: 0, into: memory)
    return ObservedRun(executor: self, memory: memory, wanted: wanted)
  }

  private func showingMemory() throws(ScaleNetError) -> PlanMemory<Scalar> {
    if let observablePlan { return observablePlan }
    let made = try Self.showing(graph, kernels, options, pool)
    observablePlan = made
    return made
  }

  /// The plan of a graph in which every value exists once, or every one that is shown.
  private static func showing(
    _ graph: Graph, _ kernels: any KernelSet<Scalar>, _ options: ExecutionOptions, _ pool: ThreadPool
  ) throws(ScaleNetError) -> PlanMemory<Scalar> {
    var options = options
    options.showsValues = true
    options.foldsBatchNormalization = false
    if options.shownInBlocks == nil {
      options.fusesActivations = false
      options.joinsFunctions = false
    }
    var planner = try Planner(graph, kernels: kernels, options: options, threads: pool.count)
    return PlanMemory(try planner.run(), pool)
  }

  /// A copy of a value.
  func tensor(
    _ id: ValueID, at place: Operand, _ memory: PlanMemory<Scalar>
  ) throws(ScaleNetError) -> Tensor {
    let type = type(id, memory)
    guard !memory.plan.graph.isTyped(id), type.dataType.isFloatingPoint else {
      return try tensor(id, of: AlignedMemory<Scalar>(count: 0), memory)
    }
    let shape = TensorShape(type.dimensions.compactMap(\.value))
    let storage = unsafe ByteRegion.allocate(
      origin: "memory", count: shape.elementCount * MemoryLayout<Scalar>.size
    ) { target in
      guard let start = target.baseAddress else { return }
      unsafe copy(place, memory, to: start.bindMemory(to: Scalar.self, capacity: shape.elementCount))
    }
    return try Tensor(Scalar.dataType, shape, storage: storage).cast(to: type.dataType)
  }

  /// Elements of a value that lies in the arena.
  private func arenaCount(_ id: ValueID, _ memory: PlanMemory<Scalar>) -> Int {
    memory.plan.graph.isTyped(id) ? 0 : type(id, memory).dimensions.compactMap(\.value).reduce(1, *)
  }

  /// A value's type for the whole batch; what only the plan knows has no slices.
  private func type(_ id: ValueID, _ memory: PlanMemory<Scalar>) -> TensorType {
    graph[id].type.shape == nil ? memory.plan.graph[id].type : graph[id].type
  }

  /// A value of these elements, or a typed one.
  private func tensor(
    _ id: ValueID, of result: AlignedMemory<Scalar>, _ memory: PlanMemory<Scalar>
  ) throws(ScaleNetError) -> Tensor {
    let type = type(id, memory)
    // Constants of other types pass through.
    if let constant = graph[id].initializer, !type.dataType.isFloatingPoint { return constant }
    if let value = memory.typed[id] { return try value.tensor() }
    let elements = unsafe Array(UnsafeBufferPointer(start: result.elements, count: result.count))
    withExtendedLifetime(result) {}
    let tensor = Scalar.tensor(elements, shape: TensorShape(type.dimensions.compactMap(\.value)))
    return tensor.dataType == type.dataType ? tensor : tensor.cast(to: type.dataType)
  }

  /// Copies a value, row-major.
  private func copy(_ place: Operand, _ memory: PlanMemory<Scalar>, to target: UnsafeMutablePointer<Scalar>) {
    let images = place.images
    if let blocks = images.blocks {
      let planes = unsafe FeatureMap(
        target, batch: images.batch, channels: blocks.channels, extent: Extent(images.height, images.width))
      unsafe kernels.blocked?.reorder(memory.map(place), blocks, into: planes, nil, threads: memory.pool)
      return
    }
    let source = unsafe memory.address(place)
    for image in 0..<images.batch {
      unsafe (target + image * images.imageSize).update(
        from: source + image * images.batchStride, count: images.imageSize)
    }
  }
}

/// What went wrong with each slice, written by several threads in places of their own.
@safe private final class Failures {
  private let errors: UnsafeMutablePointer<ScaleNetError?>
  private let count: Int

  init(count: Int) {
    self.count = count
    unsafe errors = .allocate(capacity: max(count, 1))
    unsafe errors.initialize(repeating: nil, count: max(count, 1))
  }

  deinit {
    unsafe errors.deinitialize(count: max(count, 1))
    unsafe errors.deallocate()
  }

  subscript(slice: Int) -> ScaleNetError? {
    get { unsafe errors[slice] }
    set { unsafe errors[slice] = newValue }
  }

  var first: ScaleNetError? { (0..<count).lazy.compactMap { self[$0] }.first }
}

/// How a graph is run.
public struct ExecutionOptions: Hashable, Sendable {
  /// Whether ReLU and residual additions are computed by the operator before them. Results stay the same, bit by bit.
  public var fusesActivations = true
  /// Whether a BatchNormalization right after a convolution becomes part of its weights. Results differ by rounding.
  public var foldsBatchNormalization = false
  /// Whether a function that stands in parts, as exporters write Gelu, is computed as one. Results differ by rounding.
  public var joinsFunctions = true
  /// Whether weights are packed once, and kept for all runs. Otherwise they stay in their file, and those of a layer are
  /// packed while it is computed, a few megabytes at a time: for graphs that run once.
  public var keepsWeights = true
  /// Whether all runs show what nodes produce: then there is no plan beside the one of such runs. Others are slower with it.
  public var showsValues = false
  /// The only values that such runs show, block by block; nil where all are shown whole. Nodes between them may be computed
  /// in one step, and a difference that nothing reads takes no memory.
  package var shownInBlocks: Set<ValueID>?
  /// The most bytes of activations, scratch memory and packed weights: 16 GiB, or what the process may still take.
  public var memoryLimit = min(16 << 30, MemoryLimit.ofProcess()?.bytes ?? .max)

  public init() {}
}
