import FileIO
import ModelIR

/// What two folded convolutions or products tell of the normalisations that went into them: that one side has none, or has
/// everything in a half type.
struct FoldedCauses {
  /// Both graphs before anything was folded, whose nodes have the same names.
  let left: GraphView
  let right: GraphView
  /// How many nodes of each have a normalisation that could be folded into them.
  private let normalizations: (own: Int, other: Int)

  init(_ form: ComparableForm) {
    left = GraphView(form.unfolded.left)
    right = GraphView(form.unfolded.right)
    normalizations = (left.normalization.count { $0 != nil }, right.normalization.count { $0 != nil })
  }

  /// Hypotheses of other weights, said more exactly where what went into these weights is known.
  func refined(_ hypotheses: [Hypothesis], _ site: Site) -> [Hypothesis] {
    let kinds: Set<DiffReport.CauseKind> = [
      .differentWeights, .missingBias, .batchNormEpsilon, .halfPrecision,
    ]
    guard hypotheses.contains(where: { kinds.contains($0.kind) || $0.kind == .quantizedWeights }),
      let own = site.ownNode, let other = site.otherNode, own.op.isLinear, other.op.isLinear,
      own.op.family == other.op.family,
      let a = FoldedNode(left, site.own.graph, own), let b = FoldedNode(right, site.other.graph, other),
      a.shape == b.shape
    else { return hypotheses }
    func said(
      _ text: (DiffReport.CauseKind, String, String), where applies: (Hypothesis) -> Bool
    ) -> [Hypothesis] {
      hypotheses.map { hypothesis in
        guard kinds.contains(hypothesis.kind), applies(hypothesis) else { return hypothesis }
        var result = hypothesis
        (result.kind, result.has, result.otherHas) = text
        // What it was a sign of is known now, and is the same wherever it is so.
        (result.tensor, result.signature) = (nil, "")
        return result
      }
    }
    let hypotheses =
      a.normalization == nil && b.normalization == nil ? hypotheses : hypotheses.map(Self.beforeFolding)
    if let text = leftOut(a, b) ?? steps(a, b) ?? halves(a, b) { return said(text) { _ in true } }
    if let text = halfWeights(a, b) {
      // The bias that a normalisation leaves does not follow from the weight.
      return said(text) { hypothesis in
        hypothesis.edits.allSatisfy { if case .setParameter(_, input: 1, _) = $0 { true } else { false } }
      }
    }
    return hypotheses
  }

  /// Steps that an output channel has for itself behind a normalisation may have been those of all before it.
  private static func beforeFolding(_ hypothesis: Hypothesis) -> Hypothesis {
    guard hypothesis.kind == .quantizedWeights else { return hypothesis }
    func text(_ said: String) -> String {
      said.replacing(
        "one scale for each output channel",
        with: "one scale for each output channel, or for all before a normalisation was folded into them")
    }
    var result = hypothesis
    (result.has, result.otherHas) = (text(result.has), text(result.otherHas))
    return result
  }

  /// A normalisation that went into the weights of one side, while the other has none behind this node: its factors are
  /// those between both weights. Which side lacks it is known where this node has no bias there, which any normalisation
  /// would have left, or where more of the side's other nodes have theirs still.
  private func leftOut(
    _ a: FoldedNode, _ b: FoldedNode
  ) -> (DiffReport.CauseKind, String, String)? {
    guard a.normalization == nil, b.normalization == nil, a.bias != b.bias,
      let pair = Digits.Pair(a.weight, b.weight), let factors = Digits.channelFactors(pair, axis: a.axis),
      // A normalisation changes nearly all channels.
      factors.count(where: { abs($0 - 1) > 1e-3 }) * 4 >= factors.count * 3
    else { return nil }
    let (own, others) = normalizations
    guard a.bias == nil || b.bias == nil || own != others else { return nil }
    let isOwnBare = a.bias == nil || (b.bias != nil && own > others)
    guard !(isOwnBare ? a : b).isFollowedByArithmetic else { return nil }
    let inverse = isOwnBare ? factors : factors.map { 1 / $0 }
    let (least, largest) = ((inverse.min() ?? 1).scientific, (inverse.max() ?? 1).scientific)
    let parts =
      "folded into its weights: a factor of \(least) to \(largest) and an offset for each output channel"
    return isOwnBare
      ? (.addedNode, "no BatchNormalization behind it", "one \(parts)")
      : (.missingNode, "a BatchNormalization \(parts)", "none behind it")
  }

  /// Weights in steps of int8 before a normalisation was folded into them: with few elements in each channel, which all have
  /// factors of their own then, the steps can no more be seen.
  private func steps(_ a: FoldedNode, _ b: FoldedNode) -> (DiffReport.CauseKind, String, String)? {
    for (isOwn, x, y) in [(true, a, b), (false, b, a)] {
      guard let bare = x.bareWeight, let other = x.withoutFactors(y.weight),
        let pair = Digits.Pair(other, bare), Digits.quantization(pair.reversed) == nil,
        let how = Digits.quantization(pair)
      else { continue }
      let stepped = "weights in steps of int8, one scale \(how), before a normalisation was folded into them"
      return isOwn
        ? (.quantizedWeights, stepped, "these in float32") : (.quantizedWeights, "float32 weights", stepped)
    }
    return nil
  }

  /// Weights and normalisations that are numbers of a half type on one side, and nearly these on the other.
  private func halves(_ a: FoldedNode, _ b: FoldedNode) -> (DiffReport.CauseKind, String, String)? {
    halves(a, b, within: 3, "weights and a normalisation rounded to") { $0.isHeld(by: $1) }
  }

  /// The same of weights alone, before a normalisation in float32 was folded into them.
  private func halfWeights(
    _ a: FoldedNode, _ b: FoldedNode
  ) -> (DiffReport.CauseKind, String, String)? {
    halves(a, b, within: 1.01, "weights, before a normalisation was folded into them, rounded to") {
      $0.isWeightHeld(by: $1)
    }
  }

  /// - Parameter units: how far weights are from each other at most, in units of rounding.
  private func halves(
    _ a: FoldedNode, _ b: FoldedNode, within units: Double, _ text: String,
    isHeld: (FoldedNode, DataType) -> Bool
  ) -> (DiffReport.CauseKind, String, String)? {
    for type in [DataType.float16, .bfloat16] {
      for (isOwn, x, y) in [(true, a, b), (false, b, a)] where isHeld(x, type) && !isHeld(y, type) {
        guard let pair = Digits.Pair(x.weight, y.weight),
          Digits.areNear(pair, within: units * type.roundingUnit)
        else { continue }
        let rounded = "\(text) \(type.rawValue)"
        return isOwn
          ? (.halfPrecision, rounded, "these in float32") : (.halfPrecision, "float32 weights", rounded)
      }
    }
    return nil
  }
}

/// A convolution or product after folding, and what went into it.
private struct FoldedNode {
  let weight: Tensor
  let bias: [Float]?
  let shape: [Int]
  /// The axis of the outputs.
  let axis: Int?
  /// Whether what reads it adds to it or multiplies it, or normalises it, be it behind nodes that only move elements.
  let isFollowedByArithmetic: Bool
  /// The parameters of the normalisation that is folded into it here; nil where there is none.
  let normalization: [Tensor]?
  /// The weight and bias before that.
  private let before: [Tensor]

  /// nil where its weight is computed or not of floating-point numbers.
  init?(_ unfolded: GraphView, _ folded: Graph, _ node: Node) {
    guard node.inputs.count > 1, let tensor = folded.initializer(node.inputs[1]),
      tensor.dataType.isFloatingPoint,
      let index = unfolded.graph.nodeIndex(named: node.name)
    else { return nil }
    weight = tensor
    let held = node.inputs.count > 2 ? folded.initializer(node.inputs[2]) : nil
    let bias = held.flatMap { try? $0.floats() }
    // A bias of zeros is none.
    self.bias = bias?.contains { $0 != 0 } == true ? bias : nil
    shape = tensor.shape.dimensions
    axis = node.op.outputAxis(rank: shape.count)
    isFollowedByArithmetic = Self.isFollowedByArithmetic(unfolded, index)
    func parameters(_ index: Int) -> [Tensor] {
      unfolded.parameters(index).compactMap { unfolded.graph[$0].initializer }
    }
    before = parameters(index)
    normalization = unfolded.normalization[index].map(parameters)
  }

  private static func isFollowedByArithmetic(_ view: GraphView, _ index: Int) -> Bool {
    var output = view.output(index)
    while view.consumers[output.index].count == 1 {
      let next = view.consumers[output.index][0]
      switch view.graph.nodes[next].op {
      case .batchNormalization: return true
      case .binary: return view.graph.nodes[next].inputs.contains { view.graph.initializer($0) != nil }
      case .identity, .cast, .transpose, .reshape, .flatten, .concat, .resize, .pad:
        output = view.output(next)
      default: return false
      }
    }
    return false
  }

  /// The weight that a normalisation is folded into; nil where there is none.
  var bareWeight: Tensor? { normalization == nil ? nil : before.first }

  /// Another weight of its shape without the factors that the normalisation here has put into this one.
  func withoutFactors(_ other: Tensor) -> Tensor? {
    guard let bareWeight, axis == 0, other.channelScale == nil || other.channelScale?.axis == 0,
      let pair = Digits.Pair(bareWeight, weight),
      let factors = Digits.channelFactors(pair, axis: 0), factors.allSatisfy({ $0 != 0 })
    else { return nil }
    return other.scaled(byChannel: factors.map { Float(1 / $0) })
  }

  /// Whether all that went into it are numbers of a half type; of a bare weight that is said elsewhere.
  func isHeld(by type: DataType) -> Bool {
    guard let normalization else { return false }
    return (before + normalization).allSatisfy { Self.isHeld($0, by: type) }
  }

  /// Whether the weight that a normalisation is folded into has numbers of a half type.
  func isWeightHeld(by type: DataType) -> Bool {
    guard normalization != nil, let weight = before.first else { return false }
    return Self.isHeld(weight, by: type)
  }

  private static func isHeld(_ tensor: Tensor, by type: DataType) -> Bool {
    Digits.Pair(tensor, tensor.cast(to: type))?.allSatisfy { $0 == $1 } ?? false
  }
}
