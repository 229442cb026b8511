internal import ModelIR

extension Operator {
  /// The loops that compute it. The switch is exhaustive: an operator without loops does not compile.
  var kernel: any ReferenceKernel {
    switch self {
    case .unary(let kind): kind
    case .binary(let kind): kind
    case .variadic(let kind): kind
    case .where(let kind): kind
    case .cast(let kind): kind
    case .bitCast(let kind): kind
    case .reduce(let kind): kind
    case .argExtremum(let kind): kind
    case .topK(let kind): kind
    case .cumSum(let kind): kind
    case .softmax(let kind): kind
    case .logSoftmax(let kind): kind
    case .hardmax(let kind): kind
    case .conv(let kind): kind
    case .convTranspose(let kind): kind
    case .maxPool(let kind): kind
    case .averagePool(let kind): kind
    case .lpPool(let kind): kind
    case .globalPool(let kind): kind
    case .maxUnpool(let kind): kind
    case .gemm(let kind): kind
    case .matMul(let kind): kind
    case .einsum(let kind): kind
    case .attention(let kind): kind
    case .recurrent(let kind): kind
    case .batchNormalization(let kind): kind
    case .layerNormalization(let kind): kind
    case .rmsNormalization(let kind): kind
    case .instanceNormalization(let kind): kind
    case .groupNormalization(let kind): kind
    case .lpNormalization(let kind): kind
    case .meanVarianceNormalization(let kind): kind
    case .lrn(let kind): kind
    case .identity(let kind): kind
    case .flatten(let kind): kind
    case .reshape(let kind): kind
    case .squeeze(let kind): kind
    case .unsqueeze(let kind): kind
    case .expand(let kind): kind
    case .transpose(let kind): kind
    case .tile(let kind): kind
    case .concat(let kind): kind
    case .slice(let kind): kind
    case .pad(let kind): kind
    case .shape(let kind): kind
    case .size(let kind): kind
    case .trilu(let kind): kind
    case .eyeLike(let kind): kind
    case .reverseSequence(let kind): kind
    case .gather(let kind): kind
    case .gatherElements(let kind): kind
    case .gatherND(let kind): kind
    case .scatterElements(let kind): kind
    case .scatterND(let kind): kind
    case .oneHot(let kind): kind
    case .nonZero(let kind): kind
    case .compress(let kind): kind
    case .unique(let kind): kind
    case .resize(let kind): kind
    case .depthToSpace(let kind): kind
    case .spaceToDepth(let kind): kind
    case .gridSample(let kind): kind
    case .roiAlign(let kind): kind
    case .nonMaxSuppression(let kind): kind
    case .quantizeLinear(let kind): kind
    case .dequantizeLinear(let kind): kind
    case .dynamicQuantizeLinear(let kind): kind
    case .convInteger(let kind): kind
    case .matMulInteger(let kind): kind
    case .qLinearConv(let kind): kind
    case .qLinearMatMul(let kind): kind
    case .computed(let kind): kind
    }
  }
}
