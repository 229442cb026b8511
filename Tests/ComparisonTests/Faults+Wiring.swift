import Comparison
import FileIO

@testable import ModelIR

// Faults in where nodes read from, and in which nodes there are.
extension FaultGenerator {
  func wiring() -> [Fault] {
    func isAdd(_ node: Node) -> Bool { if case .binary(.add) = node.op { true } else { false } }
    var result = plant(
      "residual left out", [.missingNode],
      { graph, index in
        guard let input = graph.nodes[index].inputs[1],
          graph[input].type == graph[graph.nodes[index].outputs[0]].type, graph[input].initializer == nil
        else { return false }
        graph.replaceUses(of: graph.nodes[index].outputs[0], with: input)
        return true
      }, at: isAdd)
    result += plant(
      "residual of another block", [.wiring],
      { graph, index in
        let wanted = graph[graph.nodes[index].outputs[0]].type
        let own = graph.nodes[index].inputs
        let other = graph.nodes[..<index].last { node in
          graph[node.outputs[0]].type == wanted && !own.contains(node.outputs[0])
            && {
              if case .unary(.relu) = node.op {
                true
              } else if case .binary(.add) = node.op {
                true
              } else {
                false
              }
            }()
        }
        guard let other else { return false }
        graph.nodes[index].inputs[1] = other.outputs[0]
        return true
      }, at: isAdd)
    result += plant(
      "residual before the ReLU", [.wiring, .missingNode, .activation],
      { graph, index in
        let producers = graph.producers()
        for input in graph.nodes[index].inputs.indices {
          guard let id = graph.nodes[index].inputs[input], let producer = producers[id.index],
            case .unary(.relu) = graph.nodes[producer].op
          else { continue }
          graph.nodes[index].inputs[input] = graph.nodes[producer].inputs[0]
          return true
        }
        return false
      }, at: isAdd)
    result += plant("parts of a Concat exchanged", [.wiring]) { graph, index in
      let inputs = graph.nodes[index].inputs
      guard inputs.count > 1, let a = inputs[0], let b = inputs[inputs.count - 1],
        graph[a].type == graph[b].type || inputs.count == 2
      else { return false }
      graph.nodes[index].inputs = inputs.reversed()
      return true
    } at: {
      if case .concat = $0.op { true } else { false }
    }
    result += plant("gate skipped", [.missingNode, .activation]) { graph, index in
      let wanted = graph[graph.nodes[index].outputs[0]].type
      guard
        let input = graph.nodes[index].inputs.compactMap({ $0 }).first(where: { graph[$0].type == wanted })
      else { return false }
      graph.replaceUses(of: graph.nodes[index].outputs[0], with: input)
      return true
    } at: {
      if case .binary(.mul) = $0.op { true } else { false }
    }
    func leaveOut(
      _ fits: @escaping (Node) -> Bool, _ kind: String, _ names: Set<DiffReport.CauseKind> = [.missingNode]
    ) -> [Fault] {
      plant(
        kind, names,
        { graph, index in
          guard let input = graph.nodes[index].inputs[0],
            graph[input].type == graph[graph.nodes[index].outputs[0]].type
          else { return false }
          graph.replaceUses(of: graph.nodes[index].outputs[0], with: input)
          return true
        }, at: fits)
    }
    result += leaveOut(
      { node in
        if case .conv = node.op, let x = node.inputs[0] {
          return sound[x].type == sound[node.outputs[0]].type
        }
        return false
      }, "convolution left out", [.missingNode, .operator])
    result += leaveOut(
      { if case .batchNormalization = $0.op { true } else { false } }, "normalisation left out")
    result += leaveOut(
      { node in
        if case .maxPool(let pool) = node.op { return pool.window.strides == [1, 1] }
        return false
      }, "pool left out")
    result += blocksLeftOut()
    result += plant("dropout left in", [.addedNode, .operator]) { graph, index in
      try Self.insert(
        "planted", .binary(.mul), after: index, &graph, constants: [Tensor([0.5] as [Float], shape: [1])])
      return true
    } at: {
      if case .flatten = $0.op { true } else { false }
    }
    return result
  }

  /// From a value to a later one of the same type with an Add at its end, nothing stays.
  func blocksLeftOut() -> [Fault] {
    plant("block left out", [.missingNode]) { graph, index in
      let producers = graph.producers()
      let out = graph.nodes[index].outputs[0]
      for id in graph.nodes[index].inputs.compactMap({ $0 }) {
        // The shorter way is the block's input.
        guard graph[id].type == graph[out].type else { continue }
        if let producer = producers[id.index], case .batchNormalization = graph.nodes[producer].op {
          continue
        }
        if let producer = producers[id.index], case .conv = graph.nodes[producer].op { continue }
        graph.replaceUses(of: out, with: id)
        return true
      }
      return false
    } at: {
      if case .binary(.add) = $0.op { true } else { false }
    }
  }
}
