/// What can go wrong between this library and the file system.
extension ScaleNetError {
  /// There is no file at `path`.
  package static func notFound(path: String) -> ScaleNetError {
    ScaleNetError(.noInput, path: path, reason: "no such file")
  }

  /// The file exists but cannot be opened or mapped for reading.
  package static func cannotRead(path: String, reason: String) -> ScaleNetError {
    ScaleNetError(.noInput, path: path, reason: "cannot read: \(reason)")
  }

  /// The path names something other than a regular file (a directory, a FIFO, a device).
  package static func notARegularFile(path: String, found: String) -> ScaleNetError {
    ScaleNetError(.noInput, path: path, expected: "a regular file", found: found)
  }

  /// The file became shorter than it was when it was opened; what was read from it is not to be trusted.
  ///
  /// - Parameter found: its size now; nil if it has grown again, or is gone.
  package static func shortened(path: String, expected: Int, found: Int?) -> ScaleNetError {
    guard let found else {
      return .changed(path: path, how: "it was shorter than its \(expected) bytes for a time")
    }
    return ScaleNetError(
      path: path, place: "the file was shortened while it was read", expected: "\(expected) bytes",
      found: "\(found)")
  }

  /// Somebody wrote to the file, or put another there, after it was opened; what was read is not to be trusted.
  package static func changed(path: String, how: String) -> ScaleNetError {
    ScaleNetError(path: path, reason: "the file was changed while it was read: \(how)")
  }

  /// Something already stands at the output path and overwriting was not asked for.
  package static func exists(path: String) -> ScaleNetError {
    ScaleNetError(.cannotCreate, path: path, reason: "already exists").advising(.allowOverwriting)
  }

  /// The output would replace a file that is being read.
  package static func outputIsInput(path: String, input: String) -> ScaleNetError {
    ScaleNetError(
      .cannotCreate, path: path, reason: "the output is the same file as the input \(input.escapedForMessage)"
    )
  }

  /// Two outputs would be one file.
  package static func outputIsOutput(path: String, other: String) -> ScaleNetError {
    ScaleNetError(
      .cannotCreate, path: path,
      reason: "the output is the same file as the output \(other.escapedForMessage)"
    )
  }

  /// More memory is needed than there may be.
  package static func notEnoughMemory(path: String?, purpose: String, needed: Int, limit: MemoryLimit)
    -> ScaleNetError
  {
    ScaleNetError(
      .inputOutput, path: path,
      // What is needed is rounded up, so that it is more than what is left.
      reason: "not enough memory: \(purpose) needs \((needed - 1) >> 20 + 1) MiB, and "
        + "\(limit.source) leaves \(limit.bytes >> 20) MiB")
  }

  /// The output cannot be created (missing or read-only directory, a directory as target).
  package static func cannotCreate(path: String, reason: String) -> ScaleNetError {
    ScaleNetError(.cannotCreate, path: path, reason: "cannot create: \(reason)")
  }

  /// A write, flush, close or rename failed after the output was begun; nothing is left at the target.
  package static func writeFailed(path: String, operation: String, reason: String) -> ScaleNetError {
    ScaleNetError(.inputOutput, path: path, reason: "\(operation) failed: \(reason)")
  }
}
