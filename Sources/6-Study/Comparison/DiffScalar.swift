import Execution
import FileIO
import ModelIR

/// The two precisions that a comparison computes in.
protocol DiffScalar: BinaryFloatingPoint {
  /// Runs a graph in this precision and shows every value.
  static func run(
    _ engine: DiffEngine, _ graph: Graph, _ inputs: [String: Tensor], observing observe: DiffEngine.Observer
  ) throws(ScaleNetError)

  /// All elements, row-major; `name` is what an error speaks of.
  static func elements(_ tensor: Tensor, of name: String) throws(ScaleNetError) -> [Self]
}

extension Float: DiffScalar {
  static func run(
    _ engine: DiffEngine, _ graph: Graph, _ inputs: [String: Tensor], observing observe: DiffEngine.Observer
  ) throws(ScaleNetError) {
    try engine.floats(graph, inputs, observing: observe)
  }

  static func elements(_ tensor: Tensor, of name: String) throws(ScaleNetError) -> [Float] {
    try tensor.floats(of: name)
  }
}

extension Double: DiffScalar {
  static func run(
    _ engine: DiffEngine, _ graph: Graph, _ inputs: [String: Tensor], observing observe: DiffEngine.Observer
  ) throws(ScaleNetError) {
    try engine.doubles(graph, inputs, observing: observe)
  }

  static func elements(_ tensor: Tensor, of name: String) throws(ScaleNetError) -> [Double] {
    try tensor.doubles(of: name)
  }
}
