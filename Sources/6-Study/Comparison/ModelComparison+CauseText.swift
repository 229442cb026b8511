import FileIO
import ModelIR

// What is said of a fault that was found: where both graphs part, and why.
extension ModelComparison {
  /// The sentence on a confirmed hypothesis, with how far it reaches; of several faults side by side one on each.
  func describe(_ fault: Fault, _ extent: Extent) -> [DiffReport.Cause] {
    let hypothesis = extent.telling ?? fault.hypothesis
    let (own, other) = fault.isReversed ? ("the right", "the left") : ("the left", "the right")
    if !hypothesis.parts.isEmpty {
      return hypothesis.parts.map { part in
        let (node, otherNode) = fileNames(part.node, part.otherNode, isReversed: fault.isReversed)
        let place = (node ?? otherNode)?.escapedWhole ?? "the graph"
        return DiffReport.Cause(
          kind: part.kind,
          explanation: "\(place): \(own) has \(part.has), \(other) has \(part.otherHas).",
          node: fault.isReversed ? otherNode : node, otherNode: fault.isReversed ? node : otherNode,
          tensor: part.tensor, confirmed: true)
      }
    }
    let (node, otherNode) = fileNames(hypothesis.node, hypothesis.otherNode, isReversed: fault.isReversed)
    let place = (node ?? otherNode)?.escapedWhole ?? "the graph"
    var text = "\(place): \(own) has \(hypothesis.has), \(other) has \(hypothesis.otherHas)"
    if let half = halfPrecision(fault, extent) {
      text = half
    } else if extent.count > 1 {
      text +=
        extent.ops.isEmpty
        ? "; it is so at \(extent.count) places"
        : extent.count < extent.total
          ? "; it is so with \(extent.count) of \(extent.total) \(extent.ops.joined(separator: " and ")) nodes"
          : "; it is so with all \(extent.ops.joined(separator: " and ")) nodes, \(extent.count) in all"
    } else if !extent.companions.isEmpty {
      text += "; extents fit with the next only"
    } else if extent.isAll {
      text += "; with that alone both give the same"
    }
    let cause = DiffReport.Cause(
      kind: hypothesis.kind, explanation: text + ".",
      node: fault.isReversed ? otherNode : node, otherNode: fault.isReversed ? node : otherNode,
      tensor: hypothesis.tensor, confirmed: true)
    return [cause] + companions(extent)
  }

  /// The nodes of the files that two nodes are, or are a part of: one that only the form has in which both are held against each
  /// other is called after the node that it was made of.
  private func fileNames(
    _ own: String?, _ other: String?, isReversed: Bool
  ) -> (own: String?, other: String?) {
    (
      Self.fileName(own, (isReversed ? right : left).graph),
      Self.fileName(other, (isReversed ? left : right).graph)
    )
  }

  private static func fileName(_ name: String?, _ graph: Graph?) -> String? {
    guard let name, let graph else { return name }
    let names = Set(graph.nodes.map(\.name))
    var rest = name
    while !names.contains(rest) {
      guard let dot = rest.lastIndex(of: ".") else { return name }
      rest = String(rest[..<dot])
    }
    return rest
  }

  /// The sentences on what goes with a fault; how far it reaches they show together.
  private func companions(_ extent: Extent) -> [DiffReport.Cause] {
    var alone = extent
    (alone.companions, alone.isAll) = ([], false)
    var result = extent.companions.flatMap { describe($0, alone) }
    if extent.isAll, let last = result.indices.last {
      result[last].explanation = "\(result[last].explanation.dropLast()); with these both give the same."
    }
    for index in result.indices { result[index].confirmed = extent.isAll }
    return result
  }

  /// What a file in a half type is, where both give the same with that undone at all places; nil of other faults.
  private func halfPrecision(_ fault: Fault, _ extent: Extent) -> String? {
    guard fault.hypothesis.kind == .halfPrecision, extent.isAll, extent.count > 1,
      let (isLeft, lower) = try? lowerSide(), lower.isHalf
    else { return nil }
    let (own, other) = isLeft ? ("left", "right") : ("right", "left")
    let ops = extent.ops.isEmpty ? "places" : "\(extent.ops.joined(separator: " and ")) nodes"
    return
      "The \(own) is in \(lower.type.rawValue): with that undone at all \(extent.count) \(ops) it gives what the "
      + "\(other) gives"
  }

  func divergence(_ fault: Fault, _ aligned: AlignedGraphs) -> DiffReport.FirstDivergence {
    var result = formDivergence(fault, aligned)
    (result.name, result.otherName) = fileNames(result.name, result.otherName, isReversed: false)
    return result
  }

  private func formDivergence(_ fault: Fault, _ aligned: AlignedGraphs) -> DiffReport.FirstDivergence {
    var result = divergence(fault.parting, aligned)
    guard !fault.isReversed else { return result }
    let (own, other) = (fault.hypothesis.node, fault.hypothesis.otherNode)
    guard
      [
        .missingNode, .addedNode, .activation, .operator, .pooling, .preprocessing, .missingSoftmax,
        .swappedInputChannels,
      ]
      .contains(fault.hypothesis.kind)
    else { return result }
    func op(_ view: GraphView, _ name: String?) -> String? {
      name.flatMap { view.graph.nodeIndex(named: $0) }.map { view.graph.nodes[$0].op.name }
    }
    result.name = own
    result.op = op(aligned.left, own)
    result.otherName = other
    result.otherOp = op(aligned.right, other)
    if let own, let index = aligned.left.graph.nodeIndex(named: own) { result.depth = index }
    if own == nil || other == nil {
      result.explanation =
        "Computed in Double, what stands before it agrees; \(own == nil ? "the left" : "the right") has no such node."
    }
    return result
  }

  func divergence(_ parting: Parting, _ aligned: AlignedGraphs) -> DiffReport.FirstDivergence {
    switch parting.place {
    case .outputs(let a, let b):
      let (p, q) = (aligned.left.producers[a.index], aligned.right.producers[b.index])
      return DiffReport.FirstDivergence(
        name: p.map { aligned.left.graph.nodes[$0].name },
        otherName: q.map { aligned.right.graph.nodes[$0].name },
        op: p.map { aligned.left.graph.nodes[$0].op.name },
        otherOp: q.map { aligned.right.graph.nodes[$0].op.name },
        depth: p ?? 0,
        explanation: "All values before the outputs agree; one side goes on where the other ends.")
    case .nodes(let a, let b):
      let (own, other) = (aligned.left.graph.nodes[a], aligned.right.graph.nodes[b])
      let shapes = (
        aligned.left.shape(aligned.left.output(a)), aligned.right.shape(aligned.right.output(b))
      )
      let inputs =
        parting.inputError.map { "inputs agree (relative error \($0.scientific))" }
        ?? "inputs have no counterparts"
      let output =
        AxisOrder.relations(shapes.0, shapes.1).isEmpty
        ? "output has another shape, \(shapes.0) against \(shapes.1)"
        : "output does not (relative error \(parting.outputError.scientific))"
      return DiffReport.FirstDivergence(
        name: own.name, otherName: other.name, op: own.op.name, otherOp: other.op.name, depth: a,
        inputError: parting.inputError?.ifFinite, outputError: parting.outputError.ifFinite,
        explanation: "Computed in Double, its \(inputs) and its \(output).")
    }
  }
}
