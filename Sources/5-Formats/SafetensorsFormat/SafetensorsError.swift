public import FileIO

/// What can be wrong with a safetensors file, or go wrong with writing one.
public enum SafetensorsError: Error, Equatable, Sendable {
  /// The header is damaged or says what the format does not allow. `offset` counts from the beginning of the file.
  case header(path: String, offset: Int, expected: String, found: String)
  /// What the header says of one tensor is not supported, or contradicts itself or the rest of the file.
  case tensor(path: String, name: String, expected: String, found: String)
  /// The tensors do not fill the file, or are too many for one.
  case size(path: String, expected: String, found: String)
  /// A tensor cannot be written.
  case unwritable(path: String, name: String, expected: String, found: String)
  /// The file system failed.
  case file(FileError)
}

extension SafetensorsError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .header(let path, let offset, let expected, let found):
      "\(path.escapedForMessage): safetensors header at byte \(offset): expected \(expected), "
        + "found \(found.escapedForMessage)"
    case .tensor(let path, let name, let expected, let found),
      .unwritable(let path, let name, let expected, let found):
      "\(path.escapedForMessage): tensor '\(name.escapedForMessage)': expected \(expected), "
        + "found \(found.escapedForMessage)"
    case .size(let path, let expected, let found):
      "\(path.escapedForMessage): expected \(expected), found \(found)"
    case .file(let error):
      error.description
    }
  }
}
