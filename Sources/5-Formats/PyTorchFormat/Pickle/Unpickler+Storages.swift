import FileIO

extension Unpickler {
  /// The storage of a persistent id, or in the legacy format a class. A storage is ("storage", class, key, location, number of elements), and in the legacy
  /// format a sixth item, None or the view (key, offset, number of elements). The location does not matter.
  mutating func persistentStorage(_ identifier: PickleValue) throws(ScaleNetError) -> PickleValue {
    guard case .tuple(let index) = identifier else {
      throw malformed("the persistent id of a storage", identifier)
    }
    let items = arena.containers[index]
    if let first = items.first, arena.isText(first, "module") {
      // Before PyTorch 1.6 classes of networks stood beside their source: ("module", class, file, source).
      guard items.count == 4, case .global = items[1] else {
        throw malformed("a class and its source", identifier)
      }
      return items[1]
    }
    guard items.count == (container == .archive ? 5 : 6), arena.isText(items[0], "storage") else {
      throw malformed("the persistent id of a storage", identifier)
    }
    guard case .global(.storage(let type)) = items[1] else { throw malformed("a storage class", items[1]) }
    let key = try storageKey(items[2])
    guard case .text = items[3] else { throw malformed("the location of a storage", items[3]) }
    guard case .integer(let count) = items[4], count >= 0 else {
      throw malformed("the number of elements of a storage", items[4])
    }
    let storage = try storage(PickleArena.Storage(key: key, type: type, count: count))
    let view = try container == .archive ? nil : view(items[5], count: count)
    try self.count()
    arena.views.append(
      PickleArena.StorageView(storage: storage, offset: view?.offset ?? 0, count: view?.count ?? count))
    return .storage(arena.views.count - 1)
  }

  /// A key as `torch.save` makes them: digits. It becomes part of a member's name.
  private func storageKey(_ value: PickleValue) throws(ScaleNetError) -> String {
    guard case .text(let slice) = value, let key = arena.string(slice), !key.isEmpty,
      key.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
    else {
      throw malformed("the key of a storage, a number", value)
    }
    return key
  }

  /// The index of the storage, which must be the same each time that its key appears.
  private mutating func storage(_ storage: PickleArena.Storage) throws(ScaleNetError) -> Int {
    guard let index = arena.storageIndices[storage.key] else {
      try count()
      arena.storages.append(storage)
      arena.storageIndices[storage.key] = arena.storages.count - 1
      return arena.storages.count - 1
    }
    let known = arena.storages[index]
    guard known.type == storage.type, known.count == storage.count else {
      throw malformed(
        "storage \(storage.key) as \(known.count) elements of \(known.type.name)",
        "\(storage.count) of \(storage.type.name)")
    }
    return index
  }

  private func view(
    _ value: PickleValue, count: Int
  ) throws(ScaleNetError) -> (offset: Int, count: Int)? {
    if case .none = value { return nil }
    guard case .tuple(let index) = value, arena.containers[index].count == 3,
      case .integer(let offset) = arena.containers[index][1],
      case .integer(let size) = arena.containers[index][2],
      offset >= 0, size >= 0, offset <= count, size <= count - offset
    else {
      throw malformed("None or a view within \(count) elements", value)
    }
    return (offset, size)
  }
}
