public import Architectures
import FileIO
import Inspection
import ModelIR

/// What `benchmark` is asked for.
public struct BenchmarkOptions: Sendable {
  /// Images in a batch, 1 to 65,536, also of a graph that has another batch, unless it is built in; nil for 16, or the
  /// batch of a graph that has one.
  public var batch: Int?
  /// nil for 224 x 224.
  public var inputSize: InputSize?
  /// How often the forward pass is timed, after one that is not, 1 to 1,000,000; nil for ten seconds, and ten times at
  /// least.
  public var runs: Int?
  /// 1 to 1024; nil for one a processor.
  public var threads: Int?

  /// 16 images of 224 x 224 in a batch or as many as a graph is made for, for ten seconds, on all processors.
  public init() {}
}

/// How fast a model runs on this engine.
public struct BenchmarkResult: Sendable, Codable {
  /// The model's path, or its name in memory.
  public var model: String
  /// As `Model.architecture` says it.
  public var architecture: String
  /// For the batch.
  public var macs: Int
  /// Images in a batch: those asked for, or those of a graph with a fixed batch.
  public var batch: Int
  /// How many passes were timed.
  public var runs: Int
  /// How many threads computed.
  public var threads: Int
  /// The instruction set of the kernels.
  public var kernels: String
  /// Seconds of a forward pass.
  public var medianSeconds: Double
  /// What 95 of 100 passes stay within, in seconds.
  public var percentile95Seconds: Double
  /// Images in a second, at the median.
  public var imagesPerSecond: Double

  enum CodingKeys: String, CodingKey {
    case model, architecture, macs, batch, runs, threads, kernels
    case medianSeconds = "median_seconds"
    case percentile95Seconds = "p95_seconds"
    case imagesPerSecond = "images_per_second"
  }
}

extension Model {
  /// Times the forward pass on seeded inputs.
  ///
  /// - Parameters:
  ///   - options: the batch, the size, how often, and on how many threads.
  ///   - progress: called before each run.
  /// - Throws: if an option is out of range or does not fit the model, or if the model can't be run.
  public func benchmark(
    _ options: BenchmarkOptions = BenchmarkOptions(), progress: ProgressHandler? = nil
  ) throws(ScaleNetError) -> BenchmarkResult {
    try benchmark(options, ProgressReporter(progress))
  }

  /// The same in an asynchronous task, on a thread of its own; a task that is cancelled gets an error of the kind
  /// `cancelled`.
  public func benchmark(
    _ options: BenchmarkOptions = BenchmarkOptions(), progress: ProgressHandler? = nil
  ) async throws(ScaleNetError) -> BenchmarkResult {
    try await detached(progress) { (reporter) throws(ScaleNetError) in
      try self.benchmark(options, reporter)
    }
  }

  private func benchmark(
    _ options: BenchmarkOptions, _ progress: ProgressReporter
  ) throws(ScaleNetError) -> BenchmarkResult {
    try Limits.check(options.batch, Limits.batch, "batch")
    if let runs = options.runs { try Limits.check(runs, Limits.runs, "runs") }
    let (runner, inputs, macs, batch) = try benchmarkPlan(options)
    _ = try runner.run(inputs)
    var seconds: [Double] = []
    let clock = ContinuousClock()
    let begin = clock.now
    for run in 0..<(options.runs ?? 1000) {
      if options.runs == nil, run >= 10, clock.now - begin > .seconds(10) { break }
      try progress.report(.running, completed: run, total: options.runs)
      let start = clock.now
      _ = try runner.run(inputs)
      let elapsed = (clock.now - start).components
      seconds.append(Double(elapsed.seconds) + Double(elapsed.attoseconds) * 1e-18)
    }
    try files.checkUnchanged()
    seconds.sort()
    let median = (seconds[(seconds.count - 1) / 2] + seconds[seconds.count / 2]) / 2
    return BenchmarkResult(
      model: path, architecture: architecture, macs: macs, batch: batch, runs: seconds.count,
      threads: runner.threads, kernels: runner.kernels, medianSeconds: median,
      percentile95Seconds: seconds[min(seconds.count - 1, seconds.count * 95 / 100)],
      imagesPerSecond: Double(batch) / median)
  }

  /// The graph as it would be deployed, ready to run, and what it runs on.
  private func benchmarkPlan(
    _ options: BenchmarkOptions
  ) throws(ScaleNetError) -> (runner: GraphRunner, inputs: [String: Tensor], macs: Int, batch: Int) {
    var graphOptions = GraphOptions(inputSize: options.inputSize)
    graphOptions.batch = options.batch.map(Dimension.fixed)
    var graph = try graph(graphOptions)
    let open = options.batch ?? 16
    do throws(ScaleNetError) {
      try graph.apply([FoldBatchNormalization(), EliminateDeadNodes()])
      var random = RandomSource(seed: 20_190_616)
      var inputs: [String: Tensor] = [:]
      var batch = open
      for id in graph.inputs {
        guard let shape = graph[id].type.binding(open).shape else { continue }
        inputs[graph[id].name] = random.input(graph[id].type.dataType, shape)
        batch = shape.dimensions.first ?? batch
      }
      let macs = try CostReport(graph.binding(batch: open)).totals.macs
      return (try GraphRunner(graph, batch: open, threads: options.threads), inputs, macs, batch)
    } catch {
      throw error.inFile(path)
    }
  }
}
