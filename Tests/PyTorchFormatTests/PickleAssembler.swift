import FileIO
import TestSupport

/// Pickles put together opcode by opcode, and checkpoints around them.
enum Pickle {
  static let proto: [UInt8] = [0x80, 2]
  static let stop: [UInt8] = [0x2e]
  static let reduce: [UInt8] = [0x52]
  static let mark: [UInt8] = [0x28]
  static let emptyTuple: [UInt8] = [0x29]
  static let emptyList: [UInt8] = [0x5d]
  static let emptyDictionary: [UInt8] = [0x7d]
  static let setItem: [UInt8] = [0x73]
  static let append: [UInt8] = [0x61]
  static let build: [UInt8] = [0x62]
  static let newObject: [UInt8] = [0x81]
  static let none: [UInt8] = [0x4e]
  static let persistent: [UInt8] = [0x51]

  static func little<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
    (0..<MemoryLayout<Value>.size).map { UInt8(truncatingIfNeeded: value >> Value(8 * $0)) }
  }

  static func global(_ module: String, _ name: String) -> [UInt8] { Array("c\(module)\n\(name)\n".utf8) }

  static func text(_ text: String) -> [UInt8] {
    [0x58] + little(UInt32(text.utf8.count)) + Array(text.utf8)
  }

  static func integer(_ value: Int) -> [UInt8] { [0x8a, 8] + little(Int64(value)) }

  static func tuple(_ items: [UInt8]...) -> [UInt8] { mark + items.flatMap { $0 } + [0x74] }

  static func integers(_ values: [Int]) -> [UInt8] { mark + values.flatMap { integer($0) } + [0x74] }

  static func list(_ items: [[UInt8]]) -> [UInt8] { emptyList + mark + items.flatMap { $0 } + [0x65] }

  static func dictionary(_ items: [(String, [UInt8])]) -> [UInt8] {
    emptyDictionary + mark + items.flatMap { text($0.0) + $0.1 } + [0x75]
  }

  static func call(_ module: String, _ name: String, _ arguments: [UInt8]) -> [UInt8] {
    global(module, name) + arguments + reduce
  }

  /// The persistent id of a storage; in legacy files with a sixth item.
  static func storage(
    _ key: String = "0", _ type: String = "FloatStorage", count: Int = 4, legacyView: [UInt8]? = nil
  ) -> [UInt8] {
    let items = text("storage") + global("torch", type) + text(key) + text("cpu") + integer(count)
    return mark + items + (legacyView ?? []) + [0x74] + persistent
  }

  static func tensor(
    _ storage: [UInt8] = storage(), offset: Int = 0, size: [Int] = [4], _ strides: [Int] = [1]
  ) -> [UInt8] {
    call(
      "torch._utils", "_rebuild_tensor_v2",
      tuple(
        storage, integer(offset), integers(size), integers(strides), [0x89],
        call("collections", "OrderedDict", emptyTuple)))
  }

  /// A checkpoint with one tensor, and `before` executed and dropped into an unused entry first.
  static func stateDict(_ tensor: [UInt8] = tensor()) -> [UInt8] { dictionary([("w", tensor)]) }

  /// An archive around the pickle of `value`. Storage "0" holds four floats: 0, 1, 2 and 3.
  static func archive(
    _ value: [UInt8], storages: [(String, [UInt8])] = [("0", fourFloats)], isWhole: Bool = false,
    extra: [ZipAssembler.Entry] = []
  ) -> ByteRegion {
    let pickle = isWhole ? value : proto + value + stop
    var archive = ZipAssembler([ZipAssembler.Entry("archive/data.pkl", pickle)])
    archive.entries += storages.map { ZipAssembler.Entry("archive/data/" + $0.0, $0.1) } + extra
    return .copying(archive.bytes(), origin: "test.pth")
  }

  static let fourFloats = (0..<4).flatMap { little(Float($0).bitPattern) }
  static let magic: [UInt8] = [0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19]

  /// The pickles of a legacy file, each without its frame.
  static func legacyPickles(_ value: [UInt8], keys: [String] = ["0"]) -> [[UInt8]] {
    [magic, integer(1001), emptyDictionary, value, list(keys.map { text($0) })]
  }

  static func legacy(_ pickles: [[UInt8]], data: [UInt8] = little(4 as Int64) + fourFloats) -> ByteRegion {
    .copying(pickles.flatMap { proto + $0 + stop } + data, origin: "test.legacy.pth")
  }
}
