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
    try compare(own.weight, other.weight, note: note)
    try compare(own.namedBias, other.namedBias, note: note)
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
        try compare(own, others, note: nil)
      case (let own?, nil) where own.tensor.hasNonzero:
        rows.append(row(own.label, nil, .leftOnly))
      case (nil, let others?) where others.tensor.hasNonzero:
        rows.append(row(nil, others.label, .rightOnly))
      default:
        continue
      }
    }
  }

  /// Nodes with parameters that no pair has.
  private mutating func addRest() {
    func rest(_ view: GraphView, _ done: Set<Int>) -> [Label] {
      view.graph.nodes.indices.filter { !done.contains($0) }.flatMap { index in
        view.parameters(index).map { id in
          (name: view.graph[id].name, shape: view.shape(id))
        }
      }
    }
    for weight in rest(aligned.left, leftDone) { rows.append(row(weight, nil, .leftOnly)) }
    for weight in rest(aligned.right, rightDone) { rows.append(row(nil, weight, .rightOnly)) }
  }

  /// What a row says of a side's parameter.
  fileprivate typealias Label = (name: String, shape: [Int])

  private func row(
    _ own: Label?, _ other: Label?, _ status: DiffReport.WeightStatus,
    _ deviation: Distance? = nil, note: String? = nil
  ) -> DiffReport.Weight {
    DiffReport.Weight(
      name: own?.name, otherName: other?.name, shape: (own ?? other)?.shape ?? [], status: status,
      maxAbsoluteError: deviation?.maxAbsoluteError.ifFinite,
      relativeError: deviation?.relativeError.ifFinite, note: note)
  }

  private mutating func compare(
    _ own: NamedWeight, _ other: NamedWeight, note: String?
  ) throws(ScaleNetError) {
    compared += 1
    func add(_ status: DiffReport.WeightStatus, _ deviation: Distance?, _ note: String?) {
      rows.append(row(own.label, other.label, status, deviation, note: note))
    }
    guard own.shape == other.shape else {
      add(.differs, nil, "shape \(own.shape) against \(other.shape)")
      return
    }
    let pair = ElementPair(own, other)
    let deviation = try pair.distance()
    if deviation.maxAbsoluteError == 0 { return }
    if deviation.relativeError <= Tolerance.foldedWeights.absolute {
      add(.rounded, deviation, note)
      return
    }
    if let order = pair.transposition {
      add(.transposed, deviation, "axes in the order \(order)")
      return
    }
    for axis in 0..<min(own.shape.count, 2)
    where ChannelOrder.find(pair, axis: axis, largest: deviation.largestMagnitude) != nil {
      add(.permuted, deviation, "along axis \(axis)")
      return
    }
    let half = pair.halfType.map { ", equal after rounding to \($0.rawValue)" } ?? ""
    let elements = "\(pair.differingCount) of \(pair.count) elements differ\(half)"
    add(.differs, deviation, note.map { "\(elements), \($0)" } ?? elements)
  }
}

extension ElementPair<NamedWeight> {
  /// The order of axes that makes the own weight the other, exactly; nil if there is none.
  fileprivate var transposition: [Int]? {
    let orders =
      shape.count == 2 ? [[1, 0]] : shape.count == 4 ? [[0, 1, 3, 2], [1, 0, 2, 3], [1, 0, 3, 2]] : []
    return orders.first { order in
      order.map { shape[$0] } == other.shape
        && ElementPair(own.transposed(order), other).allSatisfy { $0 == $1 }
    }
  }

  /// The half type that both are equal in, if one of them holds nothing finer.
  fileprivate var halfType: DataType? {
    [DataType.float16, .bfloat16].first { type in
      func rounded(_ elements: [Double]) -> [Float]? {
        try? Tensor(elements.map { Float($0) }, shape: [elements.count]).cast(to: type).floats()
      }
      return allBlocks { _, own, others in
        guard let a = rounded(own), let b = rounded(others) else { return false }
        return a == b
      }
    }
  }
}
