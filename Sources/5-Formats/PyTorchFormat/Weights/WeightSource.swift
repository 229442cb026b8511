import FileIO

/// Where named weights stand in a pickle: a dictionary of them, or the object of a network that holds them as attributes.
enum WeightSource {
  /// The container of keys and values.
  case dictionary(Int)
  /// A network, as `torch.save(model)` and TorchScript keep it.
  case module(Int)

  /// Nil if a value is neither.
  init?(_ value: PickleValue, in arena: PickleArena) {
    if case .object(let index) = value, ModuleTree.isModule(index, in: arena) {
      self = .module(index)
    } else if let index = arena.dictionary(value) {
      self = .dictionary(index)
    } else {
      return nil
    }
  }

  /// Whether weights are there: some tensors, or a network.
  func holdsWeights(_ arena: PickleArena) -> Bool {
    switch self {
    case .dictionary(let index): arena.pairs(index).contains { $0.value.isTensor }
    case .module: true
    }
  }
}

extension PickleValue {
  var isTensor: Bool { if case .tensor = self { true } else { false } }
}

/// Finds the weights among what a checkpoint holds beside them.
struct WeightSearch {
  /// Where training scripts keep the weights, in the order of the search: PyTorch's own examples, torchvision, timm,
  /// Lightning, fvcore, BasicSR and others.
  static let usualKeys = [
    "state_dict", "model_state_dict", "model_state", "model", "net", "network", "module", "weights", "params",
  ]
  /// Where they keep moving averages of the weights.
  static let averageKeys = [
    "state_dict_ema", "model_ema", "ema_state_dict", "model_ema_state_dict", "ema_model", "ema", "params_ema",
  ]
  /// Usual keys stand within each other at most so deep.
  private static let mostLevels = 3

  let arena: PickleArena
  let path: String
  /// What was looked through without finding weights. A hostile file may have the same in very many places.
  private var seen: Set<Place> = []

  /// A dictionary or an object in the arena.
  private enum Place: Hashable {
    case dictionary(Int)
    case object(Int)
  }

  init(arena: PickleArena, path: String) {
    self.arena = arena
    self.path = path
  }

  /// The weights that a search finds, and the keys that lead to them.
  struct Finding {
    var source: WeightSource
    var keys: [String]
  }

  /// The weights in a value: itself, or what stands under usual keys, or the only dictionary of tensors in it.
  mutating func weights(in value: PickleValue) -> Finding? {
    seen = []
    return weights(in: value, level: 0)
  }

  private mutating func weights(in value: PickleValue, level: Int) -> Finding? {
    guard isNew(value), let source = WeightSource(value, in: arena) else { return nil }
    guard case .dictionary(let index) = source else { return Finding(source: source, keys: []) }
    let pairs = arena.pairs(index)
    let tensorCount = pairs.count { $0.value.isTensor }
    if tensorCount == pairs.count, tensorCount > 0 { return Finding(source: source, keys: []) }
    if level < Self.mostLevels {
      for key in Self.usualKeys + (tensorCount == 0 ? Self.averageKeys : []) {
        guard let nested = pairs.last(where: { arena.isText($0.key, key) })?.value,
          var finding = weights(in: nested, level: level + 1)
        else { continue }
        finding.keys.insert(key, at: 0)
        return finding
      }
    }
    // Mostly weights: what is none among them is said.
    if tensorCount > 0 { return Finding(source: source, keys: []) }
    return onlyDictionary(pairs)
  }

  /// The only entry that is a dictionary of tensors by name, whatever its key.
  private mutating func onlyDictionary(_ pairs: [(key: PickleValue, value: PickleValue)]) -> Finding? {
    var found: Finding?
    for pair in pairs {
      guard case .text(let slice) = pair.key, isNew(pair.value), let key = arena.string(slice),
        let source = WeightSource(pair.value, in: arena)
      else { continue }
      if case .dictionary(let index) = source {
        let inner = arena.pairs(index)
        guard inner.contains(where: { $0.value.isTensor }),
          inner.allSatisfy({ if case .text = $0.key { true } else { false } })
        else { continue }
      }
      if found != nil { return nil }
      found = Finding(source: source, keys: [key])
    }
    return found
  }

  /// Whether a value is a dictionary or an object that was not looked at before.
  private mutating func isNew(_ value: PickleValue) -> Bool {
    switch value {
    case .dictionary(let index): seen.insert(.dictionary(index)).inserted
    case .object(let index): seen.insert(.object(index)).inserted
    case .none, .bool, .integer, .longInteger, .real, .text, .global, .opaque, .tuple, .list, .set, .storage,
      .tensor:
      false
    }
  }

  /// What stands under a key of one level, or under keys with points between them.
  func value(_ root: PickleValue, under key: String) throws(ScaleNetError) -> PickleValue {
    var value = root
    var rest = key.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    while !rest.isEmpty {
      let pairs = entries(of: value)
      // Keys may have points themselves, so the longest that is there counts.
      let count = (1...rest.count).reversed().first { count in
        let text = rest[..<count].joined(separator: ".")
        return pairs.contains { arena.isText($0.key, text) }
      }
      guard let count,
        let next = pairs.last(where: { arena.isText($0.key, rest[..<count].joined(separator: ".")) })
      else {
        throw .noStateDict(
          path: path, expected: "an entry '\(rest.joined(separator: ".").escapedForMessage)'",
          found: arena.list(pairs))
      }
      value = next.value
      rest.removeFirst(count)
    }
    return value
  }

  /// The entries of a dictionary, and the attributes of an object.
  private func entries(of value: PickleValue) -> [(key: PickleValue, value: PickleValue)] {
    var pairs = arena.dictionary(value).map(arena.pairs) ?? []
    if case .object(let index) = value, let attributes = arena.attributes(index) {
      pairs += arena.pairs(attributes)
    }
    return pairs
  }

  /// The keys under which moving averages of the weights stand beside them.
  mutating func averages(in root: PickleValue) -> [String] {
    guard let index = arena.dictionary(root) else { return [] }
    let pairs = arena.pairs(index)
    var keys: [String] = []
    for key in Self.averageKeys {
      guard let value = pairs.last(where: { arena.isText($0.key, key) })?.value,
        let finding = weights(in: value), finding.source.holdsWeights(arena)
      else { continue }
      keys.append(key)
    }
    return keys
  }
}

extension PickleArena {
  /// The keys, each with what it holds; at most 20.
  func list(_ pairs: [(key: PickleValue, value: PickleValue)]) -> [String] {
    guard !pairs.isEmpty else { return ["an empty dictionary"] }
    var found = pairs.prefix(20).map { pair in
      var name = describe(pair.key)
      if case .text(let slice) = pair.key, let text = string(slice) { name = "'\(text.escapedForMessage)'" }
      return name + ": " + describe(pair.value)
    }
    if pairs.count > 20 { found.append("and \(pairs.count - 20) more") }
    return found
  }
}
