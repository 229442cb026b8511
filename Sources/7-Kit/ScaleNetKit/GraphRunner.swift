import Execution
import FileIO
import Glibc
import Kernels
import ModelIR

/// Runs one graph, with the kernels and threads that a caller chose.
struct GraphRunner {
  private enum Engine {
    case float(Executor<Float>)
    case double(Executor<Double>)
  }

  private let engine: Engine
  /// How many threads compute.
  let threads: Int

  /// - Parameters:
  ///   - kernels: nil for the naive kernels that compute in Double.
  ///   - threads: nil for one a processor.
  init(
    _ graph: Graph, batch: Int, kernels: (any KernelSet<Float>)?, threads: Int?
  ) throws(ScaleNetError) {
    let threads = threads ?? max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    self.threads = threads
    if let kernels {
      engine = .float(try Executor(graph, batch: batch, kernels: kernels, threads: threads))
    } else {
      engine = .double(
        try Executor(graph, batch: batch, kernels: ReferenceKernels<Double>(), threads: threads))
    }
  }

  /// The outputs, in the graph's order.
  func run(_ inputs: [String: Tensor]) throws(ScaleNetError) -> [NamedTensor] {
    switch engine {
    case .float(let executor): return try executor.run(inputs)
    case .double(let executor): return try executor.run(inputs)
    }
  }

  /// The outputs, and the names of values that the graph's half type can't hold, with what they reach.
  func runFindingOverflows(
    _ inputs: [String: Tensor]
  ) throws(ScaleNetError) -> (outputs: [NamedTensor], overflows: [(name: String, value: Double)]) {
    guard case .float(let executor) = engine else { return (try run(inputs), []) }
    var overflows: [(name: String, value: Double)] = []
    let outputs = try executor.run(inputs) { (id, tensor) throws(ScaleNetError) in
      guard tensor.dataType == .float16 else { return }
      do throws(ScaleNetError) {
        _ = try tensor.firstNonFinite()
      } catch {
        guard let value = error.overflow?.value else {
          throw .unreadableInput(name: executor.graph[id].name, error: error)
        }
        overflows.append((executor.graph[id].name, value))
      }
    }
    return (outputs, overflows)
  }
}

/// The kernels that a caller gave, or the fastest that this processor can run.
func given(_ kernels: (any KernelSet<Float>)?) throws(ScaleNetError) -> any KernelSet<Float> {
  if let kernels { return kernels }
  return try kernelsForThisProcessor()
}
