import FileIO
import ModelIR

/// What the header of an array file states.
struct ArrayHeader {
  var dataType: DataType
  var isLittleEndian: Bool
  /// Whether the first axis is the innermost.
  var isFortranOrder: Bool
  var dimensions: [Int]
}

/// Where the header lies in an array file: behind the magic bytes, the version and its own length.
///
/// Format: numpy's `numpy/lib/_format_impl.py`, versions 1.0, 2.0 and 3.0.
struct ArrayPreamble {
  static let magic: [UInt8] = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]
  /// What numpy itself takes at most without being told to.
  static let headerLimit = 10_000

  let header: Range<Int>

  init(_ bytes: RawSpan, path: String, member: String) throws(ScaleNetError) {
    let start = bytes.array(0..<min(8, bytes.byteCount))
    guard start.count == 8, start.starts(with: Self.magic) else {
      let digits = start.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
      throw .notAnArray(
        path: path, member: member, found: start.isEmpty ? "no bytes" : "the bytes \(digits)")
    }
    let (major, minor) = (start[6], start[7])
    guard (1...3).contains(major), minor == 0 else {
      throw .header(
        path: path, member: member, offset: 6, expected: "version 1.0, 2.0 or 3.0", found: "\(major).\(minor)"
      )
    }
    let size: Int?
    let first: Int
    if major == 1 {
      first = 10
      size = bytes.littleEndian(at: 8, as: UInt16.self).map { Int($0) }
    } else {
      first = 12
      size = bytes.littleEndian(at: 8, as: UInt32.self).map { Int($0) }
    }
    guard let size, size <= bytes.byteCount - first else {
      throw .header(
        path: path, member: member, offset: 8, expected: "a header within \(bytes.byteCount) bytes",
        found: size.map { "one of \($0)" } ?? "the end")
    }
    guard size <= Self.headerLimit else {
      throw .header(
        path: path, member: member, offset: 8, expected: "a header of at most \(Self.headerLimit) bytes",
        found: "\(size)")
    }
    header = first..<first + size
  }
}
