public import Architectures
import Execution
import FileIO
public import ModelIR

/// How a model is run.
public struct RunOptions: Sendable {
  /// How the graph is made, where the model is weights.
  public var graph = GraphOptions()
  /// Which kernels compute.
  public var arithmetic = Arithmetic.fast
  /// How many threads compute, 1 to 1024; nil for one a processor. Results do not depend on it.
  public var threads: Int?

  /// Logits from the fast kernels, on all processors unless `threads` says otherwise.
  public init(inputSize: InputSize? = nil, threads: Int? = nil) {
    graph.inputSize = inputSize
    self.threads = threads
  }
}

/// A model that is ready to run: its graph is made and planned once, and run any number of times.
///
/// ```swift
/// let session = try model.session()
/// for image in images { print(try session.run(["input": image])["output"]!.floats()) }
/// ```
///
/// A session may be shared between threads; runs follow each other, as its memory is used again in each.
public final class Session: Sendable {
  /// The name and type of a value that goes in or comes out. Images are NCHW; an open extent has a name.
  public struct Port: Sendable, Hashable {
    /// The key of `run`'s arrays, or of its results.
    public let name: String
    /// The element type, and the extents in their order.
    public let type: TensorType
  }

  /// What a run needs, in the graph's order.
  public let inputs: [Port]
  /// What a run gives, in the graph's order.
  public let outputs: [Port]
  private let path: String
  private let files: [ByteRegion]
  private let graph: Graph
  private let options: RunOptions
  /// The plan for the batch that was run last. One run after the other.
  private let planned = Locked<(batch: Int, runner: GraphRunner)?>(nil)

  init(_ graph: Graph, path: String, files: [ByteRegion], options: RunOptions) throws(ScaleNetError) {
    try Limits.check(options.threads, Limits.threads, "threads")
    func ports(_ ids: [ValueID]) -> [Port] { ids.map { Port(name: graph[$0].name, type: graph[$0].type) } }
    self.path = path
    self.files = files
    self.graph = graph
    self.options = options
    inputs = ports(graph.inputs)
    outputs = ports(graph.outputs)
  }

  /// Computes the outputs.
  ///
  /// - Parameter arrays: one for each input, by its name, of its shape; numbers of another type are converted.
  /// - Returns: the outputs by their names, in the graph's types.
  /// - Throws: if an array is missing, of no input, of another shape, or holds what the input's type can't.
  public func run(_ arrays: [String: Tensor]) throws(ScaleNetError) -> [String: Tensor] {
    var results: [String: Tensor] = [:]
    for result in try runInOrder(arrays) { results[result.name] = result.tensor }
    return results
  }

  /// The same in an asynchronous task, on a thread of its own; a task that is cancelled gets an error of the kind
  /// `cancelled`.
  public func run(_ arrays: [String: Tensor]) async throws(ScaleNetError) -> [String: Tensor] {
    try await detached(nil) { (_) throws(ScaleNetError) in
      let results: [String: Tensor] = try self.run(arrays)
      return results
    }
  }

  /// The outputs in the graph's order. Those that are known without a run are given as they are.
  ///
  /// - Parameter source: where the arrays come from, for errors about them.
  func runInOrder(
    _ arrays: [String: Tensor], from source: InputArrays? = nil
  ) throws(ScaleNetError) -> [NamedTensor] {
    do throws(ScaleNetError) {
      return try planned.withLock { (planned) throws(ScaleNetError) in try run(arrays, &planned) }
    } catch {
      // What was asked for is not the file's fault.
      if error.kind == .invalidOption { throw error }
      throw source?.blamed(for: error, of: path).inFile(path) ?? error.inFile(path)
    }
  }

  private func run(
    _ arrays: [String: Tensor], _ planned: inout (batch: Int, runner: GraphRunner)?
  ) throws(ScaleNetError) -> [NamedTensor] {
    var computed: [NamedTensor] = []
    if graph.outputs.contains(where: { graph[$0].initializer == nil }) {
      let batch = batch(arrays)
      if planned?.batch != batch { planned = (batch, try plan(batch)) }
      computed = try planned?.runner.run(try converted(arrays)) ?? []
    }
    // What was computed of bytes that somebody wrote over meanwhile is no result.
    for file in files { try file.checkIntact() }
    var rest = computed[...]
    return graph.outputs.compactMap { id in
      graph[id].initializer.map { NamedTensor(name: graph[id].name, tensor: $0) } ?? rest.popFirst()
    }
  }

  private func plan(_ batch: Int) throws(ScaleNetError) -> GraphRunner {
    var computed = graph
    computed.setOutputs(graph.outputs.filter { graph[$0].initializer == nil })
    return try GraphRunner(computed, batch: batch, arithmetic: options.arithmetic, threads: options.threads)
  }

  /// Any real numbers will do; what is run has the graph's types.
  private func converted(_ arrays: [String: Tensor]) throws(ScaleNetError) -> [String: Tensor] {
    var result = arrays
    for port in inputs {
      if let array = arrays[port.name], array.dataType != port.type.dataType {
        let type = port.type.dataType
        result[port.name] =
          try SmallFloat(type).map { (format) throws(ScaleNetError) in
            try array.rounded(to: type, format)
          } ?? array.cast(to: type)
      }
    }
    return result
  }

  /// What the arrays have where the graph's inputs have an open extent.
  private func batch(_ arrays: [String: Tensor]) -> Int {
    for port in inputs {
      guard let shape = arrays[port.name]?.shape, shape.rank == port.type.rank else { continue }
      for (axis, dimension) in port.type.dimensions.enumerated()
      where dimension.value == nil && shape[axis] > 0 {
        return shape[axis]
      }
    }
    return 1
  }
}

extension Model {
  /// Makes the model ready to run. Weights get a graph for images of `options.graph.inputSize`, 224 x 224 if nil.
  public func session(_ options: RunOptions = RunOptions()) throws(ScaleNetError) -> Session {
    try Session(try graph(options.graph), path: path, files: files, options: options)
  }

  /// Runs the model once; `session()` is for several runs.
  ///
  /// - Parameters:
  ///   - arrays: one for each input, by its name. Weights get a graph for the height and width of the image.
  ///   - options: how the graph is made and computed.
  /// - Returns: the outputs by their names.
  /// - Throws: if an option does not fit the model; or an array is missing, of no input, of another shape, or holds what
  ///   the input's type can't.
  public func run(
    _ arrays: [String: Tensor], _ options: RunOptions = RunOptions()
  ) throws(ScaleNetError) -> [String: Tensor] {
    var options = options
    if case .weights = content, options.graph.inputSize == nil, arrays.count == 1,
      let shape = arrays.first?.value.shape, shape.rank == 4, shape[2] > 0, shape[3] > 0
    {
      options.graph.inputSize = InputSize(height: shape[2], width: shape[3])
    }
    return try session(options).run(arrays)
  }

  /// The same in an asynchronous task, on a thread of its own.
  public func run(
    _ arrays: [String: Tensor], _ options: RunOptions = RunOptions()
  ) async throws(ScaleNetError) -> [String: Tensor] {
    try await detached(nil) { (_) throws(ScaleNetError) in
      let results: [String: Tensor] = try self.run(arrays, options)
      return results
    }
  }
}
