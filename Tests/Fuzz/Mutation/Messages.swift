extension Mutator {
  /// Changes a message of protocol buffers: fields, numbers, texts and bytes, at any depth, with the lengths around them.
  mutating func changedMessage(_ input: [UInt8]) -> [UInt8] {
    guard let fields = WireField.parse(input[...], depth: 0) else {
      return plainlyChanged(input, limit: limit)
    }
    var texts: [[UInt8]] = []
    WireField.collectTexts(fields, into: &texts)
    return WireField.bytes(changed(fields, texts))
  }

  private mutating func changed(_ fields: [WireField], _ texts: [[UInt8]]) -> [WireField] {
    // Most of a model lies deep within it.
    let nested = fields.indices.filter { if case .message = fields[$0].value { true } else { false } }
    if !nested.isEmpty, !chance(4) {
      var fields = fields
      let place = element(nested)
      if case .message(let inner) = fields[place].value {
        fields[place].value = .message(changed(inner, texts))
      }
      return fields
    }
    return changed(fields) { mutator, old in mutator.field(old, texts) }
  }

  private mutating func field(_ old: WireField?, _ texts: [[UInt8]]) -> WireField {
    var field = old ?? WireField(number: UInt64(1 + below(30)), value: .varint(0))
    if chance(12) { field.number = UInt64(1 + below(30)) }
    switch field.value {
    case .varint: field.value = chance(3) && old == nil ? .bytes(text(texts)) : .varint(number())
    case .fixed(let bytes):
      field.value = .fixed(plainlyChanged(bytes, limit: bytes.count).padded(to: bytes.count))
    case .bytes(let bytes):
      field.value = .bytes(chance(2) ? text(texts) : plainlyChanged(bytes, limit: bytes.count + 16))
    case .message(let inner): field.value = .message(changed(inner, texts))
    }
    return field
  }

  private mutating func text(_ texts: [[UInt8]]) -> [UInt8] {
    chance(2) && !texts.isEmpty ? element(texts) : Array(element(Self.names).utf8)
  }

  /// Operators and attributes of ONNX.
  private static let names =
    """
    Abs Add And ArgMax ArgMin AveragePool BatchNormalization Cast CastLike Ceil Celu CenterCropPad Clip Compress Concat \
    ConcatFromSequence Constant ConstantOfShape Conv ConvInteger ConvTranspose Cos CumSum DepthToSpace DequantizeLinear \
    Div Dropout DynamicQuantizeLinear Einsum Elu Equal Erf Exp Expand EyeLike Flatten Floor GRU Gather GatherElements \
    GatherND Gelu Gemm GlobalAveragePool GlobalMaxPool Greater GridSample GroupNormalization HardSigmoid HardSwish \
    Identity If InstanceNormalization IsInf IsNaN LRN LSTM LayerNormalization LeakyRelu Less Log LogSoftmax Loop \
    LpNormalization LpPool MatMul MatMulInteger Max MaxPool MaxUnpool Mean Min Mish Mod Mul Neg NonMaxSuppression \
    NonZero Not OneHot Or PRelu Pad Pow QLinearConv QLinearMatMul QuantizeLinear RNN Range Reciprocal ReduceL1 ReduceL2 \
    ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare Relu Reshape Resize \
    ReverseSequence RoiAlign Round Scan ScatterElements ScatterND Selu SequenceAt Shape Shrink Sigmoid Sign Sin Size \
    Slice Softmax Softplus Softsign SpaceToDepth Split SplitToSequence Sqrt Squeeze Sub Sum Tanh ThresholdedRelu Tile \
    TopK Transpose Trilu Unsqueeze Upsample Where Xor com.microsoft ai.onnx.ml FusedConv axis axes keepdims group \
    kernel_shape pads strides dilations auto_pad SAME_UPPER SAME_LOWER VALID ceil_mode count_include_pad mode \
    coordinate_transformation_mode nearest linear cubic half_pixel asymmetric align_corners to value perm
    """.split { $0 == " " || $0 == "\n" }.map(String.init)
}

/// A field of a message, whose kind is guessed from its bytes.
private struct WireField {
  enum Value {
    case varint(UInt64)
    /// 4 or 8 bytes.
    case fixed([UInt8])
    case bytes([UInt8])
    case message([WireField])
  }

  var number: UInt64
  var value: Value

  /// The fields of a message; nil if the bytes are none.
  static func parse(_ bytes: ArraySlice<UInt8>, depth: Int) -> [WireField]? {
    guard depth < 12 else { return nil }
    var fields: [WireField] = []
    var rest = bytes
    while !rest.isEmpty {
      guard let tag = varint(&rest), tag >> 3 > 0, tag >> 3 < 1000 else { return nil }
      switch tag & 7 {
      case 0:
        guard let value = varint(&rest) else { return nil }
        fields.append(WireField(number: tag >> 3, value: .varint(value)))
      case 1, 5:
        let count = tag & 7 == 1 ? 8 : 4
        guard rest.count >= count else { return nil }
        fields.append(WireField(number: tag >> 3, value: .fixed(Array(rest.prefix(count)))))
        rest = rest.dropFirst(count)
      case 2:
        guard let count = varint(&rest), count <= UInt64(rest.count) else { return nil }
        let part = rest.prefix(Int(count))
        rest = rest.dropFirst(Int(count))
        let isText = part.allSatisfy { (0x20..<0x7f).contains($0) }
        let inner = isText || part.count > 1 << 16 ? nil : parse(part, depth: depth + 1)
        fields.append(WireField(number: tag >> 3, value: inner.map { .message($0) } ?? .bytes(Array(part))))
      default: return nil
      }
    }
    return fields
  }

  static func collectTexts(_ fields: [WireField], into texts: inout [[UInt8]]) {
    for field in fields where texts.count < 2000 {
      switch field.value {
      case .bytes(let bytes) where bytes.count < 64: texts.append(bytes)
      case .message(let inner): collectTexts(inner, into: &texts)
      case .bytes, .varint, .fixed: break
      }
    }
  }

  static func bytes(_ fields: [WireField]) -> [UInt8] {
    var result: [UInt8] = []
    for field in fields {
      func counted(_ bytes: [UInt8]) -> [UInt8] {
        varint(field.number << 3 | 2) + varint(UInt64(bytes.count)) + bytes
      }
      switch field.value {
      case .varint(let value): result += varint(field.number << 3) + varint(value)
      case .fixed(let bytes): result += varint(field.number << 3 | (bytes.count == 8 ? 1 : 5)) + bytes
      case .bytes(let bytes): result += counted(bytes)
      case .message(let inner): result += counted(Self.bytes(inner))
      }
    }
    return result
  }

  private static func varint(_ rest: inout ArraySlice<UInt8>) -> UInt64? {
    var value: UInt64 = 0
    for shift in stride(from: 0 as UInt64, to: 64, by: 7) {
      guard let byte = rest.popFirst() else { return nil }
      value |= UInt64(byte & 0x7f) << shift
      if byte < 0x80 { return value }
    }
    return nil
  }

  private static func varint(_ value: UInt64) -> [UInt8] {
    var result: [UInt8] = []
    var rest = value
    while rest >= 0x80 {
      result.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    return result + [UInt8(rest)]
  }
}

extension Array where Element == UInt8 {
  /// So many bytes, with zeros behind.
  fileprivate func padded(to count: Int) -> [UInt8] {
    self + [UInt8](repeating: 0, count: Swift.max(0, count - self.count))
  }
}
