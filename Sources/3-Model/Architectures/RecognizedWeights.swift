package import FileIO
package import ModelIR

/// Weights under the names that their network has, and the network, or why they are none.
///
/// Wrappers of networks put prefixes before all names: `module.` (DataParallel), `_orig_mod.` (torch.compile), `model.`
/// (Lightning), `backbone.`, or any other, several times too. What is common to all names is taken off as far as a network
/// needs it.
package struct RecognizedWeights: Sendable {
  /// The weights by the network's own names; `notes` say what was taken off or left out.
  package let weights: StateDict
  /// The network; an error that says why there is none that is known.
  package let architecture: Result<Architecture, ScaleNetError>

  /// Prefixes that are never part of a network's own names.
  private static let wrappers: Set<String> = ["module", "_orig_mod"]
  /// Last parts of names that profilers and averagers add: they count, and are no weights.
  private static let counters: Set<String> = ["n_averaged", "total_ops", "total_params"]
  /// Wrappers within wrappers.
  private static let mostPrefixes = 8

  /// - Parameters:
  ///   - prefix: names that begin with it are taken, the others left out; nil for all.
  ///   - source: the file's path, for errors.
  /// - Throws: if no name begins with the prefix.
  package init(_ stored: StateDict, prefix: String?, source: String) throws(ScaleNetError) {
    var weights = Self.withoutCounters(stored)
    if let prefix { weights = try Self.chosen(weights, prefix: prefix, source: source) }
    var removed = ""
    // The first level at which a network is found, or whose names are a family's; if none is, the names as they are.
    var best: (weights: StateDict, removed: String, outcome: Result<Architecture, ScaleNetError>)?
    var plain: (weights: StateDict, removed: String)?
    for _ in 0...Self.mostPrefixes {
      let outcome = Self.recognize(weights, source)
      guard case .failure(let error) = outcome, error.isUnrecognized else {
        best = (weights, removed, outcome)
        break
      }
      let common = Self.commonPart(weights)
      // Wrappers are taken off even where no network is found below.
      if plain == nil, common.map(Self.wrappers.contains) != true { plain = (weights, removed) }
      guard let common else { break }
      removed += common + "."
      weights = Self.renamed(weights) { String($0.dropFirst(common.count + 1)) }
    }
    let level = best ?? plain.map { ($0.weights, $0.removed, Self.nothing($0.weights, source)) }
    var result = level?.weights ?? weights
    if let removed = level?.removed, !removed.isEmpty {
      result.notes.append("The prefix '\(removed.escapedForMessage)' was removed from all names.")
    }
    self.weights = result
    architecture = level?.outcome ?? Self.nothing(result, source)
  }

  private static func recognize(_ weights: StateDict, _ source: String) -> Result<Architecture, ScaleNetError>
  {
    do throws(ScaleNetError) {
      return .success(try Architecture.recognize(weights, source: source))
    } catch {
      return .failure(error)
    }
  }

  /// The part before the first point, if all names have the same and something follows it.
  private static func commonPart(_ weights: StateDict) -> String? {
    guard let first = weights.entries.first?.name, let dot = first.firstIndex(of: ".") else { return nil }
    let prefix = first[...dot]
    guard
      weights.entries.allSatisfy({
        $0.name.utf8.starts(with: prefix.utf8) && $0.name.utf8.count > prefix.utf8.count
      })
    else { return nil }
    return String(prefix.dropLast())
  }

  private static func renamed(_ weights: StateDict, _ rename: (String) -> String?) -> StateDict {
    var result = StateDict()
    for entry in weights.entries {
      if let name = rename(entry.name) { result.append(name, entry.tensor) }
    }
    result.notes = weights.notes
    result.facts = weights.facts
    for (name, found) in weights.others { if let name = rename(name) { result.others[name] = found } }
    return result
  }

  // MARK: Counters

  private static func isCounter(_ name: String) -> Bool {
    let bytes = name.utf8
    let last = bytes.lastIndex(of: UInt8(ascii: ".")).map { bytes.index(after: $0) } ?? bytes.startIndex
    return counters.contains(String(name[last...]))
  }

  /// The weights without what profilers and averagers count.
  private static func withoutCounters(_ weights: StateDict) -> StateDict {
    let names = weights.entries.map(\.name).filter(isCounter)
    guard let first = names.first, names.count < weights.count else { return weights }
    var result = renamed(weights) { isCounter($0) ? nil : $0 }
    let more = names.count > 1 ? " and \(names.count - 1) more" : ""
    result.notes.append("Left out, as a counter and no weight: '\(first.escapedForMessage)'\(more).")
    return result
  }

  // MARK: A prefix that is asked for

  private static func chosen(
    _ weights: StateDict, prefix: String, source: String
  ) throws(ScaleNetError) -> StateDict {
    let prefix = prefix.hasSuffix(".") ? prefix : prefix + "."
    var result = renamed(weights) { name in
      name.utf8.starts(with: prefix.utf8) && name.utf8.count > prefix.utf8.count
        ? String(decoding: name.utf8.dropFirst(prefix.utf8.count), as: UTF8.self) : nil
    }
    guard result.count > 0 else {
      var known: [String] = []
      for name in weights.names {
        let part = name.split(separator: ".", maxSplits: 1)[0] + "."
        if name.contains("."), !known.contains(String(part)), known.count < 10 { known.append(String(part)) }
      }
      throw .invalidOption(
        "prefix",
        expected: "what names in \(source.escapedForMessage) begin with: "
          + known.map { "'\($0.escapedForMessage)'" }.joined(separator: ", "),
        found: "'\(prefix.escapedForMessage)'")
    }
    let rest = weights.count - result.count
    result.notes.append(
      "The prefix '\(prefix.escapedForMessage)' was removed from \(result.count) names"
        + (rest > 0 ? "; \(rest) tensors without it were left out." : "."))
    return result
  }

  // MARK: Why there is no network

  /// The error for weights that no network has: which part of them is one, or which network is nearest.
  private static func nothing(_ weights: StateDict, _ source: String) -> Result<Architecture, ScaleNetError> {
    let parts = networks(in: weights)
    if let first = parts.first {
      let list = parts.prefix(4).map { "a \($0.name) under '\($0.prefix.escapedForMessage)'" }
      return .failure(
        .unrecognized(
          source: source, expected: "the weights of one network", found: list.joined(separator: ", ")
        ).advising(.choosePrefix(example: first.prefix)))
    }
    if let near = NearestArchitecture(weights) {
      return .failure(.unrecognized(source: source, title: near.title, problems: near.problems))
    }
    return recognize(weights, source)
  }

  /// The prefixes under which networks stand that are known.
  private static func networks(in weights: StateDict) -> [(prefix: String, name: String)] {
    var result: [(prefix: String, name: String)] = []
    for depth in 1...3 {
      var groups: [String: StateDict] = [:]
      var order: [String] = []
      for entry in weights.entries {
        let parts = entry.name.split(separator: ".", maxSplits: depth, omittingEmptySubsequences: false)
        guard parts.count == depth + 1 else { continue }
        let prefix = parts[..<depth].joined(separator: ".") + "."
        if groups[prefix] == nil { order.append(prefix) }
        groups[prefix, default: StateDict()].append(String(parts[depth]), entry.tensor)
        // A network of very many parts is none of these.
        guard order.count <= 64 else { return result }
      }
      for prefix in order where !result.contains(where: { prefix.hasPrefix($0.prefix) }) {
        guard let group = groups[prefix], case .success(let found) = recognize(group, "") else { continue }
        result.append((prefix, found.displayName))
      }
    }
    return result
  }
}
