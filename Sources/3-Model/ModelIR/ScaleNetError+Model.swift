package import FileIO

/// What can be wrong with the elements of a tensor.
extension ScaleNetError {
  /// A view reaches outside of its storage.
  static func outsideStorage(
    shape: [Int], strides: [Int], offset: Int, storageElements: Int
  ) -> ScaleNetError {
    ScaleNetError(
      reason:
        "a view of shape \(shape), strides \(strides) and offset \(offset) reaches outside of its storage of "
        + "\(storageElements) elements")
  }

  /// A value does not fit the type that it is converted to. `index` counts elements in row-major order.
  package static func overflow(value: Double, index: Int, target: DataType) -> ScaleNetError {
    ScaleNetError(overflow: value, index: index, type: target.rawValue)
  }

  /// The elements are not numbers of the kind that was asked for.
  package static func wrongType(expected: String, found: DataType) -> ScaleNetError {
    ScaleNetError(expected: expected, found: found.rawValue)
  }
}

/// What makes a graph invalid. Every error names the node or value.
extension ScaleNetError {
  /// An operator does not accept its inputs or attributes.
  package static func invalidNode(
    node: String, op: String, place: String, expected: String, found: String
  ) -> ScaleNetError {
    ScaleNetError(place: place, expected: expected, found: found)
      .within("node \(node.escapedForMessage) (\(op))")
  }

  /// A node reads a value that nothing before it produces.
  package static func undefinedValue(node: String, value: String) -> ScaleNetError {
    ScaleNetError(
      place: "node \(node.escapedForMessage)",
      reason: "reads \(value.escapedForMessage), which nothing before it produces")
  }

  /// A graph output that nothing produces.
  static func undefinedOutput(value: String) -> ScaleNetError {
    ScaleNetError(place: "output \(value.escapedForMessage)", reason: "nothing produces it")
  }

  /// Nodes that depend on each other in a circle; one of them is named.
  static func cycle(node: String) -> ScaleNetError {
    ScaleNetError(place: "node \(node.escapedForMessage)", reason: "depends on itself")
  }

  /// Two nodes, or a node and an input or initializer, produce the same value.
  static func producedTwice(value: String, node: String) -> ScaleNetError {
    ScaleNetError(
      place: "node \(node.escapedForMessage)",
      reason: "produces \(value.escapedForMessage), which exists already")
  }

  /// Two values or two nodes of one name, or an empty name.
  package static func duplicateName(name: String) -> ScaleNetError {
    ScaleNetError(
      reason: name.isEmpty
        ? "a node or value has an empty name" : "the name \(name.escapedForMessage) is used twice")
  }

  /// A recorded type is not what shape inference finds.
  static func wrongType(value: String, expected: String, found: String) -> ScaleNetError {
    ScaleNetError(place: "value \(value.escapedForMessage)", expected: expected, found: found)
  }

  /// The elements of an initializer could not be read.
  package static func unreadableInitializer(value: String, error: ScaleNetError) -> ScaleNetError {
    error.within("initializer \(value.escapedForMessage)")
  }
}
