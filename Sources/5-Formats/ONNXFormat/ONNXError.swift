public import FileIO
public import ModelIR

/// What can go wrong while an ONNX model is read or written. Every case names the file.
public enum ONNXError: Error, Equatable, Sendable {
  /// The file system failed.
  case file(FileError)
  /// The bytes are no protocol buffers message of ONNX. `place` is a path such as `model.graph.node[3].input[0]`.
  case malformed(path: String, place: String, offset: Int, expected: String, found: String)
  /// The model as a whole is not one that can be read or written.
  case invalidModel(path: String, place: String, expected: String, found: String)
  /// An initializer or another stored tensor is not usable.
  case invalidTensor(path: String, tensor: String, place: String, expected: String, found: String)
  /// The elements of a tensor cannot be read.
  case unreadableTensor(path: String, tensor: String, error: TensorError)
  /// A node is not one that can be read or written.
  case invalidNode(path: String, node: String, op: String, place: String, expected: String, found: String)
  /// A node reads a value that neither an initializer, an input nor any node provides.
  case missingValue(path: String, node: String, op: String, value: String)
  /// A node stands before the one whose output it reads.
  case unsorted(path: String, node: String, value: String, producer: String)
  /// Nodes depend on each other in a circle; `node` is one of them.
  case cycle(path: String, node: String, value: String)
  /// The graph breaks a rule that holds for every graph.
  case graph(path: String, error: GraphError)
}

extension ONNXError: CustomStringConvertible {
  /// One line; control characters in names are escaped.
  public var description: String {
    switch self {
    case .file(let error):
      error.description
    case .malformed(let path, let place, let offset, let expected, let found):
      Self.line(path, "\(place.escapedForMessage) at byte \(offset)", expected: expected, found: found)
    case .invalidModel(let path, let place, let expected, let found):
      Self.line(path, place.escapedForMessage, expected: expected, found: found)
    case .invalidTensor(let path, let tensor, let place, let expected, let found):
      Self.line(path, Self.tensor(tensor) + ": " + place.escapedForMessage, expected: expected, found: found)
    case .unreadableTensor(let path, let tensor, let error):
      "\(path.escapedForMessage): \(Self.tensor(tensor)): \(error)"
    case .invalidNode(let path, let node, let op, let place, let expected, let found):
      Self.line(path, Self.node(node, op) + ": " + place.escapedForMessage, expected: expected, found: found)
    case .missingValue(let path, let node, let op, let value):
      Self.line(
        path, Self.node(node, op), expected: "an input, initializer or node output named \(value)",
        found: "none")
    case .unsorted(let path, let node, let value, let producer):
      Self.line(
        path, Self.node(node), expected: "\(value) to be produced before it is read",
        found: "its producer \(producer) later in the file")
    case .cycle(let path, let node, let value):
      Self.line(
        path, Self.node(node), expected: "no cycle",
        found: "that its input \(value) depends on the node itself")
    case .graph(let path, let error):
      "\(path.escapedForMessage): \(error)"
    }
  }

  private static func line(_ path: String, _ place: String, expected: String, found: String) -> String {
    "\(path.escapedForMessage): \(place): expected \(expected.escapedForMessage), found \(found.escapedForMessage)"
  }

  private static func tensor(_ name: String) -> String { "tensor \(name.escapedForMessage)" }

  private static func node(_ name: String, _ op: String? = nil) -> String {
    "node \(name.escapedForMessage)" + (op.map { " (\($0.escapedForMessage))" } ?? "")
  }
}
