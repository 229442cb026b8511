internal import Kernels
internal import ModelIR

/// Whether the images of a batch can go through a graph a few at a time.
///
/// Two images and what becomes of them fit the caches where sixteen don't; and several threads can each compute images
/// of their own, without waiting for each other. A slice is planned once and run again and again.
enum BatchSlices {
  /// How many images of a batch of `batch` go through the graph at a time: `batch` itself if the images can't be told
  /// apart for certain.
  static func size(_ graph: Graph, batch: Int, threads: Int) -> Int {
    guard batch > 1, areSeparable(graph, batch: batch) else { return batch }
    return batch.isMultiple(of: 2 * threads) ? 2 : 1
  }

  /// Whether every value that depends on an input has the images as its first axis, and no operator mixes them.
  private static func areSeparable(_ graph: Graph, batch: Int) -> Bool {
    guard !graph.inputs.isEmpty,
      graph.inputs.allSatisfy({ id in
        let dimensions = graph[id].type.dimensions
        return dimensions.first.map { $0.value == nil } ?? false
          && dimensions.dropFirst().allSatisfy { $0.value != nil }
      }),
      let one = try? graph.binding(batch: 1), let all = try? graph.binding(batch: batch)
    else { return false }
    var isImages = [Bool](repeating: false, count: graph.values.count)
    for id in graph.inputs { isImages[id.index] = true }
    func shape(_ id: ValueID) -> [Int] { all[id].type.dimensions.compactMap(\.value) }
    for node in graph.nodes where node.inputs.contains(where: { $0.map { isImages[$0.index] } ?? false }) {
      guard all.hasFastKernel(node) else { return false }
      let areImages = node.inputs.map { $0.map { isImages[$0.index] } ?? false }
      for id in node.outputs {
        // One image more is one row more, in every value.
        let (single, several) = (one[id].type.dimensions.compactMap(\.value), shape(id))
        guard single.first == 1, several.first == batch, single.dropFirst() == several.dropFirst() else {
          return false
        }
      }
      guard
        keepsImagesApart(
          node, areImages, inputs: node.inputs.map { $0.map(shape) ?? [] }, shape(node.outputs[0]))
      else { return false }
      for id in node.outputs { isImages[id.index] = true }
    }
    return graph.outputs.allSatisfy { isImages[$0.index] }
  }

  private static func keepsImagesApart(
    _ node: Node, _ areImages: [Bool], inputs: [[Int]], _ output: [Int]
  ) -> Bool {
    /// Whether an operand is broadcast over the images, or has them as its first axis too.
    func isAligned(_ index: Int) -> Bool {
      areImages[index]
        ? inputs[index].count == output.count
        : inputs[index].count < output.count || inputs[index].first == 1
    }
    let onlyFirst = areImages[0] && !areImages.dropFirst().contains(true)
    switch node.op {
    case .conv, .batchNormalization, .maxPool, .averagePool, .globalPool(.average), .globalPool(.max), .lrn,
      .unary,
      .identity, .cast, .reshape, .squeeze, .unsqueeze:
      // A reshape that leaves the first axis as it is moves nothing across it.
      return onlyFirst
    case .binary:
      return inputs.indices.allSatisfy(isAligned)
    case .concat(let concat):
      return concat.axis > 0 && !areImages.contains(false)
    case .resize(let resize):
      return onlyFirst
        && (!resize.axes.contains(0) || Resampling(resize, input: inputs[0], output: output) != nil)
    case .pad(let pad):
      return onlyFirst && pad.pads[0] == 0 && pad.pads[pad.pads.count / 2] == 0
    case .transpose(let transpose):
      return onlyFirst && transpose.permutation.first == 0
    case .slice(let slice):
      return onlyFirst && !slice.axes.contains(0)
    case .gather(let gather):
      return onlyFirst && gather.axis > 0
    case .expand:
      return onlyFirst && isAligned(0)
    case .softmax(let softmax):
      return onlyFirst && softmax.axis > 0
    case .flatten(let flatten):
      return onlyFirst && flatten.axis == 1
    case .reduce(let mean):
      return onlyFirst && !mean.axes.contains(0)
    case .gemm(let gemm):
      return areImages[0] && !areImages[1] && !gemm.transA
        && (inputs.count < 3 || inputs[2].isEmpty || isAligned(2))
        && !areImages.dropFirst(2).contains(true)
    case .matMul:
      if !areImages[1] { return inputs[0].count >= 2 && inputs[1].count == 2 }
      return inputs.allSatisfy { $0.count == output.count } && output.count > 2 && areImages[0]
    case .globalPool(.lp), .variadic, .where, .argExtremum, .topK, .cumSum, .logSoftmax, .hardmax,
      .convTranspose, .lpPool, .maxUnpool, .einsum, .attention, .recurrent,
      .layerNormalization, .rmsNormalization, .instanceNormalization, .groupNormalization, .lpNormalization,
      .meanVarianceNormalization, .tile, .shape, .size, .trilu, .eyeLike, .reverseSequence, .gatherElements,
      .gatherND, .scatterElements, .scatterND, .oneHot, .nonZero, .bitCast, .compress, .unique, .depthToSpace,
      .spaceToDepth, .gridSample, .roiAlign, .nonMaxSuppression, .quantizeLinear, .dequantizeLinear,
      .dynamicQuantizeLinear, .convInteger, .matMulInteger, .qLinearConv, .qLinearMatMul, .computed:
      // What the reference evaluator computes is not looked into.
      return false
    }
  }
}
