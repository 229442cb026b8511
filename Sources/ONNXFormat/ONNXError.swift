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
  public var description: String { Self.escaped(text) }

  private var text: String {
    switch self {
    case .file(let error):
      error.description
    case .malformed(let path, let place, let offset, let expected, let found):
      "\(path): \(place) at byte \(offset): expected \(expected), found \(found)"
    case .invalidModel(let path, let place, let expected, let found):
      "\(path): \(place): expected \(expected), found \(found)"
    case .invalidTensor(let path, let tensor, let place, let expected, let found):
      "\(path): tensor \(tensor): \(place): expected \(expected), found \(found)"
    case .unreadableTensor(let path, let tensor, let error):
      "\(path): tensor \(tensor): \(error)"
    case .invalidNode(let path, let node, let op, let place, let expected, let found):
      "\(path): node \(node) (\(op)): \(place): expected \(expected), found \(found)"
    case .missingValue(let path, let node, let op, let value):
      "\(path): node \(node) (\(op)): expected an input, initializer or node output named \(value), found none"
    case .unsorted(let path, let node, let value, let producer):
      "\(path): node \(node): expected \(value) to be produced before it is read, found its producer \(producer) "
        + "later in the file"
    case .cycle(let path, let node, let value):
      "\(path): node \(node): expected no cycle, found that \(value), which it reads, depends on the node itself"
    case .graph(let path, let error):
      "\(path): \(error)"
    }
  }

  /// The text with control characters, line ends and marks of writing direction as escapes, for names come from files.
  private static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator:
        result += "\\u{\(String(scalar.value, radix: 16))}"
      default:
        result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
