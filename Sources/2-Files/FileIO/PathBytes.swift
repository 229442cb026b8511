import Glibc

// Safe: C strings end in the NUL that is put there, and live as long as the call that they are made for; those of the
// system are copied.

/// Paths are bytes, and need not be UTF-8. A byte that is part of none stands in a `String` as the scalar U+10F700 plus
/// the byte, of a private use area, and becomes the byte again where the system is called. Text that holds such scalars
/// by itself keeps its meaning, as their own bytes are told apart in the same way.
extension String {
  private static let firstEscape: UInt32 = 0x10_f780
  private static let lastEscape: UInt32 = 0x10_f7ff

  /// The text that stands for a path of these bytes, without a final NUL.
  public init(pathBytes bytes: [UInt8]) {
    if let plain = String(validating: bytes, as: UTF8.self), !plain.hasEscapedBytes {
      self = plain
      return
    }
    var text = String.UnicodeScalarView()
    var position = 0
    while position < bytes.count {
      var parser = Unicode.UTF8.ForwardParser()
      var rest = bytes[position...].makeIterator()
      if case .valid(let encoded) = parser.parseScalar(from: &rest) {
        let scalar = Unicode.UTF8.decode(encoded)
        if Self.escapedByte(scalar) == nil {
          text.append(scalar)
          position += encoded.count
          continue
        }
      }
      // A byte below 0x80 is always a scalar.
      text.append(Unicode.Scalar(0x10_f700 + UInt32(bytes[position]))!)
      position += 1
    }
    self = String(text)
  }

  /// The bytes of the path that the text stands for, without a final NUL.
  public var pathBytes: [UInt8] {
    guard hasEscapedBytes else { return Array(utf8) }
    var bytes: [UInt8] = []
    for scalar in unicodeScalars {
      if let byte = Self.escapedByte(scalar) { bytes.append(byte) } else { bytes += UTF8.encode(scalar)! }
    }
    return bytes
  }

  /// The text for readers that take no other than UTF-8: U+FFFD in place of each byte that is none.
  package var displayedPath: String {
    guard hasEscapedBytes else { return self }
    return String(
      String.UnicodeScalarView(unicodeScalars.map { Self.escapedByte($0) == nil ? $0 : "\u{fffd}" }))
  }

  /// Whether a path's bytes are not all UTF-8.
  package var hasEscapedBytes: Bool {
    // All escapes begin with these two bytes; a search for them costs little.
    var previous: UInt8 = 0
    for byte in utf8 {
      if previous == 0xf4, byte == 0x8f { return unicodeScalars.contains { Self.escapedByte($0) != nil } }
      previous = byte
    }
    return false
  }

  /// The byte that a scalar stands for in the text of a path.
  static func escapedByte(_ scalar: Unicode.Scalar) -> UInt8? {
    (firstEscape...lastEscape).contains(scalar.value) ? UInt8(scalar.value - 0x10_f700) : nil
  }

  /// Calls `body` with the path as the system takes it.
  @unsafe package func withPath<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
    guard hasEscapedBytes else { return unsafe withCString { unsafe body($0) } }
    let bytes = pathBytes.map { CChar(bitPattern: $0) } + [0]
    return unsafe bytes.withUnsafeBufferPointer { unsafe body($0.baseAddress!) }
  }

  /// The path that the system gave.
  @unsafe package init(systemPath: UnsafePointer<CChar>) {
    unsafe self.init(
      pathBytes: Array(UnsafeRawBufferPointer(start: systemPath, count: strlen(systemPath))))
  }

  /// The directory of a path with its final slash, "./" where there is none, and the last component.
  package var splitPath: (directory: String, name: String) {
    guard let slash = utf8.lastIndex(of: UInt8(ascii: "/")) else { return ("./", self) }
    let behind = utf8.index(after: slash)
    return (String(self[..<behind]), String(self[behind...]))
  }
}
