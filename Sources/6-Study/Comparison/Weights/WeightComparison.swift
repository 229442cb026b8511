import Execution
import FileIO
import ModelIR

/// Compares the parameters of two aligned graphs, after undoing layout and folding.
struct WeightComparison {
  let aligned: AlignedGraphs
  private(set) var rows: [DiffReport.Weight] = []
  private(set) var compared = 0
  private var leftDone = Set<Int>()
  private var rightDone = Set<Int>()

  init(_ aligned: AlignedGraphs) throws(ScaleNetError) {
    self.aligned = aligned
    for pair in aligned.pairs {
      if let linear = linearNodes(of: pair) {
        try compareFolded(linear.left, linear.right)
      } else if pair.leftNode == pair.leftShown, pair.rightNode == pair.rightShown {
        try compareNodes(pair.leftNode, pair.rightNode)
      }
    }
    addRest()
  }

  /// The convolutions or products behind a pair where one side has a normalisation folded in.
  private func linearNodes(of pair: ValuePair) -> (left: Int, right: Int)? {
    guard pair.leftNode != pair.leftShown || pair.rightNode != pair.rightShown else { return nil }
    func linear(_ view: GraphView, _ index: Int) -> Int? {
      if view.graph.nodes[index].op.isLinear { return index }
      guard case .resize = view.graph.nodes[index].op, let input = view.graph.nodes[index].inputs[0],
        let before = view.producers[input.index], view.graph.nodes[before].op.isLinear
      else { return nil }
      return before
    }
    guard let a = linear(aligned.left, pair.leftShown), let b = linear(aligned.right, pair.rightShown) else {
      return nil
    }
    return (a, b)
  }

  /// Weight and bias of both sides with what stands behind them folded in, in Double.
  private mutating func compareFolded(_ a: Int, _ b: Int) throws(ScaleNetError) {
    let own = try FoldedWeights(aligned.left, a)
    let other = try FoldedWeights(aligned.right, b)
    leftDone.formUnion(own.nodes)
    rightDone.formUnion(other.nodes)
    let normalization = own.normalization ?? other.normalization
    let note = normalization.map { "with \($0) folded in" }
    compare(
      NamedWeight(name: own.name, elements: own.weight, shape: own.shape),
      NamedWeight(name: other.name, elements: other.weight, shape: other.shape), note: note)
    compare(
      NamedWeight(name: own.biasName, elements: own.bias, shape: [own.bias.count]),
      NamedWeight(name: other.biasName, elements: other.bias, shape: [other.bias.count]), note: note)
  }

  /// Parameters of like nodes one by one.
  private mutating func compareNodes(_ a: Int, _ b: Int) throws(ScaleNetError) {
    let (node, other) = (aligned.left.graph.nodes[a], aligned.right.graph.nodes[b])
    guard node.op.family == other.op.family else { return }
    leftDone.insert(a)
    rightDone.insert(b)
    for input in 0..<max(node.inputs.count, other.inputs.count) {
      let own = try NamedWeight(aligned.left.graph, node, input)
      let others = try NamedWeight(aligned.right.graph, other, input)
      switch (own, others) {
      case (let own?, let others?):
        compare(own, others, note: nil)
      case (let own?, nil) where own.elements.contains { $0 != 0 }:
        rows.append(row(own, nil, .leftOnly))
      case (nil, let others?) where others.elements.contains { $0 != 0 }:
        rows.append(row(nil, others, .rightOnly))
      default:
        continue
      }
    }
  }

  /// Nodes with parameters that no pair has.
  private mutating func addRest() {
    func rest(_ view: GraphView, _ done: Set<Int>) -> [NamedWeight] {
      view.graph.nodes.indices.filter { !done.contains($0) }.flatMap { index in
        view.parameters(index).map { id in
          NamedWeight(name: view.graph[id].name, elements: [], shape: view.shape(id))
        }
      }
    }
    for weight in rest(aligned.left, leftDone) { rows.append(row(weight, nil, .leftOnly)) }
    for weight in rest(aligned.right, rightDone) { rows.append(row(nil, weight, .rightOnly)) }
  }

  private func row(
    _ own: NamedWeight?, _ other: NamedWeight?, _ status: DiffReport.WeightStatus,
    _ deviation: Distance? = nil, note: String? = nil
  ) -> DiffReport.Weight {
    DiffReport.Weight(
      name: own?.name, otherName: other?.name, shape: (own ?? other)?.shape ?? [], status: status,
      maxAbsoluteError: deviation?.maxAbsoluteError.ifFinite,
      relativeError: deviation?.relativeError.ifFinite, note: note)
  }

  private mutating func compare(_ own: NamedWeight, _ other: NamedWeight, note: String?) {
    compared += 1
    guard own.shape == other.shape else {
      rows.append(row(own, other, .differs, note: "shape \(own.shape) against \(other.shape)"))
      return
    }
    let deviation = Distance(own.elements, other.elements, .exact)
    if deviation.maxAbsoluteError == 0 { return }
    if deviation.relativeError <= Tolerance.foldedWeights.absolute {
      rows.append(row(own, other, .rounded, deviation, note: note))
      return
    }
    if let order = own.transposition(giving: other) {
      rows.append(row(own, other, .transposed, deviation, note: "axes in the order \(order)"))
      return
    }
    for axis in 0..<min(own.shape.count, 2)
    where ChannelOrder.find(own.elements, other.elements, shape: own.shape, axis: axis) != nil {
      rows.append(row(own, other, .permuted, deviation, note: "along axis \(axis)"))
      return
    }
    let count = zip(own.elements, other.elements).count { $0 != $1 }
    let half = own.halfType(of: other).map { ", equal after rounding to \($0.rawValue)" } ?? ""
    let elements = "\(count) of \(own.elements.count) elements differ\(half)"
    rows.append(row(own, other, .differs, deviation, note: note.map { "\(elements), \($0)" } ?? elements))
  }
}

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

/// A parameter in Double, in the layout that all formats are compared in: OIHW, and [outputs, inputs].
struct NamedWeight {
  var name: String
  var elements: [Double]
  var shape: [Int]

  init(name: String, elements: [Double], shape: [Int]) {
    (self.name, self.elements, self.shape) = (name, elements, shape)
  }

  /// A parameter of a node; nil if that input is none.
  init?(_ graph: Graph, _ node: Node, _ input: Int) throws(ScaleNetError) {
    guard input < node.inputs.count, let id = node.inputs[input], var tensor = graph.initializer(id),
      tensor.dataType.isFloatingPoint
    else { return nil }
    if case .gemm(let gemm) = node.op, input == 1, !gemm.transB, tensor.shape.rank == 2 {
      tensor = tensor.transposed([1, 0])
    }
    name = graph[id].name
    shape = tensor.shape.dimensions
    do throws(ScaleNetError) { elements = try tensor.doubles() } catch {
      throw .unreadableInitializer(name: graph[id].name, error: error)
    }
  }

  /// The order of axes that makes this weight the other, exactly; nil if there is none.
  func transposition(giving other: NamedWeight) -> [Int]? {
    let orders =
      shape.count == 2 ? [[1, 0]] : shape.count == 4 ? [[0, 1, 3, 2], [1, 0, 2, 3], [1, 0, 3, 2]] : []
    let tensor = Tensor(elements, shape: TensorShape(shape))
    return orders.first { order in
      order.map { shape[$0] } == other.shape && (try? tensor.transposed(order).doubles()) == other.elements
    }
  }

  /// The half type that both are equal in, if one of them holds nothing finer.
  func halfType(of other: NamedWeight) -> DataType? {
    [DataType.float16, .bfloat16].first { type in
      func rounded(_ elements: [Double]) -> [Float]? {
        try? Tensor(elements.map { Float($0) }, shape: [elements.count]).cast(to: type).floats()
      }
      guard let a = rounded(elements), let b = rounded(other.elements) else { return false }
      return a == b
    }
  }
}
