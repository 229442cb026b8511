public import FileIO
public import ZipArchive

/// What can be wrong with an array file of numpy, or go wrong with writing one. `member` is the archive member, or
/// "" for a file of one array.
public enum NumPyError: Error, Equatable, Sendable {
  /// The file or member does not begin as array files do.
  case notAnArray(path: String, member: String, found: String)
  /// The header is damaged or says what is not supported.
  case header(path: String, member: String, offset: Int, expected: String, found: String)
  /// The elements are not as many as the header says.
  case size(path: String, member: String, expected: String, found: Int)
  /// A member of an archive is not an array, or two arrays have one name.
  case member(path: String, member: String, expected: String, found: String)
  /// An array cannot be written.
  case unwritable(path: String, name: String, expected: String, found: String)
  /// The zip archive is damaged.
  case archive(ZipError)
  /// The file system failed.
  case file(FileError)
}

extension NumPyError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .notAnArray(let path, let member, let found):
      "\(place(path, member)): expected an array file of numpy, found \(found)"
    case .header(let path, let member, let offset, let expected, let found):
      "\(place(path, member)): array header at byte \(offset): expected \(expected), "
        + "found \(found.escapedForMessage)"
    case .size(let path, let member, let expected, let found):
      "\(place(path, member)): expected \(expected), found \(found) bytes behind the header"
    case .member(let path, let member, let expected, let found):
      "\(place(path, member)): expected \(expected), found \(found)"
    case .unwritable(let path, let name, let expected, let found):
      "\(path.escapedForMessage): array '\(name.escapedForMessage)': expected \(expected), found \(found)"
    case .archive(let error):
      error.description
    case .file(let error):
      error.description
    }
  }

  private func place(_ path: String, _ member: String) -> String {
    path.escapedForMessage + (member.isEmpty ? "" : ": member '\(member.escapedForMessage)'")
  }
}
