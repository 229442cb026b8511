import FileIO

/// What can be wrong with an ONNX model, or go wrong with writing one. Every error names the file.
extension ScaleNetError {
  /// The bytes are no protocol buffers message of ONNX. `place` is a path such as `model.graph.node[3].input[0]`.
  static func malformed(
    path: String, place: String, offset: Int, expected: String, found: String
  ) -> ScaleNetError {
    line(path, "\(place.escapedForMessage) at byte \(offset)", expected: expected, found: found)
  }

  /// The model as a whole is not one that can be read or written.
  static func invalidModel(path: String, place: String, expected: String, found: String) -> ScaleNetError {
    line(path, place.escapedForMessage, expected: expected, found: found)
  }

  /// An initializer or another stored tensor is not usable.
  static func invalidTensor(
    path: String, tensor: String, place: String, expected: String, found: String
  ) -> ScaleNetError {
    line(
      path, "tensor \(tensor.escapedForMessage): \(place.escapedForMessage)", expected: expected, found: found
    )
  }

  /// The elements of a tensor cannot be read.
  static func unreadableTensor(path: String, tensor: String, error: ScaleNetError) -> ScaleNetError {
    error.within("tensor \(tensor.escapedForMessage)").inFile(path)
  }

  /// A node is not one that can be read or written.
  static func invalidNode(
    path: String, node: String, op: String, place: String, expected: String, found: String
  ) -> ScaleNetError {
    line(path, Self.node(node, op) + ": " + place.escapedForMessage, expected: expected, found: found)
  }

  /// A node reads a value that neither an initializer, an input nor any node provides.
  static func missingValue(path: String, node: String, op: String, value: String) -> ScaleNetError {
    line(
      path, Self.node(node, op), expected: "an input, initializer or node output named \(value)",
      found: "none")
  }

  /// Nodes depend on each other in a circle; `node` is one of them.
  static func cycle(path: String, node: String, value: String) -> ScaleNetError {
    line(
      path, Self.node(node), expected: "no cycle", found: "that its input \(value) depends on the node itself"
    )
  }

  private static func line(_ path: String, _ place: String, expected: String, found: String) -> ScaleNetError
  {
    ScaleNetError(
      path: path, place: place, expected: expected.escapedForMessage, found: found.escapedForMessage)
  }

  private static func node(_ name: String, _ op: String? = nil) -> String {
    "node \(name.escapedForMessage)" + (op.map { " (\($0.escapedForMessage))" } ?? "")
  }
}
