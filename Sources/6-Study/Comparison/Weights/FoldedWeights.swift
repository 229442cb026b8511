import Execution
import FileIO
import ModelIR

/// Weight and bias of a convolution or product with the normalisation behind it folded in, in Double.
struct FoldedWeights {
  private(set) var weight: NamedWeight
  let biasName: String
  private(set) var bias: [Double]
  /// The nodes that went in.
  private(set) var nodes: [Int]
  /// The normalisation's name; nil if none stands behind.
  private(set) var normalization: String?

  var namedBias: NamedWeight { NamedWeight(name: biasName, tensor: Tensor(bias, shape: [bias.count])) }

  init(_ view: GraphView, _ index: Int) throws(ScaleNetError) {
    let node = view.graph.nodes[index]
    guard let own = try NamedWeight(view.graph, node, 1), let outputs = own.shape.first else {
      throw .invalidNode(
        node: node.name, op: node.op.name, place: "input W", expected: "an initializer",
        found: "a computed value")
    }
    (weight, nodes) = (own, [index])
    let ownBias = try NamedWeight(view.graph, node, 2)
    biasName = ownBias?.name ?? "\(node.name).bias"
    bias = try ownBias?.all() ?? [Double](repeating: 0, count: outputs)
    guard let end = view.normalization[index],
      case .batchNormalization(let normalization) = view.graph.nodes[end].op
    else { return }
    let behind = view.graph.nodes[end]
    guard let gamma = try NamedWeight(view.graph, behind, 1)?.all(),
      let beta = try NamedWeight(view.graph, behind, 2)?.all(),
      let mean = try NamedWeight(view.graph, behind, 3)?.all(),
      let variance = try NamedWeight(view.graph, behind, 4)?.all(), gamma.count == outputs,
      bias.count == outputs
    else { return }
    var scales: [Double] = []
    for channel in 0..<outputs {
      let scale = gamma[channel] / (variance[channel] + Double(normalization.epsilon)).squareRoot()
      scales.append(scale)
      bias[channel] = (bias[channel] - mean[channel]) * scale + beta[channel]
    }
    weight.factors = (0, scales)
    nodes.append(end)
    self.normalization = behind.name
  }
}

/// A parameter in Double, in the layout that all formats are compared in: OIHW, and [outputs, inputs]. Its elements stay
/// where they are.
struct NamedWeight: BlockElements {
  let name: String
  private(set) var tensor: Tensor
  /// What elements are multiplied with, by their index along an axis.
  fileprivate(set) var factors: (axis: Int, values: [Double])?

  var shape: [Int] { tensor.shape.dimensions }

  var label: (name: String, shape: [Int]) { (name, shape) }

  init(name: String, tensor: Tensor) {
    (self.name, self.tensor) = (name, tensor)
  }

  /// A parameter of a node; nil if that input is none.
  init?(_ graph: Graph, _ node: Node, _ input: Int) throws(ScaleNetError) {
    guard input < node.inputs.count, let id = node.inputs[input], var tensor = graph.initializer(id),
      tensor.dataType.isFloatingPoint
    else { return nil }
    if case .gemm(let gemm) = node.op, input == 1, !gemm.transB, tensor.shape.rank == 2 {
      tensor = tensor.transposed([1, 0])
    }
    if case .convTranspose(let op) = node.op, input == 1, op.group == 1, tensor.shape.rank > 1 {
      tensor = tensor.transposed([1, 0] + tensor.shape.dimensions.indices.dropFirst(2))
    }
    self.init(name: graph[id].name, tensor: tensor)
  }

  func elements(from start: Int, count: Int) throws(ScaleNetError) -> [Double] {
    var elements: [Double]
    do throws(ScaleNetError) { elements = try tensor.doubles(from: start, count: count) } catch {
      throw .unreadableInitializer(name: name, error: error)
    }
    if let factors {
      let inner = shape[(factors.axis + 1)...].reduce(1, *)
      for index in elements.indices {
        elements[index] *= factors.values[(start + index) / inner % shape[factors.axis]]
      }
    }
    return elements
  }

  /// All elements, of a parameter that is known to be small.
  func all() throws(ScaleNetError) -> [Double] { try elements(from: 0, count: tensor.elementCount) }

  func transposed(_ order: [Int]) -> NamedWeight {
    var result = self
    result.tensor = tensor.transposed(order)
    result.factors = factors.map { own in (order.firstIndex(of: own.axis) ?? own.axis, own.values) }
    return result
  }
}
