internal import FileIO
public import ModelIR

/// Why a graph can't be run, or a run failed.
public enum ExecutionError: Error, Equatable, Sendable {
  /// The graph itself does not hold.
  case graph(GraphError)
  /// An operator, or a use of one, that the executor does not compute.
  case unsupported(node: String, op: String, place: String, expected: String, found: String)
  /// A weight can't be read.
  case unreadableInitializer(name: String, error: TensorError)
  /// The plan needs more memory than allowed.
  case tooLarge(what: String, bytes: Int?, limit: Int)
  /// An input of the graph was not given.
  case missingInput(name: String, expected: String)
  /// Something was given that the graph has no input for.
  case unexpectedInput(name: String, expected: [String])
  /// An input has another type or shape than the graph's.
  case wrongInput(name: String, expected: String, found: String)
  /// The elements of an input can't be read.
  case unreadableInput(name: String, error: TensorError)
}

extension ExecutionError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .graph(let error):
      error.description
    case .unsupported(let node, let op, let place, let expected, let found):
      "node \(node.escapedForMessage) (\(op)) can't be run: \(place): expected \(expected), found \(found)"
    case .unreadableInitializer(let name, let error):
      "initializer \(name.escapedForMessage): \(error)"
    case .tooLarge(let what, let bytes, let limit):
      "\(what.escapedForMessage) needs \(bytes.map { "\($0)" } ?? "more than 2^63") bytes, expected at most \(limit)"
    case .missingInput(let name, let expected):
      "input \(name.escapedForMessage): expected \(expected), found nothing"
    case .unexpectedInput(let name, let expected):
      "input \(name.escapedForMessage): the graph has no such input, expected \(expected.map(\.escapedForMessage).joined(separator: ", "))"
    case .wrongInput(let name, let expected, let found):
      "input \(name.escapedForMessage): expected \(expected), found \(found)"
    case .unreadableInput(let name, let error):
      "input \(name.escapedForMessage): \(error)"
    }
  }
}
