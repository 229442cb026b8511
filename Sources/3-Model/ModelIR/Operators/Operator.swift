/// Every operator that a graph can hold. Names and semantics are ONNX's; what ONNX passes as small constant inputs
/// (sizes, axes, limits) stands in the payload here.
///
/// The exhaustive switch is the registry: an operator that is added is missed nowhere.
public enum Operator: Hashable, Sendable {
  case conv(Conv)
  case batchNormalization(BatchNormalization)
  case relu(Relu)
  case sigmoid(Sigmoid)
  case softmax(Softmax)
  case maxPool(MaxPool)
  case averagePool(AveragePool)
  case globalAveragePool(GlobalAveragePool)
  case resize(Resize)
  case concat(Concat)
  case add(Add)
  case mul(Mul)
  case gemm(Gemm)
  case flatten(Flatten)
  case reshape(Reshape)
  case identity(Identity)
  case cast(Cast)
  case clip(Clip)
  case pad(Pad)
  case leakyRelu(LeakyRelu)
  case pRelu(PRelu)
  case hardSigmoid(HardSigmoid)
  case hardSwish(HardSwish)
  case tanh(Tanh)
  case sqrt(Sqrt)
  case exp(Exp)
  case sub(Sub)
  case div(Div)
  case pow(Pow)
  case globalMaxPool(GlobalMaxPool)
  case lrn(LRN)
  case matMul(MatMul)
  case transpose(Transpose)
  case slice(Slice)
  case gather(Gather)
  case reduceMean(ReduceMean)
  case expand(Expand)

  /// The payload.
  public var kind: any OperatorKind {
    switch self {
    case .conv(let kind): kind
    case .batchNormalization(let kind): kind
    case .relu(let kind): kind
    case .sigmoid(let kind): kind
    case .softmax(let kind): kind
    case .maxPool(let kind): kind
    case .averagePool(let kind): kind
    case .globalAveragePool(let kind): kind
    case .resize(let kind): kind
    case .concat(let kind): kind
    case .add(let kind): kind
    case .mul(let kind): kind
    case .gemm(let kind): kind
    case .flatten(let kind): kind
    case .reshape(let kind): kind
    case .identity(let kind): kind
    case .cast(let kind): kind
    case .clip(let kind): kind
    case .pad(let kind): kind
    case .leakyRelu(let kind): kind
    case .pRelu(let kind): kind
    case .hardSigmoid(let kind): kind
    case .hardSwish(let kind): kind
    case .tanh(let kind): kind
    case .sqrt(let kind): kind
    case .exp(let kind): kind
    case .sub(let kind): kind
    case .div(let kind): kind
    case .pow(let kind): kind
    case .globalMaxPool(let kind): kind
    case .lrn(let kind): kind
    case .matMul(let kind): kind
    case .transpose(let kind): kind
    case .slice(let kind): kind
    case .gather(let kind): kind
    case .reduceMean(let kind): kind
    case .expand(let kind): kind
    }
  }

  /// ONNX's `op_type`.
  public var name: String { type(of: kind).name }
}
