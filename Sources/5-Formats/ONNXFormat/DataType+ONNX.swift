import ModelIR

extension DataType {
  /// The number of the type in `TensorProto.DataType`.
  var onnxNumber: Int32 {
    switch self {
    case .float32: 1
    case .uint8: 2
    case .int8: 3
    case .uint16: 4
    case .int16: 5
    case .int32: 6
    case .int64: 7
    case .bool: 9
    case .float16: 10
    case .float64: 11
    case .uint32: 12
    case .uint64: 13
    case .complex64: 14
    case .complex128: 15
    case .bfloat16: 16
    case .float8E4M3FN: 17
    case .float8E4M3FNUZ: 18
    case .float8E5M2: 19
    case .float8E5M2FNUZ: 20
    case .uint4: 21
    case .int4: 22
    }
  }

  /// The type of a number; nil for those that no tensor here can have (strings, 8-bit floats, 4-bit integers).
  init?(onnxNumber: Int64) {
    guard
      let type = DataType.allCases.first(where: {
        // Packed and 8-bit elements are not read from files yet.
        Int64($0.onnxNumber) == onnxNumber && !$0.isFloat8 && !$0.isInt4
      })
    else {
      return nil
    }
    self = type
  }

  /// The type that elements of a stored type have here.
  init?(loadedFrom onnxNumber: Int64) {
    if let narrow = NarrowInteger(onnxNumber: onnxNumber) {
      self = narrow.dataType
    } else {
      self.init(onnxNumber: onnxNumber)
    }
  }

  /// ONNX's own name of a type's number, for messages.
  static func onnxName(_ number: Int64) -> String {
    let names = [
      "UNDEFINED", "FLOAT", "UINT8", "INT8", "UINT16", "INT16", "INT32", "INT64", "STRING", "BOOL", "FLOAT16",
      "DOUBLE", "UINT32", "UINT64", "COMPLEX64", "COMPLEX128", "BFLOAT16", "FLOAT8E4M3FN", "FLOAT8E4M3FNUZ",
      "FLOAT8E5M2", "FLOAT8E5M2FNUZ", "UINT4", "INT4", "FLOAT4E2M1", "FLOAT8E8M0", "UINT2", "INT2",
    ]
    return names.indices.contains(Int(clamping: number)) ? names[Int(clamping: number)] : "type \(number)"
  }
}
