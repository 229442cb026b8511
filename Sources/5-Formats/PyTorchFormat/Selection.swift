import FileIO
import ModelIR
import ZipArchive

/// The dictionary of a checkpoint that holds the weights.
struct Selection {
  struct Entry {
    var name: String
    let tensor: PickleArena.Tensor
  }

  /// Where training scripts keep the weights beside other things, in the order of the search.
  static let usualKeys = ["state_dict", "model_state_dict", "model", "net"]
  private static let dataParallelPrefix = "module."

  private(set) var entries: [Entry] = []
  private(set) var notes: [String] = []

  /// Finds the weights: under `key` if it is given, else at the top or under one of the usual keys.
  init(_ arena: PickleArena, root: PickleValue, key: String?, path: String) throws(ScaleNetError) {
    guard case .dictionary(let top) = root else {
      throw .noStateDict(
        path: path, expected: "a dictionary of tensors (a state_dict)", found: [arena.describe(root)])
    }
    let (dictionary, source) = try Self.choose(arena, top: top, key: key, path: path)
    if let source { notes.append("The weights were read from the entry '\(source.escapedForMessage)'.") }
    for pair in arena.pairs(dictionary) {
      entries.append(try Self.entry(arena, pair.key, pair.value, path: path))
    }
    let prefix = Self.dataParallelPrefix
    if !entries.isEmpty, entries.allSatisfy({ $0.name.utf8.starts(with: prefix.utf8) }) {
      for index in entries.indices {
        entries[index].name = String(
          decoding: entries[index].name.utf8.dropFirst(prefix.utf8.count), as: UTF8.self)
      }
      notes.append("The prefix '\(prefix)' was removed from all names.")
    }
  }

  private static func choose(
    _ arena: PickleArena, top: Int, key: String?, path: String
  ) throws(ScaleNetError) -> (dictionary: Int, source: String?) {
    let pairs = arena.pairs(top)
    func nested(_ key: String) -> PickleValue? { pairs.last { arena.isText($0.key, key) }?.value }
    if let key {
      guard let value = nested(key) else {
        throw .noStateDict(
          path: path, expected: "an entry '\(key.escapedForMessage)'", found: list(arena, pairs))
      }
      guard case .dictionary(let index) = value else {
        throw .noStateDict(
          path: path, expected: "a dictionary of tensors under '\(key.escapedForMessage)'",
          found: [arena.describe(value)])
      }
      return (index, key)
    }
    let tensorCount = pairs.count { isTensor($0.value) }
    if tensorCount == pairs.count, tensorCount > 0 { return (top, nil) }
    for key in usualKeys {
      guard case .dictionary(let index) = nested(key) else { continue }
      if arena.pairs(index).contains(where: { isTensor($0.value) }) { return (index, key) }
    }
    // Mostly weights: the entry that is none is then an error that names it.
    if tensorCount > 0 { return (top, nil) }
    throw .noStateDict(
      path: path,
      expected: "a dictionary of tensors at the top or under "
        + usualKeys.map { "'\($0)'" }.joined(separator: ", "),
      found: list(arena, pairs))
  }

  private static func isTensor(_ value: PickleValue) -> Bool {
    if case .tensor = value { true } else { false }
  }

  /// The keys, each with what it holds; at most 20.
  private static func list(
    _ arena: PickleArena, _ pairs: [(key: PickleValue, value: PickleValue)]
  ) -> [String] {
    guard !pairs.isEmpty else { return ["an empty dictionary"] }
    var found = pairs.prefix(20).map { pair in
      var name = arena.describe(pair.key)
      if case .text(let slice) = pair.key, let text = arena.string(slice) {
        name = "'\(text.escapedForMessage)'"
      }
      return name + ": " + arena.describe(pair.value)
    }
    if pairs.count > 20 { found.append("and \(pairs.count - 20) more") }
    return found
  }

  private static func entry(
    _ arena: PickleArena, _ key: PickleValue, _ value: PickleValue, path: String
  ) throws(ScaleNetError) -> Entry {
    guard case .text(let slice) = key, let name = arena.string(slice) else {
      throw .wrongEntry(
        path: path, key: arena.describe(key), expected: "a name in UTF-8", found: arena.describe(key))
    }
    guard case .tensor(let index) = value else {
      throw .wrongEntry(path: path, key: name, expected: "a tensor", found: arena.describe(value))
    }
    switch arena.tensors[index] {
    case .dense(let tensor): return Entry(name: name, tensor: tensor)
    case .unsupported(let kind):
      throw .tensor(path: path, name: name, expected: "a dense tensor of numbers", found: "a \(kind) tensor")
    }
  }
}
