import FileIO

/// What makes a graph invalid. Every case names the node or value.
public enum GraphError: Error, Equatable, Sendable {
  /// An operator does not accept its inputs or attributes.
  case invalidNode(node: String, op: String, place: String, expected: String, found: String)
  /// A node reads a value that nothing before it produces.
  case undefinedValue(node: String, value: String)
  /// A graph output that nothing produces.
  case undefinedOutput(value: String)
  /// Nodes that depend on each other in a circle; one of them is named.
  case cycle(node: String)
  /// Two nodes, or a node and an input or initializer, produce the same value.
  case producedTwice(value: String, node: String)
  /// Two values or two nodes of one name, or an empty name.
  case duplicateName(name: String)
  /// A recorded type is not what shape inference finds.
  case wrongType(value: String, expected: String, found: String)
  /// The elements of an initializer could not be read.
  case unreadableInitializer(value: String, error: TensorError)
}

extension GraphError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .invalidNode(let node, let op, let place, let expected, let found):
      "node \(node.escapedForMessage) (\(op)): \(place): expected \(expected), found \(found)"
    case .undefinedValue(let node, let value):
      "node \(node.escapedForMessage): reads \(value.escapedForMessage), which nothing before it produces"
    case .undefinedOutput(let value):
      "output \(value.escapedForMessage): nothing produces it"
    case .cycle(let node):
      "node \(node.escapedForMessage): depends on itself"
    case .producedTwice(let value, let node):
      "node \(node.escapedForMessage): produces \(value.escapedForMessage), which exists already"
    case .duplicateName(let name):
      name.isEmpty ? "a node or value has an empty name" : "the name \(name.escapedForMessage) is used twice"
    case .wrongType(let value, let expected, let found):
      "value \(value.escapedForMessage): expected \(expected), found \(found)"
    case .unreadableInitializer(let value, let error):
      "initializer \(value.escapedForMessage): \(error)"
    }
  }
}
