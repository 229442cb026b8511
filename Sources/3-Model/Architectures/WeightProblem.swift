import FileIO
public import ModelIR

/// One thing that is wrong with the keys of a state dict.
public enum WeightProblem: Hashable, Sendable {
  /// `shape` says what was expected, as far as the other weights tell.
  case missing(key: String, shape: String)
  case unexpected(key: String, shape: TensorShape)
  case misshaped(key: String, expected: String, found: TensorShape)
  /// Elements that are not real floating-point numbers.
  case wrongType(key: String, found: DataType)
}

extension WeightProblem: CustomStringConvertible {
  public var description: String {
    switch self {
    case .missing(let key, let shape): "missing \(key.escapedForMessage), expected shape \(shape)"
    case .unexpected(let key, let shape): "unexpected \(key.escapedForMessage), shape \(shape)"
    case .misshaped(let key, let expected, let found):
      "\(key.escapedForMessage): expected shape \(expected), found \(found)"
    case .wrongType(let key, let found):
      "\(key.escapedForMessage): expected floating-point elements, found \(found.rawValue)"
    }
  }
}
