public import FileIO
public import HDF5
public import ModelIR
public import ZipArchive

/// What can go wrong while a Keras model is read or written. Every case names the file.
public enum KerasError: Error, Equatable, Sendable {
  /// The file system failed.
  case file(FileError)
  /// The HDF5 file with the weights is not as it must be.
  case hdf5(HDF5Error)
  /// The zip archive of a `.keras` file is not as it must be.
  case zip(ZipError)
  /// The file is no complete Keras model.
  case invalidModel(path: String, place: String, expected: String, found: String)
  /// The configuration is not the JSON that it must be. `place` is the attribute or member.
  case malformedConfiguration(path: String, place: String, offset: Int, expected: String, found: String)
  /// A layer is not one that can be read.
  case invalidLayer(
    path: String, layer: String, className: String, place: String, expected: String, found: String)
  /// A node is not one that Keras's plain layers can express.
  case unsupportedNode(path: String, node: String, op: String, place: String, expected: String, found: String)
  /// The weights of a layer are not there, or not of the layer's shape.
  case invalidWeight(path: String, layer: String, weight: String, expected: String, found: String)
  /// The elements of a weight cannot be read.
  case unreadableWeight(path: String, weight: String, error: TensorError)
  /// The graph breaks a rule that holds for every graph.
  case graph(path: String, error: GraphError)
}

extension KerasError: CustomStringConvertible {
  /// One line; control characters in names are escaped.
  public var description: String {
    switch self {
    case .file(let error): error.description
    case .hdf5(let error): error.description
    case .zip(let error): error.description
    case .invalidModel(let path, let place, let expected, let found):
      line(path, place, expected, found)
    case .malformedConfiguration(let path, let place, let offset, let expected, let found):
      line(path, "\(place.escapedForMessage) at byte \(offset)", expected, found)
    case .invalidLayer(let path, let layer, let className, let place, let expected, let found):
      line(
        path, "layer \(layer.escapedForMessage) (\(className.escapedForMessage)): \(place.escapedForMessage)",
        expected, found)
    case .unsupportedNode(let path, let node, let op, let place, let expected, let found):
      line(path, "node \(node.escapedForMessage) (\(op)): \(place.escapedForMessage)", expected, found)
    case .invalidWeight(let path, let layer, let weight, let expected, let found):
      line(path, "layer \(layer.escapedForMessage): weight \(weight.escapedForMessage)", expected, found)
    case .unreadableWeight(let path, let weight, let error):
      "\(path.escapedForMessage): \(weight.escapedForMessage): \(error.description.escapedForMessage)"
    case .graph(let path, let error):
      "\(path.escapedForMessage): \(error)"
    }
  }

  private func line(_ path: String, _ place: String, _ expected: String, _ found: String) -> String {
    "\(path.escapedForMessage): \(place): expected \(expected.escapedForMessage), found "
      + found.escapedForMessage
  }
}
