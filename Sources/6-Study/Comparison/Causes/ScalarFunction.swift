import Execution
import ModelIR

/// What a few nodes make of a number, however they are written: HardSwish is x * HardSigmoid(x) too.
struct ScalarFunction {
  /// The results for the numbers of a grid; nil where the nodes are no function of each element of one value.
  private let results: [Double]?

  /// From -12 to 12, where the functions of networks bend.
  private static let grid = (0...384).map { Float($0) / 16 - 12 }

  /// - Parameters:
  ///   - nodes: in the order of running; the last makes the result.
  ///   - constant: the tensor that a value stands for; nil for what is computed.
  init(_ nodes: [Node], _ constant: (ValueID) -> Tensor?) {
    results = Self.results(nodes, constant)
  }

  func isSame(as other: ScalarFunction) -> Bool {
    guard let results, let others = other.results else { return false }
    return Distance(results, others, .exact).relativeError <= 1e-6
  }

  private static func results(_ nodes: [Node], _ constant: (ValueID) -> Tensor?) -> [Double]? {
    let grid = Tensor(grid, shape: [grid.count])
    let made = Set(nodes.flatMap(\.outputs))
    let read = Set(
      nodes.flatMap(\.inputs).compactMap { $0 }.filter { !made.contains($0) && constant($0) == nil })
    guard read.count == 1, let input = read.first, let last = nodes.last?.outputs.first else { return nil }
    var values: [ValueID: Tensor] = [input: grid]
    for node in nodes {
      guard node.op.isByElement else { return nil }
      var inputs: [Tensor?] = []
      for id in node.inputs {
        guard let id else {
          inputs.append(nil)
          continue
        }
        guard let tensor = values[id] ?? constant(id) else { return nil }
        // Of many constants each would be for other elements.
        inputs.append(tensor.elementCount == 1 ? tensor.reshaped([]) ?? tensor : tensor)
      }
      // What does not fit the grid, as constants of each channel, is no such function.
      guard let found = try? ReferenceEvaluator.evaluate(node.op, inputs, node: node.name) else { return nil }
      for (id, tensor) in zip(node.outputs, found) { values[id] = tensor }
    }
    guard let result = values[last], result.shape == grid.shape else { return nil }
    return try? result.doubles()
  }
}

extension Operator {
  /// Whether each element of the result comes of one element of each input.
  var isByElement: Bool {
    switch self {
    case .unary, .binary: true
    default: false
    }
  }
}
