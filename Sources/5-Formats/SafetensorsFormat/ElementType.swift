import ModelIR

/// The format's names of element types.
enum ElementType {
  /// The types that the library has, in the order in which the safetensors package lays tensors out: the widest
  /// first, so that each begins at a multiple of its elements' size (the order of `Dtype` in its `tensor.rs`, reversed).
  private static let names: [(type: DataType, name: String)] = [
    (.uint64, "U64"), (.int64, "I64"), (.float64, "F64"), (.complex64, "C64"),
    (.float32, "F32"), (.uint32, "U32"), (.int32, "I32"),
    (.bfloat16, "BF16"), (.float16, "F16"), (.uint16, "U16"), (.int16, "I16"),
    (.float8E5M2FNUZ, "F8_E5M2FNUZ"), (.float8E4M3FNUZ, "F8_E4M3FNUZ"), (.float8E8M0, "F8_E8M0"),
    (.float8E4M3FN, "F8_E4M3"), (.float8E5M2, "F8_E5M2"), (.int8, "I8"), (.uint8, "U8"), (.bool, "BOOL"),
  ]

  /// All names, for messages.
  static let list = names.map(\.name).joined(separator: ", ")

  /// The type of a name; nil if the library has none such: numbers of 4 and 6 bits.
  static func parse(_ name: String) -> DataType? {
    names.first { $0.name == name }?.type
  }

  /// The name of a type and its place in the order of layout; nil if the format has no such type.
  static func code(of type: DataType) -> (order: Int, name: String)? {
    names.firstIndex { $0.type == type }.map { ($0, names[$0].name) }
  }
}
