package import FileIO

/// What can go wrong while an HDF5 file is read or laid out. Every error names the file; offsets are bytes from the
/// beginning of the HDF5 data.
extension ScaleNetError {
  /// The bytes do not begin with the signature of HDF5.
  static func notHDF5(path: String) -> ScaleNetError {
    ScaleNetError(path: path, expected: "an HDF5 file", found: "no signature at byte 0")
  }

  /// A structure of the file does not say what it must.
  static func malformed(
    path: String, structure: String, offset: Int, expected: String, found: String
  ) -> ScaleNetError {
    ScaleNetError(
      path: path, place: structure.escapedForMessage, offset: offset, expected: expected.escapedForMessage,
      found: found.escapedForMessage)
  }

  /// Something that HDF5 allows, but that is not read here: a data type, a layout, a filter.
  static func unsupported(path: String, object: String, expected: String, found: String) -> ScaleNetError {
    wrongKind(path: path, object: object, expected: expected, found: found)
  }

  /// Something that leads out of the file or back into it, and is never followed: soft and external links, external
  /// storage, virtual datasets.
  static func refused(path: String, object: String, found: String) -> ScaleNetError {
    ScaleNetError(
      path: path, place: object.escapedForMessage, expected: "data in the file itself",
      found: "\(found.escapedForMessage), which is not followed")
  }

  /// There is no object or attribute of that name.
  static func notFound(path: String, object: String) -> ScaleNetError {
    ScaleNetError(path: path, expected: object.escapedForMessage, found: "nothing of that name")
  }

  /// An object or attribute is of another kind than expected.
  package static func wrongKind(path: String, object: String, expected: String, found: String)
    -> ScaleNetError
  {
    ScaleNetError(
      path: path, place: object.escapedForMessage, expected: expected.escapedForMessage,
      found: found.escapedForMessage)
  }

  /// An object claims more memory than the file may ask for.
  static func overBudget(path: String, object: String, size: Int, budget: Int) -> ScaleNetError {
    ScaleNetError(
      path: path, place: object.escapedForMessage,
      expected: "at most \(budget) bytes for a file of this size",
      found: "\(size)")
  }

  /// The stored bytes of a chunk do not yield its elements.
  static func corruptChunk(path: String, object: String, offset: Int, reason: String) -> ScaleNetError {
    ScaleNetError(place: "chunk", offset: offset, reason: reason.escapedForMessage)
      .within(object.escapedForMessage).inFile(path)
  }

  /// A name that cannot be stored.
  static func invalidName(path: String, object: String, reason: String) -> ScaleNetError {
    ScaleNetError(path: path, place: "name '\(object.escapedForMessage)'", reason: reason.escapedForMessage)
  }

  /// libhdf5 failed; `stack` is its error stack, outermost first.
  static func library(path: String, operation: String, stack: String) -> ScaleNetError {
    ScaleNetError(path: path, reason: "\(operation) failed: \(stack)")
  }

  /// The elements of a dataset cannot be read.
  package static func tensor(path: String, object: String, error: ScaleNetError) -> ScaleNetError {
    error.within(object.escapedForMessage).inFile(path)
  }
}
