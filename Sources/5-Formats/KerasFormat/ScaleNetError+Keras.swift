import FileIO

/// What can go wrong while a Keras model is read or written. Every error names the file.
extension ScaleNetError {
  /// The file is no complete Keras model.
  static func invalidModel(path: String, place: String, expected: String, found: String) -> ScaleNetError {
    line(path, place, expected, found)
  }

  /// A layer is not one that can be read.
  static func invalidLayer(
    path: String, layer: String, className: String, place: String, expected: String, found: String
  ) -> ScaleNetError {
    line(
      path, "layer \(layer.escapedForMessage) (\(className.escapedForMessage)): \(place.escapedForMessage)",
      expected, found)
  }

  /// A node is not one that Keras's plain layers can express.
  static func unsupportedNode(
    path: String, node: String, op: String, place: String, expected: String, found: String
  ) -> ScaleNetError {
    line(path, "node \(node.escapedForMessage) (\(op)): \(place.escapedForMessage)", expected, found)
  }

  /// The weights of a layer are not there, or not of the layer's shape.
  static func invalidWeight(
    path: String, layer: String, weight: String, expected: String, found: String
  ) -> ScaleNetError {
    line(path, "layer \(layer.escapedForMessage): weight \(weight.escapedForMessage)", expected, found)
  }

  /// The elements of a weight cannot be read.
  static func unreadableWeight(path: String, weight: String, error: ScaleNetError) -> ScaleNetError {
    error.within(weight.escapedForMessage).inFile(path)
  }

  private static func line(
    _ path: String, _ place: String, _ expected: String, _ found: String
  ) -> ScaleNetError {
    ScaleNetError(
      path: path, place: place, expected: expected.escapedForMessage, found: found.escapedForMessage)
  }
}
