import FileIO
import ModelIR

/// The named tensors of a checkpoint that are its weights, and what stands among them that is no tensor.
struct Selection {
  struct Entry {
    var name: String
    let tensor: PickleArena.Tensor
  }

  private(set) var entries: [Entry] = []
  private(set) var notes: [String] = []
  /// What is no tensor, by name.
  private(set) var others: [(name: String, found: String)] = []
  private let path: String

  /// Finds the weights: under `key` if it is given, else at the top or under one of the usual keys.
  ///
  /// - Parameter classes: what an archive of TorchScript says of its classes.
  init(
    _ arena: PickleArena, root: PickleValue, key: String?, path: String, classes: ScriptClasses?
  ) throws(ScaleNetError) {
    self.path = path
    var search = WeightSearch(arena: arena, path: path)
    let finding = try Self.find(&search, root: root, key: key)
    let source = finding.keys.joined(separator: ".")
    if !source.isEmpty { notes.append("The weights were read from the entry '\(source.escapedForMessage)'.") }
    switch finding.source {
    case .dictionary(let index):
      for pair in arena.pairs(index) { try add(arena, pair.key, pair.value) }
    case .module(let object):
      var tree = ModuleTree(arena: arena, path: path, classes: classes)
      try tree.read(object)
      notes.append("The weights were read from \(tree.origin), of which nothing was run.")
      for entry in tree.entries { try add(arena, name: entry.name, entry.value) }
    }
    guard !entries.isEmpty else {
      throw .noStateDict(
        path: path, expected: "tensors\(source.isEmpty ? "" : " under '\(source.escapedForMessage)'")",
        found: others.isEmpty
          ? [Self.isModule(finding.source) ? "a network without any, as torch.jit.freeze leaves one" : "none"]
          : others.prefix(3).map { "'\($0.name.escapedForMessage)': \($0.found)" })
    }
    noteOthers()
    if key == nil { noteAverages(search.averages(in: root), source: source) }
  }

  private static func find(
    _ search: inout WeightSearch, root: PickleValue, key: String?
  ) throws(ScaleNetError) -> WeightSearch.Finding {
    let arena = search.arena
    guard let key else {
      if let finding = search.weights(in: root) { return finding }
      guard let top = arena.dictionary(root) else {
        throw .noStateDict(
          path: search.path, expected: "a dictionary of tensors (a state_dict) or a network",
          found: [arena.describe(root)])
      }
      throw .noStateDict(
        path: search.path,
        expected: "a dictionary of tensors at the top or under "
          + WeightSearch.usualKeys.prefix(5).map { "'\($0)'" }.joined(separator: ", ") + " or the like",
        found: arena.list(arena.pairs(top)))
    }
    let value = try search.value(root, under: key)
    guard var finding = search.weights(in: value) else {
      throw .noStateDict(
        path: search.path, expected: "a dictionary of tensors under '\(key.escapedForMessage)'",
        found: [arena.describe(value)])
    }
    finding.keys.insert(key, at: 0)
    return finding
  }

  private static func isModule(_ source: WeightSource) -> Bool {
    if case .module = source { true } else { false }
  }

  private mutating func add(_ arena: PickleArena, _ key: PickleValue, _ value: PickleValue)
    throws(ScaleNetError)
  {
    guard case .text(let slice) = key, let name = arena.string(slice) else {
      guard !value.isTensor else {
        throw .wrongEntry(
          path: path, key: arena.describe(key), expected: "a name in UTF-8", found: arena.describe(key))
      }
      others.append((arena.describe(key), arena.describe(value)))
      return
    }
    try add(arena, name: name, value)
  }

  private mutating func add(_ arena: PickleArena, name: String, _ value: PickleValue) throws(ScaleNetError) {
    guard case .tensor(let index) = value else {
      others.append((name, arena.describe(value)))
      return
    }
    switch arena.tensors[index] {
    case .dense(let tensor): entries.append(Entry(name: name, tensor: tensor))
    case .unsupported(let kind):
      throw .tensor(path: path, name: name, expected: "a dense tensor of numbers", found: "a \(kind) tensor")
    }
  }

  private mutating func noteOthers() {
    guard !others.isEmpty else { return }
    let shown = others.prefix(3).map { "'\($0.name.escapedForMessage)' (\($0.found))" }.joined(
      separator: ", ")
    let more = others.count > 3 ? " and \(others.count - 3) more" : ""
    notes.append("Left out of the weights, as no tensor: \(shown)\(more).")
  }

  private mutating func noteAverages(_ keys: [String], source: String) {
    let others = keys.filter { $0 != source && !source.hasPrefix($0 + ".") }
    guard !others.isEmpty else { return }
    notes.append(
      "Moving averages of the weights stand under "
        + others.map { "'\($0)'" }.joined(separator: " and ")
        + "; timm's loader prefers them. Give that key to read them instead.")
  }
}
