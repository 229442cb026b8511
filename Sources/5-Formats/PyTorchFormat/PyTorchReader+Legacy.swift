import FileIO

extension PyTorchReader {
  /// Reads the format of PyTorch 0.1.12 to 1.5: pickles of the magic number, the version 1001, the system, the object
  /// and the keys of its storages, then for each key the number of elements (int64) and the elements. All of it is
  /// little-endian, whatever machine wrote it.
  ///
  /// Format: `torch/serialization.py`, `_legacy_save` and `_legacy_load`.
  static func readLegacy(_ file: ByteRegion) throws(ScaleNetError) -> Checkpoint {
    let path = file.origin
    guard let first = file.withBytes({ $0.littleEndian(at: 0, as: UInt8.self) }),
      first == 0x80 || first == UInt8(ascii: "L")
    else {
      throw .notACheckpoint(path: path, found: beginning(of: file))
    }
    var position = 0
    func pickle() throws(ScaleNetError) -> (Unpickler, PickleValue) {
      var unpickler = Unpickler(file, at: position, path: path, member: "", container: .legacy)
      let value = try unpickler.run()
      unpickler.opcodeOffset = position
      position = unpickler.position
      return (unpickler, value)
    }
    let (start, magic) = try pickle()
    guard case .longInteger(let slice) = magic,
      [legacyMagic, legacyMagicText].contains(
        file.withBytes { $0.array(slice.offset..<slice.offset + slice.count) })
    else {
      throw start.malformed("the magic number of torch.save", magic)
    }
    let (second, version) = try pickle()
    guard case .integer(1001) = version else { throw second.malformed("format version 1001", version) }
    let (third, system) = try pickle()
    guard case .dictionary = system else { throw third.malformed("a dictionary of the system", system) }
    let (object, root) = try pickle()
    let (last, keys) = try pickle()
    guard case .list(let list) = keys else { throw last.malformed("the list of storage keys", keys) }
    let regions = try storageRegions(
      file, at: position, keys: last.arena.containers[list], of: last, arena: object.arena)
    return Checkpoint(
      path: path, arena: object.arena, root: root, isLittleEndian: true,
      regions: { (storages) throws(ScaleNetError) in storages.map { regions[$0] } }, fileSize: file.count)
  }

  /// The bytes of every storage of the arena: each key appears once, and the last storage ends the file.
  private static func storageRegions(
    _ file: ByteRegion, at start: Int, keys: [PickleValue], of unpickler: Unpickler, arena: PickleArena
  ) throws(ScaleNetError) -> [ByteRegion] {
    let path = file.origin
    var position = start
    var regions = [ByteRegion?](repeating: nil, count: arena.storages.count)
    for key in keys {
      guard case .text(let slice) = key, let name = unpickler.arena.string(slice),
        let index = arena.storageIndices[name], regions[index] == nil
      else {
        throw unpickler.malformed("the key of a storage, once", key)
      }
      let storage = arena.storages[index]
      func failure(_ expected: String, _ found: String) -> ScaleNetError {
        .storage(path: path, key: name, expected: expected + " at byte \(position)", found: found)
      }
      guard let count = file.withBytes({ $0.littleEndian(at: position, as: Int64.self) }) else {
        throw failure("a number of elements", "the end of the file")
      }
      guard count == Int64(storage.count) else {
        throw failure("\(storage.count) elements", "\(count)")
      }
      position += 8
      let (size, overflow) = storage.count.multipliedReportingOverflow(by: storage.type.byteCount)
      guard !overflow, size <= file.count - position else {
        throw failure(
          "\(storage.count) elements of \(storage.type.byteCount) bytes",
          "\(file.count - position) bytes until the end of the file")
      }
      regions[index] = file.slice(position..<position + size)
      position += size
    }
    guard position == file.count else {
      throw .malformedArchive(
        path: path, expected: "the end of the file at byte \(position), after the last storage",
        found: "\(file.count - position) more bytes")
    }
    var result: [ByteRegion] = []
    for (index, region) in regions.enumerated() {
      guard let region else {
        throw .storage(
          path: path, key: arena.storages[index].key, expected: "its elements in the file", found: "none")
      }
      result.append(region)
    }
    return result
  }

  /// The first bytes, for a message.
  private static func beginning(of file: ByteRegion) -> String {
    guard file.count > 0 else { return "an empty file" }
    let bytes = file.withBytes { bytes in bytes.array(0..<min(8, bytes.byteCount)) }
    let digits = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
    return "a file that begins with the bytes " + digits.joined(separator: " ")
  }
}
