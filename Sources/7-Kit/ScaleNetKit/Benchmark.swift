import Analysis
public import Architectures
import FileIO
public import Kernels
import ModelIR

/// What `bench` is asked for.
public struct BenchmarkOptions: Sendable {
  public var batch = 16
  public var inputSize: InputSize = .standard
  /// How often the forward pass is timed, after one that is not; nil for ten seconds, and ten times at least.
  public var runs: Int?
  public var threads: Int?

  public init() {}
}

/// How fast a model runs on this engine.
public struct BenchmarkResult: Sendable, Codable {
  public var model: String
  public var architecture: String
  /// For the batch.
  public var macs: Int
  public var batch: Int
  public var runs: Int
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

extension OpenedModel {
  /// Times the forward pass on seeded inputs.
  public func benchmark(
    _ options: BenchmarkOptions, kernels: (any KernelSet<Float>)? = nil, progress: (Int) -> Void = { _ in }
  ) throws(ScaleNetError) -> BenchmarkResult {
    var build = BuildOptions()
    build.inputSize = options.inputSize
    var graph = try graph(build)
    // Timed as it would be deployed.
    do throws(ScaleNetError) {
      try graph.apply([FoldBatchNormalization(), EliminateDeadNodes()])
    } catch {
      throw error.inFile(path)
    }
    var random = RandomSource(seed: 20_190_616)
    var inputs: [String: Tensor] = [:]
    var batch = options.batch
    for id in graph.inputs {
      guard let shape = graph[id].type.binding(options.batch).shape else { continue }
      inputs[graph[id].name] = Tensor(random.normals(shape.elementCount), shape: shape)
        .cast(to: graph[id].type.dataType)
      batch = shape.dimensions.first ?? batch
    }
    let kernels = try given(kernels)
    let runner = try GraphRunner(graph, batch: options.batch, kernels: kernels, threads: options.threads)
    let first = ContinuousClock.now
    _ = try runner.run(inputs)
    let budget = Duration.seconds(10)
    let most = options.runs ?? 1000
    let least = options.runs ?? 10
    var seconds: [Double] = []
    let clock = ContinuousClock()
    for run in 0..<most {
      if run >= least, ContinuousClock.now - first > budget { break }
      progress(run)
      let start = clock.now
      _ = try runner.run(inputs)
      let elapsed = (clock.now - start).components
      seconds.append(Double(elapsed.seconds) + Double(elapsed.attoseconds) * 1e-18)
    }
    seconds.sort()
    let median = (seconds[(seconds.count - 1) / 2] + seconds[seconds.count / 2]) / 2
    let macs: Int
    do throws(ScaleNetError) {
      macs = try CostReport(graph.binding(batch: options.batch)).totals.macs
    } catch {
      throw error.inFile(path)
    }
    return BenchmarkResult(
      model: path, architecture: architecture, macs: macs, batch: batch, runs: seconds.count,
      threads: runner.threads, kernels: kernels.name, medianSeconds: median,
      percentile95Seconds: seconds[min(seconds.count - 1, seconds.count * 95 / 100)],
      imagesPerSecond: Double(batch) / median)
  }
}
