import FileIO
internal import Kernels
internal import ModelIR

/// What a group reads while the graph runs, and how.
extension Planner {
  /// The inputs that flow through the network, in contrast to weights that kernels pack.
  func activations(of group: FusedNode) -> [ValueID] {
    let inputs = group.node.inputs
    guard graph.hasFastKernel(group.node) else { return referenceActivations(of: group.node) }
    var result = inputs.compactMap { $0 }
    if isPrepared(group) {
      result = inputs.enumerated().compactMap { index, id in
        Self.weightInputs(group.node.op).contains(index) ? nil : id
      }
    }
    if let residual = group.residual { result.append(residual) }
    if let bias = group.bias { result.append(bias) }
    return result
  }

  /// Whether all weights of a group are known before the graph runs.
  func isPrepared(_ group: FusedNode) -> Bool {
    let weights = Self.weightInputs(group.node.op)
    guard !weights.isEmpty, !group.reorders else { return false }
    if case .matMul = group.node.op {
      // One matrix serves all products.
      guard let b = group.node.inputs[1], shapes[b.index].count == 2,
        !shapes[b.index].contains(0)
      else { return false }
    }
    return group.node.inputs.enumerated().allSatisfy { index, id in
      id.map { !weights.contains(index) || graph[$0].initializer != nil } ?? true
    }
  }

  /// The inputs of an operator that kernels pack.
  private static func weightInputs(_ op: Operator) -> [Int] {
    switch op {
    case .conv: [1, 2]
    case .batchNormalization: [1, 2, 3, 4]
    case .gemm, .matMul: [1]
    default: []
    }
  }

  /// Whether a group can write images that do not follow each other without gaps.
  func writesImagesApart(_ group: FusedNode) -> Bool {
    if group.reorders { return true }
    guard graph.hasFastKernel(group.node) else { return false }
    switch group.node.op {
    case .conv, .batchNormalization, .unary, .binary, .pad, .maxPool, .averagePool, .globalPool, .lrn,
      .transpose, .slice, .expand:
      return true
    case .resize(let resize):
      return !interpolates(resize, group)
    case .concat(let concat):
      return concat.axis <= 1
    case .gather(let gather):
      // Axes of the indices are one axis of the output, and the images must not be among them.
      return gather.axis > 0
    default:
      // What reads and writes memory as one run.
      return false
    }
  }

  /// Whether a group can read such images of a value.
  func readsImagesApart(_ group: FusedNode, _ id: ValueID) -> Bool {
    guard writesImagesApart(group) else {
      if case .gather = group.node.op { return true }
      return false
    }
    switch group.node.op {
    case .conv, .batchNormalization:
      // What is packed has no gaps.
      return !group.node.inputs.dropFirst().contains(id)
    default:
      return true
    }
  }

  /// Whether a resize needs more than the two neighbours in each direction of an image.
  func interpolates(_ resize: Resize, _ group: FusedNode) -> Bool {
    guard resize.mode != .nearest, let input = group.node.inputs[0] else { return false }
    return Resampling(resize, input: shapes[input.index], output: shapes[group.output.index]) == nil
  }

  /// Strides of a value in memory, in elements.
  func strides(of id: ValueID) -> [Int] {
    let shape = shapes[id.index]
    var strides = TensorShape(shape).contiguousStrides
    if shape.count > 1 && shape[0] > 1 { strides[0] = place(id).images.batchStride }
    return strides
  }

  /// Makes room for scratch memory of a step.
  mutating func needWorkspace(_ count: Int, _ node: Node) throws(ScaleNetError) {
    try checkLimit(count, node.name)
    workspaceCount = max(workspaceCount, count)
  }
}
