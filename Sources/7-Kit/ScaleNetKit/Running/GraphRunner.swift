import Execution
import FileIO
import Glibc
import Kernels
import ModelIR

/// What computes: the fast kernels for this processor, or the naive ones that sum in Double, slow, for checking.
public enum Arithmetic: String, Sendable, CaseIterable {
  /// Float32 kernels for the widest units that the processor has.
  case fast
  /// Naive loops in Double.
  case reference
}

/// Runs a graph with either kind of kernels. Not for several threads at once.
struct GraphRunner {
  private enum Engine {
    case float(Executor<Float>)
    case double(Executor<Double>)
  }

  private let engine: Engine

  /// - Parameters:
  ///   - batch: what open extents become.
  ///   - threads: nil for one a processor; 1 to 1024.
  init(
    _ graph: Graph, batch: Int, arithmetic: Arithmetic = .fast, threads: Int?
  ) throws(ScaleNetError) {
    let threads = try Self.threads(threads)
    switch arithmetic {
    case .fast:
      engine = .float(try Executor(graph, batch: batch, kernels: FastKernels.current, threads: threads))
    case .reference:
      engine = .double(
        try Executor(graph, batch: batch, kernels: ReferenceKernels<Double>(), threads: threads))
    }
  }

  /// How many threads compute where `count` were asked for, or none in particular.
  static func threads(_ count: Int?) throws(ScaleNetError) -> Int {
    try Limits.check(count, Limits.threads, "threads")
    return count ?? max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
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
