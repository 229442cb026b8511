public import FileIO
public import Kernels
public import ModelIR

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
  let memory: PlanMemory<Scalar>
  /// The plan in which every value exists once: made when somebody wants to see it.
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
    self.options = options
    pool = ThreadPool(count: threads)
    var planner = try Planner(self.graph, kernels: kernels, options: options, threads: pool.count)
    memory = PlanMemory(try planner.run())
  }

  /// Bytes of activations and scratch memory: the peak of a run. Weights are not counted.
  public var arenaByteCount: Int { memory.byteCount }

  /// Computes the graph's outputs, in its order.
  public func run(_ inputs: [String: Tensor]) throws(ScaleNetError) -> [NamedTensor] {
    try load(inputs, into: memory)
    for step in memory.plan.steps { try perform(step, memory) }
    return try outputs(memory)
  }

  /// Computes the graph's outputs, and shows what every node produces as soon as it exists.
  ///
  /// Nothing is fused in such a run: it is slower, and the first one plans anew.
  public func run(
    _ inputs: [String: Tensor], observing observe: (ValueID, Tensor) throws(ScaleNetError) -> Void
  ) throws(ScaleNetError) -> [NamedTensor] {
    let memory = try unfusedMemory()
    try load(inputs, into: memory)
    for step in memory.plan.steps {
      try perform(step, memory)
      for (value, place) in step.values { try observe(value, tensor(value, at: place, memory)) }
    }
    return try outputs(memory)
  }

  private func unfusedMemory() throws(ScaleNetError) -> PlanMemory<Scalar> {
    if let observablePlan { return observablePlan }
    var options = options
    options.fusesActivations = false
    options.foldsBatchNormalization = false
    var planner = try Planner(graph, kernels: kernels, options: options, threads: pool.count)
    let made = PlanMemory(try planner.run())
    observablePlan = made
    return made
  }

  private func outputs(_ memory: PlanMemory<Scalar>) throws(ScaleNetError) -> [NamedTensor] {
    var result: [NamedTensor] = []
    for (id, place) in zip(graph.outputs, memory.plan.outputs) {
      result.append(NamedTensor(name: graph[id].name, tensor: try tensor(id, at: place, memory)))
    }
    return result
  }

  /// A copy of a value.
  private func tensor(
    _ id: ValueID, at place: Operand, _ memory: PlanMemory<Scalar>
  ) throws(ScaleNetError) -> Tensor {
    let type = graph[id].type
    // Constants of other types pass through.
    if let constant = graph[id].initializer, !type.dataType.isFloatingPoint { return constant }
    if let value = memory.typed[id] { return try value.tensor() }
    let shape = TensorShape(type.dimensions.compactMap(\.value))
    var elements: [Scalar] = []
    elements.reserveCapacity(shape.elementCount)
    let source = unsafe memory.address(place)
    for image in 0..<place.images.batch {
      unsafe elements += UnsafeBufferPointer(
        start: source + image * place.images.batchStride, count: place.images.imageSize)
    }
    let tensor = Scalar.tensor(elements, shape: shape)
    return tensor.dataType == type.dataType ? tensor : tensor.cast(to: type.dataType)
  }
}
