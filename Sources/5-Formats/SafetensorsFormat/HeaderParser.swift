import FileIO
import ModelIR

/// Parses a header: an object of tensors, each an object of exactly `dtype`, `shape` and `data_offsets`, and of
/// metadata, an object of strings. A key that appears twice or is none of these is an error.
struct HeaderParser {
  private(set) var metadata: [String: String] = [:]
  private(set) var entries: [Header.Entry] = []

  private let path: String
  private var scanner: HeaderScanner

  init(path: String, range: Range<Int>) {
    self.path = path
    scanner = HeaderScanner(path: path, range: range)
  }

  /// Parses the whole header; `bytes` are the file's.
  mutating func parse(_ bytes: RawSpan) throws(ScaleNetError) {
    // The format wants the brace at the very beginning.
    try scanner.openHeader(bytes)
    var names: Set<String> = []
    var isFirst = true
    while let name = try scanner.key(isFirst: isFirst, bytes) {
      isFirst = false
      guard names.insert(name).inserted else { throw twice(name) }
      if name == Header.metadataKey {
        try parseMetadata(bytes)
        continue
      }
      guard entries.count < Header.entryLimit else {
        throw scanner.failure("at most \(Header.entryLimit) tensors", "more")
      }
      entries.append(try entry(name, bytes))
    }
    try scanner.requireEnd(bytes)
  }

  private mutating func parseMetadata(_ bytes: RawSpan) throws(ScaleNetError) {
    try scanner.open(bytes)
    var isFirst = true
    while let key = try scanner.key(isFirst: isFirst, bytes) {
      isFirst = false
      guard metadata.count < Header.entryLimit else {
        throw scanner.failure("at most \(Header.entryLimit) strings of metadata", "more")
      }
      guard metadata.updateValue(try scanner.string(bytes), forKey: key) == nil else { throw twice(key) }
    }
  }

  private mutating func entry(_ name: String, _ bytes: RawSpan) throws(ScaleNetError) -> Header.Entry {
    var type: String?
    var dimensions: [Int]?
    var offsets: [Int]?
    try scanner.open(bytes)
    var isFirst = true
    while let key = try scanner.key(isFirst: isFirst, bytes) {
      isFirst = false
      switch key {
      case "dtype" where type == nil:
        type = try scanner.string(bytes)
      case "shape" where dimensions == nil:
        dimensions = try scanner.wholeNumbers(
          "at most \(Header.rankLimit) axes", limit: Header.rankLimit, bytes)
      case "data_offsets" where offsets == nil:
        offsets = try scanner.wholeNumbers("a beginning and an end", limit: 2, bytes)
      default:
        throw scanner.failure("each of the keys dtype, shape and data_offsets once", "'\(key)'")
      }
    }
    guard let type, let dimensions, let offsets else {
      throw scanner.failure("the keys dtype, shape and data_offsets", "fewer")
    }
    return try entry(name, type: type, dimensions: dimensions, offsets: offsets)
  }

  private func entry(
    _ name: String, type: String, dimensions: [Int], offsets: [Int]
  ) throws(ScaleNetError) -> Header.Entry {
    func failure(_ expected: String, _ found: String) -> ScaleNetError {
      .tensor(path: path, name: name, expected: expected, found: found)
    }
    guard let dataType = ElementType.parse(type) else {
      throw failure("an element type of \(ElementType.list)", type)
    }
    guard let shape = TensorShape(checking: dimensions) else {
      throw failure("a shape whose extents can be multiplied", "\(dimensions)")
    }
    guard offsets.count == 2, offsets[0] <= offsets[1] else {
      throw failure("data_offsets of a beginning and an end not before it", "\(offsets)")
    }
    return Header.Entry(name: name, dataType: dataType, shape: shape, begin: offsets[0], end: offsets[1])
  }

  /// Swift compares texts as Unicode does, so two spellings of an accented letter are one name.
  private func twice(_ name: String) -> ScaleNetError {
    scanner.failure("keys that differ", "a second '\(name)'")
  }
}
