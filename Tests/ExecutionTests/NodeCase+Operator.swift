import ModelIR

extension NodeCase {
  /// The operator of the graph that the node is, and the inputs that it takes.
  func graphOperator() throws -> (op: ModelIR.Operator, inputs: [Tensor?]) {
    if let function = unary { return (.unary(function), inputs) }
    if let function = binary { return (.binary(function), inputs) }
    return (try other(), inputs)
  }

  private var unary: Unary? {
    switch op {
    case "Abs": .abs
    case "Acos": .acos
    case "Acosh": .acosh
    case "Asin": .asin
    case "Asinh": .asinh
    case "Atan": .atan
    case "Atanh": .atanh
    case "BitwiseNot": .bitwiseNot
    case "Ceil": .ceil
    case "Celu": .celu(alpha: float("alpha", 1))
    case "Cos": .cos
    case "Cosh": .cosh
    case "Elu": .elu(alpha: float("alpha", 1))
    case "Erf": .erf
    case "Exp": .exp
    case "Floor": .floor
    case "Gelu": .gelu(isTanh: text("approximate", "none") == "tanh")
    case "HardSigmoid": .hardSigmoid(alpha: float("alpha", 0.2), beta: float("beta", 0.5))
    case "HardSwish": .hardSwish
    case "IsInf":
      .isInf(detectsNegative: flag("detect_negative", true), detectsPositive: flag("detect_positive", true))
    case "IsNaN": .isNaN
    case "LeakyRelu": .leakyRelu(alpha: float("alpha", 0.01))
    case "Log": .log
    case "Mish": .mish
    case "Neg": .neg
    case "Not": .not
    case "Reciprocal": .reciprocal
    case "Relu": .relu
    case "Round": .round
    case "Selu":
      .selu(
        alpha: float("alpha", 1.67326319217681884765625), gamma: float("gamma", 1.05070102214813232421875))
    case "Shrink": .shrink(bias: float("bias", 0), lambda: float("lambd", 0.5))
    case "Sigmoid": .sigmoid
    case "Sign": .sign
    case "Sin": .sin
    case "Sinh": .sinh
    case "Softplus": .softplus
    case "Softsign": .softsign
    case "Sqrt": .sqrt
    case "Swish": .swish(alpha: float("alpha", 1))
    case "Tan": .tan
    case "Tanh": .tanh
    case "ThresholdedRelu": .thresholdedRelu(alpha: float("alpha", 1))
    default: nil
    }
  }

  private var binary: Binary? {
    switch op {
    case "Add": .add
    case "And": .and
    case "BitShift": .bitShift(isLeft: text("direction", "") == "LEFT")
    case "BitwiseAnd": .bitwiseAnd
    case "BitwiseOr": .bitwiseOr
    case "BitwiseXor": .bitwiseXor
    case "Div": .div
    case "Equal": .equal
    case "Greater": .greater
    case "GreaterOrEqual": .greaterOrEqual
    case "Less": .less
    case "LessOrEqual": .lessOrEqual
    case "Mod": .mod(isTruncated: flag("fmod"))
    case "Mul": .mul
    case "Or": .or
    case "PRelu": .pRelu
    case "Pow": .pow
    case "Sub": .sub
    case "Xor": .xor
    default: nil
    }
  }

  /// The rank of the first input.
  private var rank: Int { inputs[0]?.shape.rank ?? 0 }

  /// An axis counted from the first one.
  func axis(_ name: String = "axis", _ other: Int, of rank: Int? = nil) -> Int {
    let value = int(name, other)
    return value < 0 ? value + (rank ?? self.rank) : value
  }

  /// The axes of an attribute, or of a list of whole numbers.
  private func axes(_ list: [Int], of rank: Int? = nil) -> [Int] {
    list.map { $0 < 0 ? $0 + (rank ?? self.rank) : $0 }.sorted()
  }

  private func other() throws -> ModelIR.Operator {
    switch op {
    case "ArgMax", "ArgMin":
      return .argExtremum(
        ArgExtremum(
          op == "ArgMax" ? .max : .min, axis: axis("axis", 0), keepsAxis: flag("keepdims", true),
          selectsLast: flag("select_last_index")))
    case "Attention":
      let scale: Float? = attributes["scale"] == nil ? nil : float("scale", 1)
      guard let stage = Attention.ScoreStage(rawValue: int("qk_matmul_output_mode", 0)) else { throw unknown }
      return .attention(
        Attention(
          queryHeads: int("q_num_heads", 0), keyHeads: int("kv_num_heads", 0), isCausal: flag("is_causal"),
          scale: scale, softcap: float("softcap", 0), scoreStage: stage,
          keysBefore: int("left_window_size").flatMap { $0 < 0 ? nil : $0 },
          keysBehind: int("right_window_size").flatMap { $0 < 0 ? nil : $0 }, outputCount: outputs.count))
    case "BatchNormalization":
      guard !flag("training_mode") else { throw unknown }
      return .batchNormalization(BatchNormalization(epsilon: float("epsilon", 1e-5)))
    case "Cast": return .cast(Cast(to: try dataType(int("to", 0)), saturates: flag("saturate", true)))
    case "Clip": return .computed(.clip)
    case "Compress": return .compress(Compress(axis: int("axis").map { _ in axis("axis", 0) }))
    case "Concat": return .concat(Concat(axis: axis("axis", 0)))
    case "ConstantOfShape":
      guard case .tensor(let tensor)? = attributes["value"] else {
        return .computed(.constantOfShape(ScalarValue(.float32, real: 0)))
      }
      return .computed(
        .constantOfShape(
          tensor.dataType.isFloatingPoint
            ? ScalarValue(tensor.dataType, real: try tensor.doubles()[0])
            : ScalarValue(tensor.dataType, integer: try tensor.integers()[0])))
    case "CumSum": return .computed(.cumSum(isExclusive: flag("exclusive"), isReverse: flag("reverse")))
    case "DepthToSpace":
      guard let mode = DepthToSpace.Mode(rawValue: text("mode", "DCR")) else { throw unknown }
      return .depthToSpace(DepthToSpace(blockSize: int("blocksize", 1), mode: mode))
    case "DequantizeLinear":
      return .dequantizeLinear(DequantizeLinear(axis: axis("axis", 1), blockSize: int("block_size", 0)))
    case "DynamicQuantizeLinear": return .dynamicQuantizeLinear(DynamicQuantizeLinear())
    case "Einsum": return .einsum(Einsum(equation: text("equation", "")))
    case "Expand": return .computed(.expand())
    case "EyeLike":
      let type = try int("dtype").map(dataType) ?? inputs[0]?.dataType ?? .float32
      return .eyeLike(EyeLike(diagonal: int("k", 0), dataType: type))
    case "Flatten": return .flatten(Flatten(axis: axis("axis", 1)))
    case "GRU", "LSTM", "RNN": return .recurrent(try recurrent())
    case "Gather": return .computed(.gather(axis: axis("axis", 0)))
    case "GatherElements": return .gatherElements(GatherElements(axis: axis("axis", 0)))
    case "GatherND": return .gatherND(GatherND(batchAxes: int("batch_dims", 0)))
    case "Gemm":
      return .gemm(
        Gemm(
          alpha: float("alpha", 1), beta: float("beta", 1), transA: flag("transA"), transB: flag("transB")))
    case "GlobalAveragePool": return .globalPool(.average)
    case "GlobalMaxPool": return .globalPool(.max)
    case "GridSample":
      let modes = ["bilinear": "linear", "bicubic": "cubic"]
      let mode = text("mode", "linear")
      guard let mode = GridSample.Mode(rawValue: modes[mode] ?? mode),
        let padding = GridSample.Padding(rawValue: text("padding_mode", "zeros"))
      else { throw unknown }
      return .gridSample(GridSample(mode: mode, padding: padding, alignsCorners: flag("align_corners")))
    case "GroupNormalization":
      return .groupNormalization(
        GroupNormalization(
          groups: int("num_groups", 1), epsilon: float("epsilon", 1e-5), scalesGroups: opset < 21))
    case "Hardmax": return .hardmax(Hardmax(axis: axis("axis", -1)))
    case "Identity": return .identity(Identity())
    case "InstanceNormalization":
      return .instanceNormalization(InstanceNormalization(epsilon: float("epsilon", 1e-5)))
    case "LRN":
      return .lrn(
        LRN(
          size: int("size", 1), alpha: float("alpha", 1e-4), beta: float("beta", 0.75), bias: float("bias", 1)
        ))
    case "LayerNormalization":
      return .layerNormalization(
        LayerNormalization(
          axis: axis("axis", -1), epsilon: float("epsilon", 1e-5), outputCount: outputs.count))
    case "LogSoftmax": return .logSoftmax(LogSoftmax(axis: axis("axis", -1)))
    case "LpNormalization": return .lpNormalization(LpNormalization(axis: axis("axis", -1), p: int("p", 2)))
    case "MatMul": return .matMul(MatMul())
    case "MatMulInteger": return .matMulInteger(MatMulInteger())
    case "Max": return .variadic(.max)
    case "Mean": return .variadic(.mean)
    case "MeanVarianceNormalization":
      return .meanVarianceNormalization(MeanVarianceNormalization(axes: axes(ints("axes") ?? [0, 2, 3])))
    case "Min": return .variadic(.min)
    case "NonMaxSuppression":
      return .nonMaxSuppression(NonMaxSuppression(isCenterPoint: flag("center_point_box")))
    case "NonZero": return .nonZero(NonZero())
    case "OneHot": return .computed(.oneHot(axis: axis("axis", -1, of: rank + 1)))
    case "Pad":
      guard let mode = Pad.Mode(rawValue: text("mode", "constant")) else { throw unknown }
      return .computed(.pad(mode: mode))
    case "QLinearMatMul": return .qLinearMatMul(QLinearMatMul())
    case "QuantizeLinear":
      return .quantizeLinear(
        QuantizeLinear(
          axis: axis("axis", 1), blockSize: int("block_size", 0),
          outputType: try int("output_dtype").map(dataType) ?? .uint8, saturates: flag("saturate", true)))
    case "RMSNormalization":
      return .rmsNormalization(RMSNormalization(axis: axis("axis", -1), epsilon: float("epsilon", 1e-5)))
    case "Range": return .computed(.range())
    case "Reshape": return .computed(.reshape(allowsZero: flag("allowzero")))
    case "Resize": return .computed(.resize(try resize()))
    case "ReverseSequence":
      return .reverseSequence(
        ReverseSequence(timeAxis: int("time_axis", 0), batchAxis: int("batch_axis", 1)))
    case "RoiAlign":
      return .roiAlign(
        RoiAlign(
          mode: text("mode", "avg") == "max" ? .max : .avg, outputHeight: int("output_height", 1),
          outputWidth: int("output_width", 1), samplingRatio: int("sampling_ratio", 0),
          spatialScale: float("spatial_scale", 1),
          isHalfPixel: text("coordinate_transformation_mode", "half_pixel") == "half_pixel"))
    case "ScatterElements":
      return .scatterElements(ScatterElements(axis: axis("axis", 0), reduction: try reduction()))
    case "ScatterND": return .scatterND(ScatterND(reduction: try reduction()))
    case "Shape":
      func bound(_ name: String, _ other: Int) -> Int {
        let value = int(name, other)
        return min(max(value < 0 ? value + rank : value, 0), rank)
      }
      let start = bound("start", 0)
      return .shape(Shape(axes: start..<max(bound("end", rank), start)))
    case "Size": return .size(Size())
    case "Slice": return .computed(.slice)
    case "Softmax": return .softmax(Softmax(axis: axis("axis", -1)))
    case "SpaceToDepth":
      guard let mode = DepthToSpace.Mode(rawValue: text("mode", "DCR")) else { throw unknown }
      return .spaceToDepth(SpaceToDepth(blockSize: int("blocksize", 1), mode: mode))
    case "Split": return .computed(.split(axis: axis("axis", 0), parts: outputs.count))
    case "Squeeze": return .computed(.squeeze)
    case "Sum": return .variadic(.sum)
    case "Tile": return .computed(.tile())
    case "TopK":
      return .computed(
        .topK(axis: axis("axis", -1), isLargest: flag("largest", true), isSorted: flag("sorted", true)))
    case "Transpose":
      return .transpose(Transpose(permutation: ints("perm") ?? Array((0..<rank).reversed())))
    case "Trilu":
      return inputs.count > 1 && inputs[1] != nil
        ? .computed(.trilu(isUpper: flag("upper", true))) : .trilu(Trilu(isUpper: flag("upper", true)))
    case "Unique":
      return .unique(
        Unique(
          axis: int("axis").map { _ in axis("axis", 0) }, isSorted: flag("sorted", true),
          outputCount: outputs.count))
    case "Unsqueeze": return .computed(.unsqueeze)
    case "Where": return .where(Where())
    case let name where name.hasPrefix("Reduce"):
      guard let function = Reduce.Function(rawValue: name) else { throw unknown }
      return .computed(
        .reduce(
          function, keepsAxes: flag("keepdims", true), keepsAllWithoutAxes: flag("noop_with_empty_axes")))
    default: return try windowed()
    }
  }

  var unknown: Malformed { Malformed(what: "\(name): no operator for \(op) \(attributes)") }

  private func reduction() throws -> ScatterReduction {
    guard let reduction = ScatterReduction(rawValue: text("reduction", "none")) else { throw unknown }
    return reduction
  }

  /// ONNX's numbers of element types.
  private func dataType(_ number: Int) throws -> DataType {
    let types: [Int: DataType] = [
      1: .float32, 2: .uint8, 3: .int8, 4: .uint16, 5: .int16, 6: .int32, 7: .int64, 9: .bool, 10: .float16,
      11: .float64, 12: .uint32, 13: .uint64, 16: .bfloat16, 17: .float8E4M3FN, 18: .float8E4M3FNUZ,
      19: .float8E5M2, 20: .float8E5M2FNUZ,
      21: .uint4, 22: .int4,
    ]
    guard let type = types[number] else { throw unknown }
    return type
  }

  private func resize() throws -> Resize {
    guard let mode = Resize.Mode(rawValue: text("mode", "nearest")),
      let coordinates = Resize.CoordinateTransformation(
        rawValue: text("coordinate_transformation_mode", "half_pixel")),
      let nearest = Resize.NearestMode(rawValue: text("nearest_mode", "round_prefer_floor")),
      text("keep_aspect_ratio_policy", "stretch") == "stretch"
    else { throw unknown }
    let all = Array(0..<rank)
    return Resize(
      mode: mode, coordinateTransformation: coordinates, nearestMode: nearest,
      axes: ints("axes").map { list in list.map { $0 < 0 ? $0 + rank : $0 } } ?? all, extent: .sizes([]),
      cubicCoefficient: float("cubic_coeff_a", -0.75), excludesOutside: flag("exclude_outside"),
      antialias: flag("antialias"))
  }

  private func recurrent() throws -> Recurrent {
    guard let cell = Recurrent.Cell(rawValue: op),
      let direction = Recurrent.Direction(rawValue: text("direction", "forward")),
      attributes["activations"] == nil
    else { throw unknown }
    return Recurrent(
      cell, hiddenSize: int("hidden_size", 0), direction: direction,
      clip: attributes["clip"] == nil ? nil : float("clip", 0), isBatchFirst: flag("layout"),
      appliesResetAfter: flag("linear_before_reset"), couplesInputForget: flag("input_forget"))
  }
}
