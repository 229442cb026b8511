import Comparison
import FileIO

@testable import ModelIR

// Faults in weights, in all or in one.
extension FaultGenerator {
  func weights() -> [Fault] {
    func isLinear(_ node: Node) -> Bool { node.op.isLinearForTests }
    func change(
      _ kind: String, _ names: Set<DiffReport.CauseKind>, input: Int = 1, at fits: @escaping (Node) -> Bool,
      _ edit: @escaping ([Float], [Int]) throws -> [Float]?
    ) -> [Fault] {
      plant(
        kind, names,
        { graph, index in
          guard input < graph.nodes[index].inputs.count, let id = graph.nodes[index].inputs[input],
            let tensor = graph[id].initializer,
            let elements = try edit(try tensor.floats(), tensor.shape.dimensions)
          else { return false }
          graph.nodes[index].inputs[input] = try graph.addInitializer(
            graph.unusedName("planted"), Tensor(elements, shape: tensor.shape))
          return true
        }, at: fits)
    }
    func hasBias(_ node: Node) -> Bool { isLinear(node) && node.inputs.count > 2 }
    func isNormalization(_ node: Node) -> Bool {
      if case .batchNormalization = node.op { true } else { false }
    }
    var result = change("different weights", [.differentWeights], at: isLinear) { elements, _ in
      elements.enumerated().map { $0.offset % 7 == 3 ? $0.element + 0.2 : $0.element }
    }
    result += change("negated weights", [.differentWeights], at: isLinear) { elements, _ in
      elements.map { -$0 }
    }
    result += change("weights transposed", [.transposedWeights], at: isLinear) { elements, shape in
      guard shape.count == 4, shape[2] == shape[3], shape[2] > 1 else { return nil }
      return try Tensor(elements, shape: TensorShape(shape)).transposed([0, 1, 3, 2]).floats()
    }
    result += change("output channels permuted", [.permutedChannels], at: isLinear) { elements, shape in
      let inner = shape[1...].reduce(1, *)
      return (0..<shape[0]).reversed().flatMap { channel -> [Float] in
        Array(elements[channel * inner..<(channel + 1) * inner])
      }
    }
    result += change(
      "statistics of another layer", [.differentWeights, .permutedChannels], input: 3, at: isNormalization
    ) { elements, _ in elements.map { $0 + 0.25 } }
    result += plant(
      "bias left out", [.missingBias],
      { graph, index in
        graph.nodes[index].inputs.removeLast()
        return true
      }, at: hasBias)
    result += change("bias doubled", [.differentWeights], input: 2, at: hasBias) { elements, _ in
      elements.map { 2 * $0 }
    }
    result += change("int8 for the tensor", [.quantizedWeights], at: isLinear) { elements, _ in
      let step = (elements.map(\.magnitude).max() ?? 0) / 127
      return elements.map { ($0 / step).rounded() * step }
    }
    result += change("int8 for each channel", [.quantizedWeights], at: isLinear) { elements, shape in
      let inner = shape[1...].reduce(1, *)
      guard inner >= 4, shape[0] > 1 else { return nil }
      return (0..<shape[0]).flatMap { channel -> [Float] in
        let part = elements[channel * inner..<(channel + 1) * inner]
        let step = (part.map(\.magnitude).max() ?? 0) / 127
        return part.map { ($0 / step).rounded() * step }
      }
    }
    result += change("bfloat16 in one weight", [.halfPrecision], at: isLinear) { elements, shape in
      try Tensor(elements, shape: TensorShape(shape)).cast(to: .bfloat16).floats()
    }
    result += everywhere("float16 in all weights", [.halfPrecision]) { elements, shape in
      try Tensor(elements, shape: TensorShape(shape)).cast(to: .float16).floats()
    }
    result += everywhere("TF32 in all weights", [.tf32, .halfPrecision]) { elements, _ in
      elements.map { Float(bitPattern: ($0.bitPattern &+ 0x1000) & ~0x1fff) }
    }
    return result
  }

  /// All weights of convolutions and products, not their biases, changed alike.
  func everywhere(
    _ kind: String, _ names: Set<DiffReport.CauseKind>, _ edit: ([Float], [Int]) throws -> [Float]
  ) -> [Fault] {
    var graph = sound
    var first: String?
    for index in graph.nodes.indices where graph.nodes[index].op.isLinearForTests {
      guard let id = graph.nodes[index].inputs[1], let tensor = graph[id].initializer,
        let elements = try? tensor.floats(), let changed = try? edit(elements, tensor.shape.dimensions)
      else { continue }
      if first == nil { first = graph.nodes[index].name }
      graph[id].initializer = Tensor(changed, shape: tensor.shape)
    }
    return first.map { [Fault(kind: kind, node: $0, names: names, graph: graph)] } ?? []
  }
}
