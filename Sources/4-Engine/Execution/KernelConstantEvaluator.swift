public import FileIO
internal import Kernels
public import ModelIR

/// Computes operators on known inputs with the reference kernels in Double.
public struct KernelConstantEvaluator: ConstantEvaluator {
  /// A constant that grows beyond this many bytes of memory is better computed in each run.
  private static let memoryLimit = 1 << 30

  public init() {}

  /// Nil where the operator or its types are none that the executor computes: integers stay as they are.
  public func evaluate(_ op: Operator, inputs: [Tensor?]) throws(ScaleNetError) -> [Tensor]? {
    var graph = Graph(name: "constant")
    var ids: [ValueID?] = []
    for (index, tensor) in inputs.enumerated() {
      guard let tensor else {
        ids.append(nil)
        continue
      }
      guard tensor.dataType.isFloatingPoint else { return nil }
      ids.append(try graph.addInitializer("input\(index)", tensor))
    }
    for id in try graph.addNode("node", op, inputs: ids) {
      guard graph[id].type.dataType.isFloatingPoint else { return nil }
      graph.addOutput(id)
    }
    var options = ExecutionOptions()
    options.memoryLimit = Self.memoryLimit
    let executor = try Executor<Double>(graph, kernels: ReferenceKernels<Double>(), options: options)
    return try executor.run([:]).map(\.tensor)
  }
}
