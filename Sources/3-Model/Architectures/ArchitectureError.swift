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
  /// Not even one channel for each block fits a budget of multiply-accumulates.
  case budgetTooSmall(budget: Int, least: Int, inputSize: InputSize)
  /// A channel whose importance is no number.
  case invalidImportance(source: String, key: String, channel: Int, found: String)
  /// More of something than makes sense in any network.
  case limitExceeded(place: String, most: Int, found: Int)
  /// A weight whose elements could not be read.
  case unreadableWeight(source: String, key: String, error: TensorError)
  /// The graph that was built is not valid.
  case graph(GraphError)
}

extension ArchitectureError {
  /// Whether another height or width would help.
  public var isAboutInputSize: Bool {
    switch self {
    case .inputTooSmall, .invalidInputSize: true
    default: false
    }
  }
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
    case .budgetTooSmall(let budget, let least, let inputSize):
      "budget of \(budget) MACs: one channel for each block takes \(least) MACs at \(inputSize) already"
    case .invalidImportance(let source, let key, let channel, let found):
      "\(source.escapedForMessage): \(key.escapedForMessage): channel \(channel): expected a finite number, found \(found)"
    case .limitExceeded(let place, let most, let found):
      "\(place.escapedForMessage): expected at most \(most), found \(found)"
    case .unreadableWeight(let source, let key, let error):
      "\(source.escapedForMessage): \(key.escapedForMessage): \(error)"
    case .graph(let error):
      error.description
    }
  }

  /// All problems on one line, as every message is: what reads logs takes it whole.
  private static func list(_ problems: [String]) -> String {
    (problems.count == 1 ? "" : "\(problems.count) problems: ") + problems.joined(separator: "; ")
  }
}
