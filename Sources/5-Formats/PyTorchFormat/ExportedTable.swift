import FileIO
import JSONText
import ModelIR
import ZipArchive

/// The table of an exported program's weights: an object `config` of objects by the weights' names.
struct ExportedTable {
  /// One weight.
  struct Entry {
    let name: String
    /// The member that holds it, within the folder of the weights.
    let file: String
    let content: Content
  }

  enum Content {
    /// A tensor of `torch.save`.
    case pickled
    /// Bytes, of which the tensor is a view: strides and offset are in elements.
    case raw(DataType, dimensions: [Int], strides: [Int], offset: Int)
  }

  /// What an entry says of a raw tensor, as far as it was read.
  private struct Meta {
    var type: Int?
    var dimensions: [Int]?
    var strides: [Int]?
    var offset = 0
    var layout: Int?
  }

  /// The numbers of `ScalarType` in the schema of exported programs.
  private static let types: [Int: DataType] = [
    1: .uint8, 2: .int8, 3: .int16, 4: .int32, 5: .int64, 6: .float16, 7: .float32, 8: .float64,
    10: .complex64,
    11: .complex128, 12: .bool, 13: .bfloat16, 28: .uint16, 34: .uint32, 35: .uint64,
  ]
  /// The number of the dense layout (`Layout.Strided`).
  private static let dense = 7
  private static let mostAxes = 64

  private var cursor: JSONCursor

  /// All weights, in the table's order. Names differ, as keys of JSON must.
  static func entries(_ file: ByteRegion, path: String, member: String) throws(ScaleNetError) -> [Entry] {
    try file.withBytes { (bytes) throws(ScaleNetError) in
      var table = ExportedTable(cursor: JSONCursor(0..<bytes.byteCount, longestString: 4_096))
      do throws(ScaleNetError) {
        return try table.read(bytes)
      } catch {
        throw error.within(member.escapedForMessage).inFile(path)
      }
    }
  }

  private mutating func read(_ bytes: RawSpan) throws(ScaleNetError) -> [Entry] {
    var entries: [Entry] = []
    var keys: Set<String> = []
    try cursor.open("{", bytes)
    while let key = try cursor.key(&keys, bytes) {
      guard key == "config" else { throw unknown(key) }
      var names: Set<String> = []
      try cursor.open("{", bytes)
      while let name = try cursor.key(&names, bytes) {
        guard entries.count < 100_000 else { throw failure("at most 100000 weights", "more") }
        entries.append(try entry(name, bytes))
      }
    }
    try cursor.requireEnd(bytes)
    return entries
  }

  private mutating func entry(_ name: String, _ bytes: RawSpan) throws(ScaleNetError) -> Entry {
    var keys: Set<String> = []
    var file: String?
    var isPickled = false
    var meta: Meta?
    try cursor.open("{", bytes)
    while let key = try cursor.key(&keys, bytes) {
      switch key {
      case "path_name": file = try cursor.string(bytes)
      case "is_param": _ = try boolean(bytes)
      case "use_pickle": isPickled = try boolean(bytes)
      case "tensor_meta": meta = try self.meta(bytes)
      default: throw unknown(key)
      }
    }
    guard let file, !file.utf8.contains(UInt8(ascii: "/")) else {
      throw failure("the name of a member", "'\(file ?? "")'")
    }
    if isPickled { return Entry(name: name, file: file, content: .pickled) }
    guard let meta, let number = meta.type, let dimensions = meta.dimensions, let strides = meta.strides
    else {
      throw failure("type, sizes and strides of '\(name.escapedForMessage)'", "fewer")
    }
    guard let type = Self.types[number] else {
      throw failure("an element type that can be read for '\(name.escapedForMessage)'", "number \(number)")
    }
    guard meta.layout ?? Self.dense == Self.dense else {
      throw failure("a dense tensor for '\(name.escapedForMessage)'", "layout \(meta.layout ?? 0)")
    }
    return Entry(
      name: name, file: file,
      content: .raw(type, dimensions: dimensions, strides: strides, offset: meta.offset))
  }

  /// Nil for null.
  private mutating func meta(_ bytes: RawSpan) throws(ScaleNetError) -> Meta? {
    if cursor.peek(bytes) == UInt8(ascii: "n") {
      try cursor.require(word: "null", bytes)
      return nil
    }
    var keys: Set<String> = []
    var meta = Meta()
    try cursor.open("{", bytes)
    while let key = try cursor.key(&keys, bytes) {
      switch key {
      case "dtype": meta.type = try cursor.integer(bytes, expected: "the number of a type")
      case "sizes": meta.dimensions = try extents(bytes)
      case "strides": meta.strides = try extents(bytes)
      case "storage_offset": meta.offset = try extent(bytes)
      case "layout": meta.layout = try cursor.integer(bytes, expected: "the number of a layout")
      case "requires_grad": _ = try boolean(bytes)
      case "device": try skipDevice(bytes)
      default: throw unknown(key)
      }
    }
    return meta
  }

  private mutating func extents(_ bytes: RawSpan) throws(ScaleNetError) -> [Int] {
    var result: [Int] = []
    try cursor.open("[", bytes)
    while try cursor.element(isFirst: result.isEmpty, bytes) {
      guard result.count < Self.mostAxes else { throw failure("at most \(Self.mostAxes) axes", "more") }
      result.append(try extent(bytes))
    }
    return result
  }

  /// `{"as_int": 3}`; what is not known before the program runs is not of a weight.
  private mutating func extent(_ bytes: RawSpan) throws(ScaleNetError) -> Int {
    var keys: Set<String> = []
    var value: Int?
    try cursor.open("{", bytes)
    while let key = try cursor.key(&keys, bytes) {
      guard key == "as_int" else { throw unknown(key) }
      value = try cursor.integer(bytes, expected: "a whole number")
    }
    guard let value else { throw failure("a whole number", "none") }
    return value
  }

  /// `{"type": "cpu", "index": null}`: where a tensor was does not matter.
  private mutating func skipDevice(_ bytes: RawSpan) throws(ScaleNetError) {
    var keys: Set<String> = []
    try cursor.open("{", bytes)
    while let key = try cursor.key(&keys, bytes) {
      switch (key, cursor.peek(bytes)) {
      case ("type", _): _ = try cursor.string(bytes)
      case ("index", UInt8(ascii: "n")): try cursor.require(word: "null", bytes)
      case ("index", _): _ = try cursor.integer(bytes, expected: "a whole number")
      default: throw unknown(key)
      }
    }
  }

  private mutating func boolean(_ bytes: RawSpan) throws(ScaleNetError) -> Bool {
    let isTrue = cursor.peek(bytes) == UInt8(ascii: "t")
    try cursor.require(word: isTrue ? "true" : "false", bytes)
    return isTrue
  }

  private func unknown(_ key: String) -> ScaleNetError {
    failure("a key of an exported program's weights", "'\(key.escapedForMessage)'")
  }

  private func failure(_ expected: String, _ found: String) -> ScaleNetError {
    ScaleNetError(offset: cursor.position, expected: expected, found: found)
  }
}
