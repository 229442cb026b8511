internal import Kernels
internal import ModelIR

/// What kernels on the arena compute, and what the reference evaluator does.
extension Graph {
  /// Whether a value lives outside of the arena, with its type: it is no floating-point tensor, or its extents are
  /// known only when the graph has run.
  func isTyped(_ id: ValueID) -> Bool {
    !self[id].type.dataType.isFloatingPoint || self[id].type.shape == nil
  }

  /// Whether kernels on the arena compute a node. All its values lie there then, and none is empty.
  func hasFastKernel(_ node: Node) -> Bool {
    let ids = node.inputs.compactMap { $0 } + node.outputs
    guard node.outputs.count == 1, node.inputs.first ?? nil != nil,
      ids.allSatisfy({ !isTyped($0) && !self[$0].type.dimensions.contains(0) })
    else { return false }
    switch node.op {
    case .unary(let function): return UnaryFunction(function) != nil
    case .binary(let function): return BinaryFunction(function) != nil
    case .cast(let cast): return cast.to.isFloatingPoint
    case .reduce(let reduce): return reduce.function == .mean
    case .conv(let conv): return conv.window.rank == 2
    case .maxPool(let pool): return pool.window.rank == 2
    case .averagePool(let pool): return pool.window.rank == 2
    case .globalPool(.average), .globalPool(.max): return self[ids[0]].type.rank == 4
    case .layerNormalization(let normalization):
      return normalization.outputCount == 1 && scalesRows(node, axis: normalization.axis)
    case .rmsNormalization(let normalization): return scalesRows(node, axis: normalization.axis)
    case .groupNormalization(let normalization): return !normalization.scalesGroups
    case .instanceNormalization: return true
    case .gemm, .matMul, .softmax, .batchNormalization, .lrn, .identity, .flatten, .reshape, .squeeze,
      .unsqueeze,
      .expand, .transpose, .concat, .slice, .gather, .pad, .resize:
      return true
    case .globalPool(.lp), .variadic, .where, .argExtremum, .topK, .cumSum, .logSoftmax, .hardmax,
      .convTranspose, .lpPool, .maxUnpool, .einsum, .attention, .recurrent, .lpNormalization,
      .meanVarianceNormalization, .tile,
      .shape,
      .size, .trilu, .eyeLike, .reverseSequence, .gatherElements, .gatherND, .scatterElements, .scatterND,
      .oneHot,
      .nonZero, .bitCast, .compress, .unique, .depthToSpace, .spaceToDepth, .gridSample, .roiAlign,
      .nonMaxSuppression,
      .quantizeLinear, .dequantizeLinear, .dynamicQuantizeLinear, .convInteger, .matMulInteger, .qLinearConv,
      .qLinearMatMul, .computed:
      return false
    }
  }

  /// Whether a normalisation's scale and shift have an element for each of a row's: of the axes from `axis` on.
  private func scalesRows(_ node: Node, axis: Int) -> Bool {
    let row = Array(self[node.inputs[0]!].type.dimensions[axis...])
    return node.inputs.dropFirst().allSatisfy { $0.map { self[$0].type.dimensions == row } ?? true }
  }
}
