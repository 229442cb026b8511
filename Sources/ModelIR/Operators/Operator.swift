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
    }
  }

  /// ONNX's `op_type`.
  public var name: String { type(of: kind).name }
}
