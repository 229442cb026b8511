public import FileIO
public import NumPyFormat

/// What can be wrong with a file of recorded outputs, or go wrong with writing one.
public enum RecordingError: Error, Equatable, Sendable {
  /// The text is not what such a file has at this place. `place` is where in the document, `offset` where in the file.
  case content(path: String, offset: Int, place: String, expected: String, found: String)
  /// An array that stands in the file is damaged; its path says which.
  case array(NumPyError)
  /// The file system failed.
  case file(FileError)
}

extension RecordingError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .content(let path, let offset, let place, let expected, let found):
      "\(path.escapedForMessage): \(place.isEmpty ? "" : place.escapedForMessage + ": ")"
        + "byte \(offset): expected \(expected), found \(found.escapedForMessage)"
    case .array(let error):
      error.description
    case .file(let error):
      error.description
    }
  }
}
