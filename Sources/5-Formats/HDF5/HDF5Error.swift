public import FileIO
public import ModelIR

/// What can go wrong while an HDF5 file is read or laid out. Every case names the file; offsets are bytes from the
/// beginning of the HDF5 data.
public enum HDF5Error: Error, Equatable, Sendable {
  /// The file system failed.
  case file(FileError)
  /// The bytes do not begin with the signature of HDF5.
  case notHDF5(path: String)
  /// A structure of the file does not say what it must.
  case malformed(path: String, structure: String, offset: Int, expected: String, found: String)
  /// Something that HDF5 allows, but that is not read here: a data type, a layout, a filter.
  case unsupported(path: String, object: String, expected: String, found: String)
  /// Something that leads out of the file or back into it, and is never followed: soft and external links, external
  /// storage, virtual datasets.
  case refused(path: String, object: String, found: String)
  /// There is no object or attribute of that name.
  case notFound(path: String, object: String)
  /// An object or attribute is of another kind than expected.
  case wrongKind(path: String, object: String, expected: String, found: String)
  /// An object claims more memory than the file may ask for.
  case overBudget(path: String, object: String, size: Int, budget: Int)
  /// The stored bytes of a chunk do not yield its elements.
  case corruptChunk(path: String, object: String, offset: Int, reason: String)
  /// A name that cannot be stored.
  case invalidName(path: String, object: String, reason: String)
  /// libhdf5 failed; `stack` is its error stack, outermost first.
  case library(path: String, operation: String, stack: String)
  /// The elements of a dataset that is written cannot be read.
  case tensor(path: String, object: String, error: TensorError)
}

extension HDF5Error: CustomStringConvertible {
  /// One line; control characters in names are escaped.
  public var description: String {
    switch self {
    case .file(let error):
      error.description
    case .notHDF5(let path):
      "\(path.escapedForMessage): expected an HDF5 file, found no signature at byte 0"
    case .malformed(let path, let structure, let offset, let expected, let found):
      "\(path.escapedForMessage): \(structure.escapedForMessage) at byte \(offset): expected "
        + "\(expected.escapedForMessage), found \(found.escapedForMessage)"
    case .unsupported(let path, let object, let expected, let found):
      "\(path.escapedForMessage): \(object.escapedForMessage): expected \(expected.escapedForMessage), found "
        + found.escapedForMessage
    case .refused(let path, let object, let found):
      "\(path.escapedForMessage): \(object.escapedForMessage): expected data in the file itself, found "
        + "\(found.escapedForMessage), which is not followed"
    case .notFound(let path, let object):
      "\(path.escapedForMessage): expected \(object.escapedForMessage), found nothing of that name"
    case .wrongKind(let path, let object, let expected, let found):
      "\(path.escapedForMessage): \(object.escapedForMessage): expected \(expected.escapedForMessage), found "
        + found.escapedForMessage
    case .overBudget(let path, let object, let size, let budget):
      "\(path.escapedForMessage): \(object.escapedForMessage): expected at most \(budget) bytes for a file of "
        + "this size, found \(size)"
    case .corruptChunk(let path, let object, let offset, let reason):
      "\(path.escapedForMessage): \(object.escapedForMessage): chunk at byte \(offset): "
        + reason.escapedForMessage
    case .invalidName(let path, let object, let reason):
      "\(path.escapedForMessage): name '\(object.escapedForMessage)': \(reason.escapedForMessage)"
    case .library(let path, let operation, let stack):
      "\(path.escapedForMessage): \(operation.escapedForMessage) failed: \(stack.escapedForMessage)"
    case .tensor(let path, let object, let error):
      "\(path.escapedForMessage): \(object.escapedForMessage): \(error)"
    }
  }
}
