/// Every operator that a graph can hold. Names and semantics are ONNX's; what ONNX passes as small constant inputs
/// (sizes, axes, limits) stands in the payload here, and `computed` has those whose parameters the graph computes.
///
/// The exhaustive switch is the registry: an operator that is added is missed nowhere.
public enum Operator: Hashable, Sendable {
  // Element by element.
  case unary(Unary)
  case binary(Binary)
  case variadic(Variadic)
  case `where`(Where)
  case cast(Cast)
  case bitCast(BitCast)
  // Along axes.
  case reduce(Reduce)
  case argExtremum(ArgExtremum)
  case topK(TopK)
  case cumSum(CumSum)
  case softmax(Softmax)
  case logSoftmax(LogSoftmax)
  case hardmax(Hardmax)
  // Windows.
  case conv(Conv)
  case convTranspose(ConvTranspose)
  case maxPool(MaxPool)
  case averagePool(AveragePool)
  case lpPool(LpPool)
  case globalPool(GlobalPool)
  case maxUnpool(MaxUnpool)
  // Matrices.
  case gemm(Gemm)
  case matMul(MatMul)
  case einsum(Einsum)
  case attention(Attention)
  case recurrent(Recurrent)
  // Normalisation.
  case batchNormalization(BatchNormalization)
  case layerNormalization(LayerNormalization)
  case rmsNormalization(RMSNormalization)
  case instanceNormalization(InstanceNormalization)
  case groupNormalization(GroupNormalization)
  case lpNormalization(LpNormalization)
  case meanVarianceNormalization(MeanVarianceNormalization)
  case lrn(LRN)
  // Shapes and places.
  case identity(Identity)
  case flatten(Flatten)
  case reshape(Reshape)
  case squeeze(Squeeze)
  case unsqueeze(Unsqueeze)
  case expand(Expand)
  case transpose(Transpose)
  case tile(Tile)
  case concat(Concat)
  case slice(Slice)
  case pad(Pad)
  case shape(Shape)
  case size(Size)
  case trilu(Trilu)
  case eyeLike(EyeLike)
  case reverseSequence(ReverseSequence)
  // Indices.
  case gather(Gather)
  case gatherElements(GatherElements)
  case gatherND(GatherND)
  case scatterElements(ScatterElements)
  case scatterND(ScatterND)
  case oneHot(OneHot)
  case nonZero(NonZero)
  case compress(Compress)
  case unique(Unique)
  // Images.
  case resize(Resize)
  case depthToSpace(DepthToSpace)
  case spaceToDepth(SpaceToDepth)
  case gridSample(GridSample)
  case roiAlign(RoiAlign)
  case nonMaxSuppression(NonMaxSuppression)
  // Quantized numbers.
  case quantizeLinear(QuantizeLinear)
  case dequantizeLinear(DequantizeLinear)
  case dynamicQuantizeLinear(DynamicQuantizeLinear)
  case convInteger(ConvInteger)
  case matMulInteger(MatMulInteger)
  case qLinearConv(QLinearConv)
  case qLinearMatMul(QLinearMatMul)
  // Whose parameters the graph computes.
  case computed(Computed)

  /// The payload.
  public var kind: any OperatorKind {
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

  /// ONNX's `op_type`.
  public var name: String { kind.name }
}
