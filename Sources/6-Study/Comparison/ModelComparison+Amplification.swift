import Execution
import FileIO
import ModelIR

// Where a network makes rounding larger than it was: what decides where outputs are near the tolerance.
extension ModelComparison {
  /// From which part of the tolerance on a side's own rounding is looked into.
  private static let nearness = 0.1
  /// The rounding of a single operation, below which nothing can be amplified.
  private static let unit = 0x1p-24
  /// An error this many times larger than that of the inputs is named.
  private static let leastFactor = 8.0
  private static let mostNodes = 5

  /// Names the nodes that make rounding larger, on the side that rounds more; nil where rounding is far from deciding.
  func amplification(
    _ outputs: ComparedOutputs
  ) throws(ScaleNetError) -> DiffReport.Amplification? {
    let share = max(tolerance.scaled ? tolerance.absolute + tolerance.relative : tolerance.relative, 1e-6)
    let errors = outputs.roundings.values.map { ($0.leftError ?? .infinity, $0.rightError ?? .infinity) }
    let (own, other) = (errors.map(\.0).max() ?? 0, errors.map(\.1).max() ?? 0)
    let hasGraph = (left: left.graph != nil, right: right.graph != nil)
    let worst = max(hasGraph.left ? own : 0, hasGraph.right ? other : 0)
    guard worst.isFinite, worst >= Self.nearness * share else { return nil }
    let isLeft = hasGraph.left && (own >= other || !hasGraph.right)
    guard let graph = (isLeft ? left : right).graph else { return nil }
    let side = isLeft ? "left" : "right"
    let rounding = try NodeRounding(
      graph, inputs(isLeft: isLeft), engine, budget: valueBudget)
    let nodes = rounding.nodes(atLeast: Self.leastFactor, unit: Self.unit).prefix(Self.mostNodes)
    let what =
      "The \(side) in float32 is off by \(worst.scientific) of the largest output itself; the tolerance allows \(share.scientific) of it, and less of smaller elements"
    let explanation =
      nodes.isEmpty
      ? "\(what): no single node is to blame, rounding grows over \(graph.nodes.count) nodes."
      : "\(what): rounding is amplified most at \(nodes[nodes.startIndex].name.escapedWhole), "
        + "\(nodes[nodes.startIndex].factor.scientific) times."
    return DiffReport.Amplification(
      side: side, outputError: worst, nodes: Array(nodes), explanation: explanation)
  }
}

/// The error of float32 in every value of a graph, against Double.
struct NodeRounding {
  private let graph: Graph
  /// The largest error of a value as a part of its largest magnitude, and that magnitude.
  private let errors: [ValueID: (error: Double, magnitude: Double)]

  init(
    _ graph: Graph, _ inputs: [String: Tensor], _ engine: DiffEngine, budget: Int
  ) throws(ScaleNetError) {
    self.graph = graph
    let values = graph.nodes.flatMap(\.outputs).filter {
      graph[$0].type.dataType.isFloatingPoint && graph[$0].type.shape != nil
    }
    let runs = RunsInTurns(budget: budget) { () throws(ScaleNetError) in
      try engine.doubleRun(graph, inputs)
    } second: { () throws(ScaleNetError) in
      try engine.floatRun(graph, inputs)
    }
    var found: [ValueID: (error: Double, magnitude: Double)] = [:]
    try runs.visit(values.enumerated().map { ($0.offset, $0.element, $0.element) }) {
      (index, exact, rounded) throws(ScaleNetError) in
      let name = graph[values[index]].name
      let (a, b) = (try rounded.floats(of: name), try exact.doubles(of: name))
      guard a.count == b.count else { return }
      let distance = Distance(a.map { Double($0) }, b, .exact)
      found[values[index]] = (distance.relativeError, distance.largestMagnitude)
    }
    errors = found
  }

  /// Nodes whose output's error is far above that of their inputs, the largest factor first.
  func nodes(atLeast least: Double, unit: Double) -> [DiffReport.Amplification.Node] {
    var result: [DiffReport.Amplification.Node] = []
    for node in graph.nodes {
      guard let output = node.outputs.first, let (error, magnitude) = errors[output], error.isFinite else {
        continue
      }
      let read = node.inputs.compactMap { $0 }.filter { graph[$0].initializer == nil }
      let known = read.compactMap { errors[$0] }
      let inputError = known.map(\.error).filter(\.isFinite).max() ?? 0
      let factor = error / max(inputError, unit)
      guard factor >= least else { continue }
      result.append(
        DiffReport.Amplification.Node(
          name: node.name, op: node.op.name, inputError: inputError, outputError: error, factor: factor,
          reason: reason(node, inputs: known.map(\.magnitude), output: magnitude)))
    }
    return result.sorted { ($0.factor, $1.name) > ($1.factor, $0.name) }
  }

  /// What makes a node amplify; nil where that is not known.
  private func reason(_ node: Node, inputs: [Double], output: Double) -> String? {
    let largest = inputs.max() ?? 0
    func cancels(_ what: String) -> String? {
      largest > 4 * output
        ? "\(what) of up to \(largest.scientific) cancel, and at most \(output.scientific) is left" : nil
    }
    switch node.op {
    case .batchNormalization(let normalization):
      guard node.inputs.count == 5, let variance = try? graph.initializer(node.inputs[4])?.doubles(),
        let gamma = try? graph.initializer(node.inputs[1])?.doubles(),
        let mean = try? graph.initializer(node.inputs[3])?.doubles(), !variance.isEmpty
      else { return nil }
      let scale = zip(gamma, variance).map { abs($0) / ($1 + Double(normalization.epsilon)).squareRoot() }
      let least = variance.min() ?? 0
      return
        "a variance as small as \(least.scientific) multiplies by up to \((scale.max() ?? 0).scientific) what is left of "
        + "numbers of up to \(largest.scientific) less means of up to \((mean.map(abs).max() ?? 0).scientific)"
    case .binary(.add), .binary(.sub): return cancels("numbers")
    case .binary(.div), .unary(.reciprocal): return "it divides"
    case .unary(.exp), .softmax, .logSoftmax:
      return largest > 1
        ? "exponentials of numbers of up to \(largest.scientific) multiply a relative error by as much" : nil
    case .conv, .convTranspose, .gemm, .matMul, .reduce, .globalPool, .averagePool:
      return cancels("terms of sums over numbers") ?? "the terms of its sums cancel"
    case .layerNormalization, .instanceNormalization, .groupNormalization, .meanVarianceNormalization:
      return cancels("numbers and their mean")
        ?? "it takes a mean from its numbers and divides by what they vary"
    default: return nil
    }
  }
}
