import FileIO
import ModelIR

/// What TensorRT's ONNX parser takes.
///
/// Source: docs/operators.md, importers and checkers (onnxOpCheckers.cpp) of onnx-tensorrt at the releases 8.6-GA and
/// 10.1-GA. For 11 the table of 10 holds, with strong typing and what its notes say of opsets.
struct TensorRTRules: Sendable {
  /// In sentences and sources.
  let version: String
  /// Operators of ONNX that the parser has no importer for.
  let unsupported: Set<String>
  /// The types that tensors may have; others cannot be in the graph at all.
  let types: Set<DataType>
  /// Types that quantised numbers may have.
  let quantizedTypes: Set<DataType>
  /// Whether int64 is kept, not narrowed to int32.
  let keepsInt64: Bool
  /// Whether precision stands in the file alone.
  let isStronglyTyped: Bool

  private static let floats: Set<DataType> = [.float16, .float32, .float64]

  private static let neverSupported: Set<String> = [
    "Bernoulli", "BitShift", "BlackmanWindow", "Compress", "ConcatFromSequence", "ConvInteger", "DFT", "Det",
    "DynamicQuantizeLinear", "HammingWindow", "HannWindow", "MatMulInteger", "MaxRoiPool", "MaxUnpool",
    "MelWeightMatrix", "Multinomial", "NegativeLogLikelihoodLoss", "Optional", "OptionalGetElement",
    "OptionalHasElement", "QLinearConv", "QLinearMatMul", "STFT", "SequenceAt", "SequenceConstruct",
    "SequenceEmpty", "SequenceErase", "SequenceInsert", "SequenceLength", "SequenceMap",
    "SoftmaxCrossEntropyLoss", "SplitToSequence", "StringNormalizer", "TfIdfVectorizer", "Unique",
    "AffineGrid", "BitwiseAnd", "BitwiseNot", "BitwiseOr", "BitwiseXor", "CenterCropPad", "Col2Im",
    "ImageDecoder", "RegexFullMatch", "StringConcat", "StringSplit",
  ]

  static let version8 = TensorRTRules(
    version: "8.6",
    unsupported: neverSupported.union(["CastLike", "DeformConv", "Gelu", "Hardmax", "Mish"]),
    types: floats.union([.int8, .int32, .int64, .uint8, .bool]), quantizedTypes: [.int8], keepsInt64: false,
    isStronglyTyped: false)

  static let version10 = TensorRTRules(
    version: "10", unsupported: neverSupported,
    types: floats.union([.bfloat16, .int8, .int32, .int64, .uint8, .bool, .float8E4M3FN, .int4]),
    quantizedTypes: [.int8, .float8E4M3FN, .int4], keepsInt64: true,
    isStronglyTyped: false)

  static let version11 = TensorRTRules(
    version: "11", unsupported: neverSupported, types: version10.types,
    quantizedTypes: version10.quantizedTypes, keepsInt64: true,
    isStronglyTyped: true)

  private var operators: String {
    "onnx-tensorrt \(version == "8.6" ? "8.6-GA" : "10.1-GA"), docs/operators.md"
  }
  private var checkers: String {
    version == "8.6"
      ? "onnx-tensorrt 8.6-GA, builtin_op_importers.cpp" : "onnx-tensorrt 10.1-GA, onnxOpCheckers.cpp"
  }

  // MARK: Types

  /// Inputs and outputs of types that are narrowed or refused, and what decides the precision.
  func types(in graph: Graph) -> [DeploymentReport.Finding] {
    var result: [DeploymentReport.Finding] = []
    for (id, what) in graph.inputs.map({ ($0, "input") }) + graph.outputs.map({ ($0, "output") }) {
      let value = graph[id]
      func add(_ severity: DeploymentReport.Severity, _ message: String, _ remedy: String) {
        result.append(
          DeploymentReport.Finding(
            severity: severity, rule: "type", node: value.name,
            message: "\(what) \(value.name) is \(value.type.dataType.rawValue): \(message)", remedy: remedy,
            source: operators))
      }
      switch value.type.dataType {
      case .float64: add(.warning, "narrowed to float32", "convert the model to float32")
      case .int64 where !keepsInt64:
        add(.warning, "narrowed to int32, larger numbers are clamped", "make it int32 where it is exported")
      case let type where !types.contains(type):
        add(.error, "a type that TensorRT \(version) does not have", "add a cast where the model is exported")
      default: break
      }
    }
    let isFloat32 = graph.nodes.contains { node in
      guard case .conv = node.op, let id = node.inputs[0] else { return false }
      return graph[id].type.dataType == .float32
    }
    if isStronglyTyped && isFloat32 {
      result.append(
        DeploymentReport.Finding(
          severity: .note, rule: "precision",
          message:
            "convolutions are float32: TensorRT 11 computes in the file's types alone, and float32 with TF32",
          remedy:
            "convert it with --dtype float16 for half precision; give trtexec --noTF32 to compare in float32",
          source: "TensorRT 11's release notes: strong typing only"))
    }
    return result
  }

  // MARK: Nodes

  /// What the parser would say of a node.
  func findings(_ node: Node, in graph: Graph) throws(ScaleNetError) -> [DeploymentReport.Finding] {
    var result: [DeploymentReport.Finding] = []
    func add(_ rule: String, _ message: String, _ remedy: String, _ source: String) {
      result.append(
        DeploymentReport.Finding(
          severity: .error, rule: rule, node: node.name, op: node.op.name, message: message, remedy: remedy,
          source: source))
    }
    if unsupported.contains(node.op.name) {
      add("operator", "TensorRT \(version) has no \(node.op.name)", remedy(of: node.op), operators)
      return result
    }
    for id in node.inputs + node.outputs.map({ $0 as ValueID? }) {
      guard let id, !types.contains(graph[id].type.dataType) else { continue }
      add(
        "type",
        "\(graph[id].name) is \(graph[id].type.dataType.rawValue), which TensorRT \(version) does not have",
        "export the model in float32 or float16", operators)
      break
    }
    for (message, remedy) in try problems(node, in: graph) { add("attribute", message, remedy, checkers) }
    return result
  }

  private func remedy(of op: Operator) -> String {
    switch op {
    case .qLinearConv, .qLinearMatMul, .convInteger, .matMulInteger, .dynamicQuantizeLinear:
      "quantise the model again with QuantizeLinear and DequantizeLinear around float operators (QDQ)"
    case .unary(.gelu), .unary(.mish), .unary(.hardSwish), .unary(.swish):
      "convert it with --for and this target, which writes it in simple operators"
    default: "export the model without it, or give TensorRT a plugin"
    }
  }

  /// Attributes and inputs that the parser does not take, and what to do.
  private func problems(
    _ node: Node, in graph: Graph
  ) throws(ScaleNetError) -> [(message: String, remedy: String)] {
    switch node.op {
    case .resize(let resize): return problems(of: resize)
    case .computed(.resize(let resize)):
      return problems(of: resize) + [
        (
          "scales or sizes are computed by the graph",
          "give sizes or scales as initializers: fix the input size"
        )
      ]
    case .maxPool(let pool):
      return problems(of: pool.window)
        + (pool.givesIndices ? [("the output Indices is not supported", "export the model without it")] : [])
    case .averagePool(let pool): return problems(of: pool.window)
    case .lpPool(let pool):
      return problems(of: pool.window)
        + (pool.p == 1 || pool.p == 2 ? [] : [("p is \(pool.p), not 1 or 2", "export the model without it")])
    case .conv(let conv): return spatial(conv.window.rank)
    case .convTranspose(let conv): return spatial(conv.window.rank)
    case .quantizeLinear, .dequantizeLinear: return try quantization(node, in: graph)
    case .layerNormalization(let normalization) where normalization.outputCount > 1:
      return [("only the output Y is supported", "export the model without Mean and InvStdDev")]
    case .topK(let topK):
      return (topK.count < 3840 ? [] : [("K is \(topK.count), not below 3840", "take fewer elements")])
        + (topK.isSorted ? [] : [("sorted is 0, not 1", "set sorted to 1")])
    case .computed(.reduce), .computed(.squeeze), .computed(.unsqueeze):
      guard node.inputs.count > 1, let axes = node.inputs[1], graph[axes].initializer == nil else {
        return []
      }
      return [("axes are computed by the graph", "give axes as an initializer")]
    case .computed(.cumSum): return [("axis is computed by the graph", "give axis as an initializer")]
    case .computed(.oneHot): return [("depth is computed by the graph", "give depth as an initializer")]
    case .gridSample:
      guard let x = node.inputs[0], graph[x].type.rank != 4 else { return [] }
      return [("its input has \(graph[x].type.rank) axes, not 4", "sample in two spatial axes")]
    case .scatterND(let scatter) where scatter.reduction != .none:
      return [("reduction is not supported", "export the model without it")]
    case .lpNormalization(let normalization) where normalization.p != 1 && normalization.p != 2:
      return [("p is \(normalization.p), not 1 or 2", "export the model without it")]
    default:
      return []
    }
  }

  private func problems(of resize: Resize) -> [(message: String, remedy: String)] {
    var result: [(message: String, remedy: String)] = []
    if resize.mode == .cubic {
      result.append(("mode is cubic, not nearest or linear", "resize bilinearly, or outside of the network"))
    }
    if resize.antialias { result.append(("antialias is not supported", "export the model without it")) }
    if resize.coordinateTransformation == .halfPixelSymmetric {
      result.append(
        (
          "coordinate_transformation_mode is half_pixel_symmetric",
          "use half_pixel, pytorch_half_pixel, asymmetric or align_corners"
        ))
    }
    if resize.coordinateTransformation == .tfHalfPixelForNN, resize.nearestMode != .roundPreferFloor {
      result.append(
        (
          "tf_half_pixel_for_nn with nearest_mode \(resize.nearestMode.rawValue), not round_prefer_floor",
          "use half_pixel"
        ))
    }
    return result
  }

  private func problems(of window: Window) -> [(message: String, remedy: String)] {
    spatial(window.rank)
      + (window.dilations.allSatisfy { $0 == 1 }
        ? [] : [("dilations are \(window.dilations), not 1", "export the model without dilated pools")])
  }

  private func spatial(_ rank: Int) -> [(message: String, remedy: String)] {
    rank == 2 || rank == 3 || (rank == 1 && version != "8.6")
      ? [] : [("it has \(rank) spatial axes, not two or three", "add an axis of extent 1")]
  }

  private func quantization(
    _ node: Node, in graph: Graph
  ) throws(ScaleNetError) -> [(message: String, remedy: String)] {
    var result: [(message: String, remedy: String)] = []
    let symmetric = "quantise symmetrically, in int8 with zero points of 0"
    let isQuantizing = if case .quantizeLinear = node.op { true } else { false }
    let quantized = isQuantizing ? node.outputs[0] : node.inputs[0]
    if let quantized, !quantizedTypes.contains(graph[quantized].type.dataType) {
      result.append(("its numbers are \(graph[quantized].type.dataType.rawValue)", symmetric))
    }
    if node.inputs.count > 2, let id = node.inputs[2] {
      guard let zeros = graph[id].initializer else {
        return result + [("the zero point is computed by the graph", symmetric)]
      }
      // Bytes of numbers that are no integers here, such as float8, are 0 for 0 too.
      if try zeros.bytes().contains(where: { $0 != 0 }) {
        result.append(("its zero point is not 0", symmetric))
      }
    }
    return result
  }
}
