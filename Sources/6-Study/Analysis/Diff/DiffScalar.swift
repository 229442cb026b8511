import Execution
import ModelIR

/// The two precisions that a comparison computes in.
protocol DiffScalar: BinaryFloatingPoint {
  /// Runs a graph in this precision and shows every value.
  static func run(
    _ engine: DiffEngine, _ graph: Graph, _ inputs: [String: Tensor], observing observe: DiffEngine.Observer
  ) throws(ExecutionError)

  /// All elements, row-major; `name` is what an error speaks of.
  static func elements(_ tensor: Tensor, of name: String) throws(ExecutionError) -> [Self]
}

extension Float: DiffScalar {
  static func run(
    _ engine: DiffEngine, _ graph: Graph, _ inputs: [String: Tensor], observing observe: DiffEngine.Observer
  ) throws(ExecutionError) {
    try engine.floats(graph, inputs, observing: observe)
  }

  static func elements(_ tensor: Tensor, of name: String) throws(ExecutionError) -> [Float] {
    try tensor.floats(of: name)
  }
}

extension Double: DiffScalar {
  static func run(
    _ engine: DiffEngine, _ graph: Graph, _ inputs: [String: Tensor], observing observe: DiffEngine.Observer
  ) throws(ExecutionError) {
    try engine.doubles(graph, inputs, observing: observe)
  }

  static func elements(_ tensor: Tensor, of name: String) throws(ExecutionError) -> [Double] {
    try tensor.doubles(of: name)
  }
}
