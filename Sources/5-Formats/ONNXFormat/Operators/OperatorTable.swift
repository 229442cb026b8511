import FileIO
import ModelIR

/// How an operator of a file is read.
struct OperatorHandler: Sendable {
  typealias Read = @Sendable (inout NodeReader, inout GraphReader) throws(ScaleNetError) -> Void

  /// ONNX's `op_type`.
  let name: String
  /// The empty text for ONNX's own.
  let domain: String
  /// The opsets in which the operator means what is read here.
  private let opsets: ClosedRange<Int>
  let read: Read

  /// - Parameters:
  ///   - since: the first opset whose definition is read. Below 7 those are that did not change since.
  ///   - until: the last opset that has the operator.
  init(
    _ name: String, since: Int = 7, until: Int = ONNXVersion.readableOpsets.upperBound, domain: String = "",
    _ read: @escaping Read
  ) {
    self.name = name
    self.domain = domain
    opsets = since...until
    self.read = read
  }

  /// An operator whose attributes say all of it, and whose inputs are the graph's.
  static func plain(
    _ name: String, since: Int = 7, inputs: Int = 1, domain: String = "",
    _ payload: @escaping @Sendable (inout NodeReader) throws(ScaleNetError) -> Operator
  ) -> OperatorHandler {
    OperatorHandler(name, since: since, domain: domain) { (node, graph) throws(ScaleNetError) in
      try node.requireInputs(atMost: inputs)
      let op = try payload(&node)
      try graph.add(node, op, try graph.operands(node))
    }
  }

  /// An operator without attributes.
  static func plain(
    _ name: String, since: Int = 7, inputs: Int = 1, domain: String = "", _ op: Operator
  ) -> OperatorHandler {
    plain(name, since: since, inputs: inputs, domain: domain) { (_) throws(ScaleNetError) in op }
  }

  func isDefined(opset: Int) -> Bool { opsets.contains(opset) }

  /// The opsets in words.
  var versions: String {
    opsets.upperBound == ONNXVersion.readableOpsets.upperBound
      ? "\(opsets.lowerBound) and later" : ONNXVersion.text(opsets)
  }
}

/// Which operators there are: a family of operators a file, in which reading and writing stand together.
enum OperatorTable {
  private static let families: [[OperatorHandler]] = [
    ElementwiseOperators.handlers, ArithmeticOperators.handlers, ConvolutionOperators.handlers,
    PoolingOperators.handlers, MatrixOperators.handlers, NormalizationOperators.handlers,
    ReductionOperators.handlers, ShapeOperators.handlers, AxisOperators.handlers,
    IndexOperators.handlers, ResizeOperators.handlers, ImageOperators.handlers,
    RecurrentOperators.handlers, SequenceOperators.handlers, QuantizationOperators.handlers,
    ConstantOperators.handlers,
    ControlOperators.handlers, MicrosoftOperators.handlers,
    MicrosoftQuantizedOperators.handlers, MicrosoftIntegerOperators.handlers,
    MicrosoftAttentionOperators.handlers,
  ]

  private struct Key: Hashable {
    let domain: String
    let name: String
  }

  private static let byName = Dictionary(
    uniqueKeysWithValues: families.joined().map { (Key(domain: $0.domain, name: $0.name), $0) })

  /// The domains of operators that are read; functions of a model have others.
  static let domains = Set(families.joined().map(\.domain))

  static func handler(domain: String, op: String) -> OperatorHandler? {
    byName[Key(domain: domain, name: op)]
  }

  /// Says a node of a graph in the words of one opset. No operator may be missing here.
  static func write(_ node: inout NodeWriter) throws(ScaleNetError) {
    switch node.node.op {
    case .unary(let op): try ElementwiseOperators.write(op, &node)
    case .binary(let op): try ArithmeticOperators.write(op, &node)
    case .variadic: break
    case .where: break
    case .cast(let op): try ArithmeticOperators.write(op, &node)
    case .bitCast(let op): try ArithmeticOperators.write(op, &node)
    case .reduce(let op): ReductionOperators.write(op, &node)
    case .argExtremum(let op): try ReductionOperators.write(op, &node)
    case .topK(let op): ReductionOperators.write(op, &node)
    case .cumSum(let op): try ReductionOperators.write(op, &node)
    case .softmax(let op): try NormalizationOperators.writeSoftmax(axis: op.axis, &node)
    case .logSoftmax(let op): try NormalizationOperators.writeSoftmax(axis: op.axis, &node)
    case .hardmax(let op): try NormalizationOperators.writeSoftmax(axis: op.axis, &node)
    case .conv(let op): ConvolutionOperators.write(op.window, group: op.group, &node)
    case .convTranspose(let op): ConvolutionOperators.write(op, &node)
    case .convInteger(let op): ConvolutionOperators.write(op.window, group: op.group, &node)
    case .qLinearConv(let op): ConvolutionOperators.write(op.window, group: op.group, &node)
    case .maxPool(let op): PoolingOperators.write(op, &node)
    case .averagePool(let op): try PoolingOperators.write(op, &node)
    case .lpPool(let op): try PoolingOperators.write(op, &node)
    case .globalPool(let op): PoolingOperators.write(op, &node)
    case .maxUnpool(let op): PoolingOperators.write(op, &node)
    case .gemm(let op): MatrixOperators.write(op, &node)
    case .matMul, .matMulInteger, .qLinearMatMul: break
    case .einsum(let op): try MatrixOperators.write(op, &node)
    case .attention(let op): try MatrixOperators.write(op, &node)
    case .recurrent(let op): try RecurrentOperators.write(op, &node)
    case .batchNormalization(let op): try NormalizationOperators.write(op, &node)
    case .layerNormalization(let op): try NormalizationOperators.write(op, &node)
    case .rmsNormalization(let op): try NormalizationOperators.write(op, &node)
    case .instanceNormalization(let op): NormalizationOperators.write(op, &node)
    case .groupNormalization(let op): try NormalizationOperators.write(op, &node)
    case .lpNormalization(let op): NormalizationOperators.write(op, &node)
    case .meanVarianceNormalization(let op): NormalizationOperators.write(op, &node)
    case .lrn(let op): NormalizationOperators.write(op, &node)
    case .identity, .size: break
    case .flatten(let op): ShapeOperators.write(op, &node)
    case .reshape(let op): ShapeOperators.write(op, &node)
    case .squeeze(let op): ShapeOperators.writeAxes(op.axes, &node)
    case .unsqueeze(let op): ShapeOperators.writeAxes(op.axes, &node)
    case .expand(let op): ShapeOperators.write(op, &node)
    case .tile(let op): ShapeOperators.write(op, &node)
    case .shape(let op): try ShapeOperators.write(op, &node)
    case .transpose(let op): AxisOperators.write(op, &node)
    case .concat(let op): AxisOperators.write(op, &node)
    case .slice(let op): AxisOperators.write(op, &node)
    case .pad(let op): try AxisOperators.write(op, &node)
    case .trilu(let op): try AxisOperators.write(op, &node)
    case .eyeLike(let op): AxisOperators.write(op, &node)
    case .reverseSequence(let op): AxisOperators.write(op, &node)
    case .gather(let op): IndexOperators.write(op, &node)
    case .gatherElements(let op): IndexOperators.write(op, &node)
    case .gatherND(let op): try IndexOperators.write(op, &node)
    case .scatterElements(let op): try IndexOperators.write(op, &node)
    case .scatterND(let op): try IndexOperators.write(op, &node)
    case .oneHot(let op): IndexOperators.write(op, &node)
    case .nonZero: break
    case .compress(let op): IndexOperators.write(op, &node)
    case .unique(let op): IndexOperators.write(op, &node)
    case .resize(let op): try ResizeOperators.write(op, &node)
    case .depthToSpace(let op): ImageOperators.write(op, &node)
    case .spaceToDepth(let op): try ImageOperators.write(op, &node)
    case .gridSample(let op): try ImageOperators.write(op, &node)
    case .roiAlign(let op): try ImageOperators.write(op, &node)
    case .nonMaxSuppression(let op): ImageOperators.write(op, &node)
    case .quantizeLinear(let op): try QuantizationOperators.write(op, &node)
    case .dequantizeLinear(let op): try QuantizationOperators.write(op, &node)
    case .dynamicQuantizeLinear: break
    case .computed(let op): try ShapeOperators.write(op, &node)
    }
  }
}
