import FileIO

/// Collects what a checkpoint says beside its tensors, as far as it is plain: texts, numbers, booleans and short lists of
/// numbers in dictionaries and in attributes of objects, by dotted keys such as `args.arch`.
struct Facts {
  /// As many, as deep and as long as anyone would read.
  private static let mostFacts = 1_000
  private static let mostLevels = 4
  private static let longestText = 256
  private static let longestList = 8

  private let arena: PickleArena
  private(set) var values: [String: String] = [:]
  /// How many entries are still looked at.
  private var budget = 20_000

  init(_ arena: PickleArena, root: PickleValue) {
    self.arena = arena
    collect(root, prefix: "", level: 0)
  }

  private mutating func collect(_ value: PickleValue, prefix: String, level: Int) {
    guard level < Self.mostLevels else { return }
    for container in containers(of: value) {
      for pair in arena.pairs(container) {
        budget -= 1
        guard budget >= 0, values.count < Self.mostFacts else { return }
        // Most entries are weights.
        if case .tensor = pair.value { continue }
        guard case .text(let slice) = pair.key, slice.count + prefix.utf8.count <= Self.longestText,
          let key = arena.string(slice)
        else { continue }
        if let text = text(pair.value) {
          values[prefix + key] = text
        } else {
          collect(pair.value, prefix: prefix + key + ".", level: level + 1)
        }
      }
    }
  }

  /// The dictionaries of a value: its own entries, and its attributes.
  private mutating func containers(of value: PickleValue) -> [Int] {
    var result = arena.dictionary(value).map { [$0] } ?? []
    if case .object(let index) = value, let attributes = arena.attributes(index) {
      // A look at all of them has its price, whatever they are.
      budget -= arena.containers[attributes].count
      // A network's attributes are no settings.
      if budget >= 0, !ModuleTree.isModule(index, in: arena) { result.append(attributes) }
    }
    return result
  }

  /// A plain value as text; nil for any other.
  private func text(_ value: PickleValue) -> String? {
    switch value {
    case .bool(let value): value ? "True" : "False"
    case .integer(let value): "\(value)"
    case .real(let value): "\(value)"
    case .text(let slice): slice.count <= Self.longestText ? arena.string(slice) : nil
    case .list(let index), .tuple(let index): list(arena.containers[index])
    case .none, .longInteger, .global, .opaque, .object, .dictionary, .set, .storage, .tensor: nil
    }
  }

  /// A few numbers as `[0.5, 0.5, 0.5]`.
  private func list(_ items: [PickleValue]) -> String? {
    guard !items.isEmpty, items.count <= Self.longestList else { return nil }
    var texts: [String] = []
    for item in items {
      switch item {
      case .integer(let value): texts.append("\(value)")
      case .real(let value): texts.append("\(value)")
      default: return nil
      }
    }
    return "[" + texts.joined(separator: ", ") + "]"
  }
}
