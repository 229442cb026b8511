import FileIO

/// Reads the fields of one structure of a file, one after the other, within its bytes.
struct Cursor {
  let file: HDF5File
  /// What is being read, for messages.
  let structure: String
  private(set) var position: Int
  let end: Int

  /// A cursor over `range`, which must lie within the file.
  init(
    _ file: HDF5File, _ structure: String, at position: Int, count: Int
  ) throws(ScaleNetError) {
    guard position >= 0, count >= 0, position <= file.region.count, count <= file.region.count - position
    else {
      throw .malformed(
        path: file.path, structure: structure, offset: position,
        expected: "\(count) bytes in a file of \(file.region.count)", found: "the end of the file")
    }
    self.file = file
    self.structure = structure
    self.position = position
    end = position + count
  }

  /// A cursor over everything from `position` to the end of the file.
  init(_ file: HDF5File, _ structure: String, at position: Int) throws(ScaleNetError) {
    try self.init(file, structure, at: position, count: max(0, file.region.count - position))
  }

  var remaining: Int { end - position }

  func failure(_ expected: String, _ found: some Any) -> ScaleNetError {
    .malformed(
      path: file.path, structure: structure, offset: position, expected: expected, found: "\(found)")
  }

  /// An unsigned integer of `size` bytes, 1 to 8.
  mutating func integer(size: Int) throws(ScaleNetError) -> UInt64 {
    let start = try take(size)
    return file.region.withBytes { bytes in
      var value: UInt64 = 0
      for index in 0..<size {
        value |=
          UInt64(bytes.byte(at: start + index))
          << (8 * UInt64(index))
      }
      return value
    }
  }

  mutating func byte() throws(ScaleNetError) -> Int { Int(try integer(size: 1)) }
  mutating func short() throws(ScaleNetError) -> Int { Int(try integer(size: 2)) }
  mutating func word() throws(ScaleNetError) -> Int { Int(try integer(size: 4)) }

  /// A size or count of 8 bytes.
  mutating func length() throws(ScaleNetError) -> Int {
    let value = try integer(size: 8)
    guard let length = Int(exactly: value) else { throw failure("a size below 2^63", value) }
    return length
  }

  /// An address; nil for the undefined one, whose bits are all set.
  mutating func address() throws(ScaleNetError) -> Int? {
    let value = try integer(size: 8)
    if value == .max { return nil }
    guard let address = Int(exactly: value) else { throw failure("an address in the file", value) }
    return address
  }

  /// An address that must be there.
  mutating func requiredAddress() throws(ScaleNetError) -> Int {
    guard let address = try address() else { throw failure("an address", "none") }
    return address
  }

  mutating func skip(_ count: Int) throws(ScaleNetError) {
    _ = try take(count)
  }

  /// The next bytes.
  mutating func bytes(_ count: Int) throws(ScaleNetError) -> [UInt8] {
    let start = try take(count)
    return file.bytes(start..<start + count)
  }

  /// The bytes up to the next NUL, which is skipped too.
  mutating func terminatedText() throws(ScaleNetError) -> String {
    var text: [UInt8] = []
    while true {
      let byte = try byte()
      if byte == 0 { break }
      text.append(UInt8(byte))
    }
    return try utf8(text)
  }

  /// Fails unless the next four bytes are `signature`.
  mutating func expect(_ signature: String) throws(ScaleNetError) {
    let start = position
    let found = try bytes(4)
    guard found == Array(signature.utf8) else {
      throw .malformed(
        path: file.path, structure: structure, offset: start, expected: "the signature \(signature)",
        found: String(decoding: found, as: UTF8.self))
    }
  }

  /// Fails unless the next byte is one of `versions`.
  @discardableResult
  mutating func version(_ versions: ClosedRange<Int>) throws(ScaleNetError) -> Int {
    let version = try byte()
    guard versions.contains(version) else {
      let range = versions.count == 1 ? "" : " to \(versions.upperBound)"
      throw failure("version \(versions.lowerBound)\(range)", "version \(version)")
    }
    return version
  }

  func utf8(_ bytes: [UInt8]) throws(ScaleNetError) -> String {
    guard let text = String(validating: bytes, as: UTF8.self) else { throw failure("UTF-8", "other bytes") }
    return text
  }

  private mutating func take(_ count: Int) throws(ScaleNetError) -> Int {
    guard count >= 0, count <= remaining else {
      throw failure("\(count) more bytes", "the end after \(remaining)")
    }
    defer { position += count }
    return position
  }
}
