import Execution
import FileIO
import ModelIR

/// Weight and bias of a convolution or product with the normalisation behind it folded in, in Double.
struct FoldedWeights {
  let name: String
  let biasName: String
  private(set) var weight: [Double]
  private(set) var bias: [Double]
  let shape: [Int]
  /// The nodes that went in.
  private(set) var nodes: [Int]
  /// The normalisation's name; nil if none stands behind.
  private(set) var normalization: String?

  init(_ view: GraphView, _ index: Int) throws(ScaleNetError) {
    let node = view.graph.nodes[index]
    guard let own = try NamedWeight(view.graph, node, 1), let outputs = own.shape.first else {
      throw .invalidNode(
        node: node.name, op: node.op.name, place: "input W", expected: "an initializer",
        found: "a computed value")
    }
    (name, weight, shape, nodes) = (own.name, own.elements, own.shape, [index])
    let ownBias = try NamedWeight(view.graph, node, 2)
    biasName = ownBias?.name ?? "\(node.name).bias"
    bias = ownBias?.elements ?? [Double](repeating: 0, count: outputs)
    guard let end = view.normalization[index],
      case .batchNormalization(let normalization) = view.graph.nodes[end].op
    else { return }
    let behind = view.graph.nodes[end]
    guard let gamma = try NamedWeight(view.graph, behind, 1),
      let beta = try NamedWeight(view.graph, behind, 2),
      let mean = try NamedWeight(view.graph, behind, 3),
      let variance = try NamedWeight(view.graph, behind, 4), gamma.elements.count == outputs,
      bias.count == outputs
    else { return }
    let inner = weight.count / max(outputs, 1)
    for channel in 0..<outputs {
      let scale =
        gamma.elements[channel] / (variance.elements[channel] + Double(normalization.epsilon)).squareRoot()
      for place in channel * inner..<(channel + 1) * inner { weight[place] *= scale }
      bias[channel] = (bias[channel] - mean.elements[channel]) * scale + beta.elements[channel]
    }
    nodes.append(end)
    self.normalization = behind.name
  }
}
