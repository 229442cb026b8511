internal import Kernels
internal import ModelIR

/// What a graph becomes before it runs: calls of kernels on places in memory.
struct Plan<Scalar: ExecutionScalar> {
  /// What is computed: values have the numbers of the executor's graph, but what is known before a run has no node.
  var graph: Graph
  var steps: [Step<Scalar>]
  /// Where the graph's inputs and outputs lie, in the graph's order.
  var inputs: [Operand]
  var outputs: [Operand]
  /// Weights that kernels read as they are.
  var constants: [Scalar]
  /// Weights that reference kernels read.
  var typedConstants: [ValueID: TypedTensor]
  /// Elements of activations, without scratch memory.
  var arenaCount: Int
  /// Elements of scratch memory.
  var workspaceCount: Int
}
