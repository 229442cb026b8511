public import Execution
import FileIO

/// Why two models can't be compared.
public enum DiffError: Error, Equatable, Sendable {
  /// A graph can't be run.
  case execution(path: String, ExecutionError)
  /// No output of one side has a counterpart of a like shape on the other.
  case differentOutputs(left: [String], right: [String])
  /// The sides do not have the same number of batches.
  case differentBatches(left: Int, right: Int)
}

extension DiffError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .execution(let path, let error):
      "\(path.escapedForMessage): \(error)"
    case .differentOutputs(let left, let right):
      "no output of one has a counterpart of a like shape in the other: expected one of "
        + "\(left.map(\.escapedForMessage).joined(separator: ", ")), found "
        + right.map(\.escapedForMessage).joined(separator: ", ")
    case .differentBatches(let left, let right):
      "expected \(left) batches on both sides, found \(right) on the right"
    }
  }
}
