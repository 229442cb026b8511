import ModelIR

/// A storage class of PyTorch: what its elements are.
struct StorageType: Equatable {
  /// The class name, without its module.
  let name: String
  /// The element type; nil if the library has none (quantised), or if the tensor states it (untyped).
  let dataType: DataType?
  /// Bytes an element.
  let byteCount: Int

  /// A storage that counts bytes.
  static let untyped = StorageType(name: "UntypedStorage", dataType: nil, byteCount: 1)

  /// The storage classes of `torch` and `torch.cuda`.
  static let typed: [StorageType] = {
    let types: [(name: String, dataType: DataType)] = [
      ("FloatStorage", .float32), ("DoubleStorage", .float64), ("HalfStorage", .float16),
      ("BFloat16Storage", .bfloat16), ("LongStorage", .int64), ("IntStorage", .int32),
      ("ShortStorage", .int16), ("CharStorage", .int8), ("ByteStorage", .uint8), ("BoolStorage", .bool),
      ("ComplexFloatStorage", .complex64), ("ComplexDoubleStorage", .complex128),
    ]
    return types.map { StorageType(name: $0.name, dataType: $0.dataType, byteCount: $0.dataType.byteCount) }
  }()

  /// Quantised storages: they have to be passed over, tensors in them cannot be read.
  static let quantized = [
    StorageType(name: "QInt8Storage", dataType: nil, byteCount: 1),
    StorageType(name: "QUInt8Storage", dataType: nil, byteCount: 1),
    StorageType(name: "QInt32Storage", dataType: nil, byteCount: 4),
    StorageType(name: "QUInt4x2Storage", dataType: nil, byteCount: 1),
    StorageType(name: "QUInt2x4Storage", dataType: nil, byteCount: 1),
  ]

  /// The storage class of a type; nil if PyTorch keeps it in untyped storages.
  init?(of dataType: DataType) {
    guard let type = Self.typed.first(where: { $0.dataType == dataType }) else { return nil }
    self = type
  }

  private init(name: String, dataType: DataType?, byteCount: Int) {
    self.name = name
    self.dataType = dataType
    self.byteCount = byteCount
  }
}
