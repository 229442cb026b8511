/// What can go wrong between this library and the file system. Every case names the path.
public enum FileError: Error, Equatable, Sendable {
  /// There is no file at `path`.
  case notFound(path: String)
  /// The file exists but cannot be opened or mapped for reading.
  case cannotRead(path: String, reason: String)
  /// The path names something other than a regular file (a directory, a FIFO, a device).
  case notARegularFile(path: String, found: String)
  /// The file became shorter than it was when it was opened; what was read from it is not to be trusted.
  case shortened(path: String, expected: Int, found: Int)
  /// Something already stands at the output path and overwriting was not asked for.
  case exists(path: String)
  /// The output would replace the file that is being read.
  case outputIsInput(path: String, input: String)
  /// The output cannot be created (missing or read-only directory, a directory as target).
  case cannotCreate(path: String, reason: String)
  /// A write, flush, close or rename failed after the output was begun; nothing is left at the target.
  case writeFailed(path: String, operation: String, reason: String)
}

extension FileError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .notFound(let path):
      return "\(path.escapedForMessage): no such file"
    case .cannotRead(let path, let reason):
      return "\(path.escapedForMessage): cannot read: \(reason)"
    case .notARegularFile(let path, let found):
      return "\(path.escapedForMessage): expected a regular file, found \(found)"
    case .shortened(let path, let expected, let found):
      return
        "\(path.escapedForMessage): the file was shortened while it was read: expected \(expected) bytes, found \(found)"
    case .exists(let path):
      return "\(path.escapedForMessage): already exists; use --force to replace it"
    case .outputIsInput(let path, let input):
      return "\(path.escapedForMessage): the output is the same file as the input \(input.escapedForMessage)"
    case .cannotCreate(let path, let reason):
      return "\(path.escapedForMessage): cannot create: \(reason)"
    case .writeFailed(let path, let operation, let reason):
      return "\(path.escapedForMessage): \(operation) failed: \(reason)"
    }
  }
}
