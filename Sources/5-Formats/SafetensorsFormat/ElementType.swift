import ModelIR

/// The format's names of element types.
enum ElementType {
  /// The types that the library has, in the order in which the safetensors package lays tensors out: the widest
  /// first, so that each begins at a multiple of its elements' size (the order of `Dtype` in its `tensor.rs`, reversed).
  private static let names: [(type: DataType, name: String)] = [
    (.uint64, "U64"), (.int64, "I64"), (.float64, "F64"), (.complex64, "C64"),
    (.float32, "F32"), (.uint32, "U32"), (.int32, "I32"),
    (.bfloat16, "BF16"), (.float16, "F16"), (.uint16, "U16"), (.int16, "I16"),
    (.int8, "I8"), (.uint8, "U8"), (.bool, "BOOL"),
  ]

  /// All names, for messages.
  static let list = names.map(\.name).joined(separator: ", ")

  /// The type of a name; nil if the library has none such: numbers of 4, 6 and 8 bits.
  static func parse(_ name: String) -> DataType? {
    names.first { $0.name == name }?.type
  }

  /// The name of a type and its place in the order of layout; nil if the format has no such type.
  static func code(of type: DataType) -> (order: Int, name: String)? {
    names.firstIndex { $0.type == type }.map { ($0, names[$0].name) }
  }
}
