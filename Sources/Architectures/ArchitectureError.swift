import FileIO
public import ModelIR

/// Why weights or a structure file are not the network that they should be. Lists hold everything that is wrong.
public enum ArchitectureError: Error, Equatable, Sendable {
  /// No known architecture has such weights.
  case unrecognized(source: String, expected: String, found: String)
  /// Keys that are missing, unexpected or mis-shaped.
  case weights(source: String, architecture: String, problems: [WeightProblem])
  /// A structure file that is not one.
  case structureFile(path: String, problems: [String])
  /// A structure file that says something else than the weights.
  case structureMismatch(path: String, source: String, problems: [String])
  /// An input so small that a pool or convolution has nothing left.
  case inputTooSmall(height: Int, width: Int, least: Int, place: String)
  /// An input size that no network can be made for.
  case invalidInputSize(found: String, expected: String)
  /// An option that does not fit these weights.
  case unsupportedOption(option: String, reason: String)
  /// The graph that was built is not valid.
  case graph(GraphError)
}

extension ArchitectureError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unrecognized(let source, let expected, let found):
      "\(source.escapedForMessage): no known architecture: expected \(expected), found \(found.escapedForMessage)"
    case .weights(let source, let architecture, let problems):
      "\(source.escapedForMessage): not the weights of a \(architecture): "
        + Self.list(problems.map(\.description))
    case .structureFile(let path, let problems):
      "\(path.escapedForMessage): not a structure file: " + Self.list(problems)
    case .structureMismatch(let path, let source, let problems):
      "\(path.escapedForMessage): disagrees with the weights in \(source.escapedForMessage): "
        + Self.list(problems)
    case .inputTooSmall(let height, let width, let least, let place):
      "input size \(height)x\(width): nothing is left at \(place): the least size that works is \(least)x\(least)"
    case .invalidInputSize(let found, let expected):
      "input size: expected \(expected), found \(found)"
    case .unsupportedOption(let option, let reason):
      "\(option): \(reason)"
    case .graph(let error):
      error.description
    }
  }

  /// All problems on one line, as every message is: what reads logs takes it whole.
  private static func list(_ problems: [String]) -> String {
    (problems.count == 1 ? "" : "\(problems.count) problems: ") + problems.joined(separator: "; ")
  }
}
