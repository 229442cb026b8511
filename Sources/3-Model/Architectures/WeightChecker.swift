import FileIO
package import ModelIR

/// Takes weights out of a state dict one by one and remembers everything that is wrong.
struct WeightChecker {
  let weights: StateDict
  private(set) var problems: [WeightProblem] = []
  private var taken = Set<String>()

  init(_ weights: StateDict) {
    self.weights = weights
  }

  /// Marks `key` as known and checks its shape; nil stands for an extent that is not known. The result is the shape
  /// if it fits.
  @discardableResult
  mutating func take(_ key: String, _ expected: [Int?]) -> TensorShape? {
    taken.insert(key)
    // The counter of a BatchNorm layer is not a weight.
    if key.hasSuffix(".running_mean") {
      taken.insert(key.dropLast("running_mean".count) + "num_batches_tracked")
    }
    // Most keys are there and fit, and need no words.
    var text: String { "[" + expected.map { $0.map(String.init) ?? "?" }.joined(separator: ", ") + "]" }
    guard let tensor = weights[key] else {
      if let found = weights.others[key] {
        problems.append(.noTensor(key: key, found: found))
      } else {
        problems.append(.missing(key: key, shape: text))
      }
      return nil
    }
    guard tensor.dataType.isReal else {
      problems.append(.wrongType(key: key, found: tensor.dataType))
      return nil
    }
    let shape = tensor.shape
    let fits =
      shape.rank == expected.count
      && zip(shape.dimensions, expected).allSatisfy { found, expected in
        found > 0 && (expected == nil || expected == found)
      }
    guard fits else {
      problems.append(.misshaped(key: key, expected: text, found: shape))
      return nil
    }
    return shape
  }

  /// A convolution's weight [filters, channels, k, k] with one of the kernel sizes, and its bias if it has one.
  mutating func takeConvolution(
    _ name: String, filters: Int?, channels: Int?, kernels: [Int], hasBias: Bool = false
  ) -> TensorShape? {
    let kernel = kernels.count == 1 ? kernels[0] : nil
    let shape = take("\(name).weight", [filters, channels, kernel, kernel])
    if hasBias { take("\(name).bias", [filters ?? shape?[0]]) }
    guard let shape else { return nil }
    guard shape[2] == shape[3], kernels.contains(shape[2]) else {
      let sizes = kernels.map { "\($0)x\($0)" }.joined(separator: " or ")
      problems.append(
        .misshaped(key: "\(name).weight", expected: "a kernel of \(sizes)", found: shape))
      return nil
    }
    return shape
  }

  /// The four vectors of a BatchNorm layer.
  mutating func takeNormalization(_ name: String, channels: Int?) {
    for suffix in ["weight", "bias", "running_mean", "running_var"] {
      take("\(name).\(suffix)", [channels])
    }
  }

  /// The weight [classes, channels] and bias of the final layer, if either is there; gives the number of classes. A 1x1
  /// convolution, [classes, channels, 1, 1], is the same layer.
  mutating func takeClassifier(_ name: String, channels: Int?) -> Int? {
    let keys = ["\(name).weight", "\(name).bias"]
    guard keys.contains(where: { weights[$0] != nil || weights.others[$0] != nil }) else { return nil }
    let shape = weights["\(name).weight"]?.shape
    let isConvolution = shape?.rank == 4
    let known = shape.flatMap { $0.rank == 2 || $0.rank == 4 ? $0[0] : nil }
    let classes = take("\(name).weight", [nil, channels] + (isConvolution ? [1, 1] : []))?[0]
    take("\(name).bias", [known])
    return classes
  }

  /// Marks a key that is known but not used.
  mutating func skip(_ key: String) {
    taken.insert(key)
  }

  /// The weight and bias of a normalisation without statistics.
  mutating func takeScaleAndBias(_ name: String, channels: Int?) {
    for suffix in ["weight", "bias"] { take("\(name).\(suffix)", [channels]) }
  }

  /// The final layer's name: one of `names`, or the part of one that has weights where it stands behind Dropout or the
  /// like in a Sequential (`fc.1`). The first of `names` if there is none, or if there are several.
  static func classifier(of weights: StateDict, among names: [String]) -> String {
    for name in names {
      if weights["\(name).weight"] != nil { return name }
      var parts: Set<String> = []
      for entry in weights.entries where entry.name.hasPrefix("\(name).") && entry.name.hasSuffix(".weight") {
        parts.insert(String(entry.name.dropLast(".weight".count)))
      }
      if let only = parts.first, parts.count == 1, Int(only.dropFirst(name.count + 1)) != nil { return only }
    }
    return names.first { name in weights.entries.contains { $0.name.hasPrefix("\(name).") } } ?? names[0]
  }

  /// A problem that a caller found.
  mutating func add(_ problem: WeightProblem) {
    problems.append(problem)
  }

  /// Reports every key that was not taken.
  mutating func finish() {
    for entry in weights.entries where !taken.contains(entry.name) {
      problems.append(.unexpected(key: entry.name, shape: entry.tensor.shape))
    }
  }
}

/// One thing that is wrong with the keys of a state dict.
package enum WeightProblem: Hashable, Sendable {
  /// `shape` says what was expected, as far as the other weights tell.
  case missing(key: String, shape: String)
  case unexpected(key: String, shape: TensorShape)
  case misshaped(key: String, expected: String, found: TensorShape)
  /// Something that is no tensor stands where one should.
  case noTensor(key: String, found: String)
  /// Elements that are not real floating-point numbers.
  case wrongType(key: String, found: DataType)
}

extension WeightProblem: CustomStringConvertible {
  package var description: String {
    switch self {
    case .missing(let key, let shape): "missing \(key.escapedForMessage), expected shape \(shape)"
    case .unexpected(let key, let shape): "unexpected \(key.escapedForMessage), shape \(shape)"
    case .misshaped(let key, let expected, let found):
      "\(key.escapedForMessage): expected shape \(expected), found \(found)"
    case .noTensor(let key, let found): "\(key.escapedForMessage): expected a tensor, found \(found)"
    case .wrongType(let key, let found):
      "\(key.escapedForMessage): expected floating-point elements, found \(found.rawValue)"
    }
  }
}
