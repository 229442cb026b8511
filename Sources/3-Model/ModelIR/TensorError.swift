public import FileIO

/// What can go wrong when the elements of a tensor are read.
public enum TensorError: Error, Equatable, Sendable {
  /// The view reaches outside of its storage.
  case outsideStorage(shape: [Int], strides: [Int], offset: Int, storageElements: Int)
  /// A value does not fit the type that it is converted to. `index` counts elements in row-major order.
  case overflow(value: Double, index: Int, target: DataType)
  /// The elements are not numbers of the kind that was asked for.
  case wrongType(expected: String, found: DataType)
  /// The file under the tensor failed.
  case file(FileError)
}

extension TensorError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .outsideStorage(let shape, let strides, let offset, let elements):
      "a view of shape \(shape), strides \(strides) and offset \(offset) reaches outside of its storage of "
        + "\(elements) elements"
    case .overflow(let value, let index, let target):
      "element \(index) is \(value), which overflows \(target.rawValue)"
    case .wrongType(let expected, let found):
      "expected \(expected), found \(found.rawValue)"
    case .file(let error):
      error.description
    }
  }
}
