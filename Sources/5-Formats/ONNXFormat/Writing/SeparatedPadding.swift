import FileIO
import ModelIR

extension Graph {
  /// The graph with something between margins of zeros and the MaxPool that reads them.
  ///
  /// ONNX Runtime's optimiser gives such a Pad's margins to the MaxPool (1.31, `PadFusion`), whose margins never win, where
  /// zeros win over what is negative. Limits that nothing exceeds keep the two apart and change no number.
  func separatingPadding() throws(ScaleNetError) -> Graph {
    let producers = producers()
    func isPadded(_ node: Node) -> Bool {
      guard case .maxPool = node.op, let input = node.inputs[0], let index = producers[input.index],
        case .pad(let pad) = nodes[index].op
      else { return false }
      return pad.mode == .constant && pad.value == 0
    }
    guard nodes.contains(where: isPadded) else { return self }
    var result = self
    var separated: [Node] = []
    for node in nodes {
      var node = node
      if isPadded(node), let input = node.inputs[0] {
        node.inputs[0] = try result.addNode(
          result.unusedName("\(node.name)_input"), .unary(.clip(minimum: -.infinity, maximum: .infinity)),
          inputs: [input])[0]
        separated.append(result.nodes.removeLast())
      }
      separated.append(node)
    }
    result.nodes = separated
    return result
  }
}
