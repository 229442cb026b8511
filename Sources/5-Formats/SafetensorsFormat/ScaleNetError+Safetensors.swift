import FileIO

/// What can be wrong with a safetensors file, or go wrong with writing one.
extension ScaleNetError {
  /// The header is damaged or says what the format does not allow. `offset` counts from the beginning of the file.
  static func header(path: String, offset: Int, expected: String, found: String) -> ScaleNetError {
    ScaleNetError(
      path: path, place: "safetensors header", offset: offset, expected: expected,
      found: found.escapedForMessage)
  }

  /// What the header says of one tensor is not supported, or contradicts itself or the rest of the file; or a tensor
  /// cannot be written.
  static func tensor(path: String, name: String, expected: String, found: String) -> ScaleNetError {
    ScaleNetError(
      path: path, place: "tensor '\(name.escapedForMessage)'", expected: expected,
      found: found.escapedForMessage)
  }

  /// The tensors do not fill the file, or are too many for one.
  static func size(path: String, expected: String, found: String) -> ScaleNetError {
    ScaleNetError(path: path, expected: expected, found: found)
  }
}
