import Execution
import FileIO
import Glibc
import Kernels
import ModelIR

/// What computes: the fast kernels for this processor, or the naive ones that sum in Double, slow, for checking.
public enum Arithmetic: String, Sendable, CaseIterable {
  /// Kernels for the widest units that the processor has: in float32, or in Double where a graph has values of float64.
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
  /// How many threads compute, and the name of their kernels.
  let threads: Int
  let kernels: String

  /// - Parameters:
  ///   - batch: what open extents become.
  ///   - threads: nil for one a processor; 1 to 1024.
  init(
    _ graph: Graph, batch: Int, arithmetic: Arithmetic = .fast, threads: Int?
  ) throws(ScaleNetError) {
    let threads = try Self.threads(threads)
    self.threads = threads
    switch arithmetic {
    case .fast where graph.computesInDouble:
      let kernels = doubleKernels(beside: try kernelsForThisProcessor())
      self.kernels = kernels.name
      engine = .double(try Executor(graph, batch: batch, kernels: kernels, threads: threads))
    case .fast:
      let kernels = try kernelsForThisProcessor()
      self.kernels = kernels.name
      engine = .float(try Executor(graph, batch: batch, kernels: kernels, threads: threads))
    case .reference:
      kernels = "reference"
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
}

extension Graph {
  /// Whether float32 would not do: a value that is computed, or an input, is of float64.
  fileprivate var computesInDouble: Bool {
    valueIDs.contains { self[$0].type.dataType == .float64 && self[$0].initializer == nil }
  }
}
