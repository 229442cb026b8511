import FileIO
import ModelIR

/// What a file says of itself: the JSON text behind its own length, a little-endian number of 8 bytes.
///
/// Source: the format's description in the safetensors package's README, and its `tensor.rs`.
struct Header {
  /// What a tensor's header entry states.
  struct Entry {
    let name: String
    let dataType: DataType
    let shape: TensorShape
    /// Where its bytes begin and end, from the beginning of the data.
    let begin: Int
    let end: Int
  }

  /// The longest header, a limit of the format.
  static let sizeLimit = 100_000_000
  /// The most tensors, or strings of metadata, that are read: a limit on memory, as a header of the format's limit
  /// could name millions.
  static let entryLimit = 100_000
  /// The most axes of a tensor that are read, for the same reason.
  static let rankLimit = 64
  /// The key beside the tensors' names that holds metadata.
  static let metadataKey = "__metadata__"
  /// Bytes of the header's length.
  static let lengthSize = 8

  /// The text's place in the file. The data begin where it ends.
  let range: Range<Int>
  let metadata: [String: String]
  /// The tensors in the order of their data.
  let entries: [Entry]

  init(_ file: ByteRegion) throws(ScaleNetError) {
    let result = file.withBytes { bytes in
      Result { () throws(ScaleNetError) in try Header(bytes, path: file.origin) }
    }
    // If the file was shortened meanwhile, that is the error, whatever its bytes seemed to be.
    try file.checkIntact()
    self = try result.get()
  }

  private init(_ bytes: RawSpan, path: String) throws(ScaleNetError) {
    let range = try Self.range(bytes, path: path)
    var parser = HeaderParser(path: path, range: range)
    try parser.parse(bytes)
    let entries = parser.entries
    let order = entries.indices.sorted {
      (entries[$0].begin, entries[$0].end, $0) < (entries[$1].begin, entries[$1].end, $1)
    }
    self.range = range
    self.metadata = parser.metadata
    self.entries = order.map { entries[$0] }
    try checkLayout(size: bytes.byteCount - range.upperBound, path: path)
  }

  /// The header's length; nil if the file is shorter than that.
  static func length(_ bytes: RawSpan) -> UInt64? {
    bytes.littleEndian(at: 0)
  }

  private static func range(_ bytes: RawSpan, path: String) throws(ScaleNetError) -> Range<Int> {
    guard let length = length(bytes) else {
      throw .header(
        path: path, offset: 0, expected: "a length of \(lengthSize) bytes", found: "\(bytes.byteCount) bytes")
    }
    guard length <= sizeLimit else {
      throw .header(
        path: path, offset: 0, expected: "a header of at most \(sizeLimit) bytes", found: "one of \(length)")
    }
    let end = lengthSize + Int(length)
    guard end <= bytes.byteCount else {
      throw .header(
        path: path, offset: 0, expected: "a header within the file's \(bytes.byteCount) bytes",
        found: "one of \(length)")
    }
    return lengthSize..<end
  }

  /// Checks that the tensors' data fill `size` bytes without a hole or an overlap, each as its shape says.
  private func checkLayout(size: Int, path: String) throws(ScaleNetError) {
    var end = 0
    for entry in entries {
      func failure(_ expected: String, _ found: String) -> ScaleNetError {
        .tensor(path: path, name: entry.name, expected: expected, found: found)
      }
      guard entry.end <= size else {
        throw failure(
          "data within the \(size) bytes behind the header", "bytes \(entry.begin)..<\(entry.end)")
      }
      guard entry.begin == end else {
        throw failure("data from byte \(end) on, without a hole or an overlap", "byte \(entry.begin)")
      }
      let byteCount = entry.shape.elementCount * entry.dataType.byteCount
      guard entry.end - entry.begin == byteCount else {
        throw failure(
          "\(byteCount) bytes for \(entry.dataType.rawValue) elements of shape \(entry.shape)",
          "\(entry.end - entry.begin)")
      }
      end = entry.end
    }
    guard end == size else {
      throw .size(path: path, expected: "\(end) bytes of data behind the header", found: "\(size)")
    }
  }
}
