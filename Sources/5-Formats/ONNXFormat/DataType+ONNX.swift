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
    case .float4E2M1: 23
    case .float8E8M0: 24
    case .uint2: 25
    case .int2: 26
    }
  }

  /// The type of a number; nil for those that no tensor here can have, such as strings.
  init?(onnxNumber: Int64) {
    guard let type = DataType.allCases.first(where: { Int64($0.onnxNumber) == onnxNumber }) else {
      return nil
    }
    self = type
  }

  /// The first opset whose operators have elements of the type; 1 for those that were always there.
  var leastOpset: Int {
    switch self {
    case .float16, .float32, .float64, .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .uint64,
      .bool,
      .complex64, .complex128, .bfloat16:
      1
    case .float8E4M3FN, .float8E4M3FNUZ, .float8E5M2, .float8E5M2FNUZ: 19
    case .int4, .uint4: 21
    case .float4E2M1: 23
    case .float8E8M0: 24
    case .int2, .uint2: 25
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
