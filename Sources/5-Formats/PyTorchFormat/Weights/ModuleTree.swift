import FileIO

/// Reads the parameters and buffers of a network that was pickled as an object, in the order and with the names of its
/// `state_dict()`: of each module first its parameters, then its buffers, then its parts.
///
/// Source: `Module._save_to_state_dict` of `torch/nn/modules/module.py`. A class that gives its own state_dict another
/// form is not followed.
struct ModuleTree {
  /// Deeper than any network's modules.
  private static let mostLevels = 100
  /// Longer than any name of a weight.
  private static let longestName = 4_096

  private let arena: PickleArena
  private let path: String
  private var classes: ScriptClasses?
  private(set) var entries: [(name: String, value: PickleValue)] = []
  /// What the network is, for a note.
  private(set) var origin = ""
  /// How many attributes are still looked at: modules may stand in several places, and within each other in a hostile
  /// file, so that all paths to them could be very many.
  private var budget = Unpickler.valueLimit

  init(arena: PickleArena, path: String, classes: ScriptClasses?) {
    self.arena = arena
    self.path = path
    self.classes = classes
  }

  /// Whether an object has the parts of a PyTorch module, or is of a class of TorchScript.
  static func isModule(_ object: Int, in arena: PickleArena) -> Bool {
    guard let attributes = arena.attributes(object) else { return false }
    if ScriptClasses.isScript(arena.objects[object].name) { return true }
    let pairs = arena.pairs(attributes)
    return ["_parameters", "_modules"].allSatisfy { name in pairs.contains { arena.isText($0.key, name) } }
  }

  /// Reads the network.
  mutating func read(_ object: Int) throws(ScaleNetError) {
    let name = arena.objects[object].name
    origin =
      ScriptClasses.isScript(name)
      ? "the TorchScript program '\(name.escapedForMessage)'"
      : "the pickled network '\(name.escapedForMessage)'"
    try read(object, prefix: "", level: 0)
  }

  private mutating func read(_ object: Int, prefix: String, level: Int) throws(ScaleNetError) {
    guard level < Self.mostLevels else {
      throw failure(prefix, "modules at most \(Self.mostLevels) levels deep", "more")
    }
    guard let attributes = arena.attributes(object) else {
      throw failure(prefix, "the attributes of a module", "none")
    }
    let pairs = try pairs(attributes, prefix)
    if ScriptClasses.isScript(arena.objects[object].name) {
      return try readScript(object, pairs, prefix: prefix, level: level)
    }
    func part(_ name: String) -> PickleValue? { pairs.last { $0.name == name }?.value }
    var transient: Set<String> = []
    if case .set(let names)? = part("_non_persistent_buffers_set") {
      for case .text(let slice) in arena.containers[names] {
        if let name = arena.string(slice) { transient.insert(name) }
      }
    }
    for kind in ["_parameters", "_buffers"] {
      for (name, value) in try members(part(kind), prefix) {
        // A parameter or buffer that is None is not there.
        if case .none = value { continue }
        if kind == "_buffers", transient.contains(name) { continue }
        entries.append((prefix + name, value))
      }
    }
    for (name, value) in try members(part("_modules"), prefix) {
      if case .none = value { continue }
      guard case .object(let part) = value else {
        throw failure(prefix + name, "a module", arena.describe(value))
      }
      budget -= arena.attributes(part).map { arena.containers[$0].count } ?? 0
      // What is no module has no weights that could be read, and its name says so where they are missed.
      guard Self.isModule(part, in: arena) else {
        entries.append((prefix + name, value))
        continue
      }
      try read(part, prefix: prefix + name + ".", level: level + 1)
    }
  }

  /// A module of TorchScript: its class says which of its attributes are parameters and buffers.
  private mutating func readScript(
    _ object: Int, _ pairs: [(name: String, value: PickleValue)], prefix: String, level: Int
  ) throws(ScaleNetError) {
    let name = arena.objects[object].name
    guard let members = try classes?.members(of: name) else {
      throw failure(prefix, "the class '\(name.escapedForMessage)' in the program", "none of that name")
    }
    var values: [String: PickleValue] = [:]
    for pair in pairs { values[pair.name] = pair.value }
    for member in members {
      guard let value = values[member] else {
        throw failure(prefix, "the attribute '\(member.escapedForMessage)'", "none")
      }
      if case .none = value { continue }
      entries.append((prefix + member, value))
    }
    for (name, value) in pairs {
      guard case .object(let part) = value, ScriptClasses.isScript(arena.objects[part].name),
        arena.attributes(part) != nil
      else { continue }
      try read(part, prefix: prefix + name + ".", level: level + 1)
    }
  }

  private mutating func members(
    _ value: PickleValue?, _ prefix: String
  ) throws(ScaleNetError) -> [(name: String, value: PickleValue)] {
    guard let value, let index = arena.dictionary(value) else { return [] }
    return try pairs(index, prefix)
  }

  /// The entries of a dictionary, by names that are not longer than they may be.
  private mutating func pairs(
    _ dictionary: Int, _ prefix: String
  ) throws(ScaleNetError) -> [(name: String, value: PickleValue)] {
    let pairs = arena.pairs(dictionary)
    budget -= pairs.count + 1
    guard budget >= 0 else {
      throw failure(prefix, "at most \(Unpickler.valueLimit) attributes in all modules", "more")
    }
    var result: [(name: String, value: PickleValue)] = []
    for pair in pairs {
      guard case .text(let slice) = pair.key, slice.count + prefix.utf8.count <= Self.longestName,
        let name = arena.string(slice)
      else { throw failure(prefix, "names of at most \(Self.longestName) bytes", arena.describe(pair.key)) }
      result.append((name, pair.value))
    }
    return result
  }

  private func failure(_ place: String, _ expected: String, _ found: String) -> ScaleNetError {
    .module(path: path, name: place, expected: expected, found: found)
  }
}
