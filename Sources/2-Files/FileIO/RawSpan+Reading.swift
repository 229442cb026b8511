import Glibc

/// Bytes of a file as numbers, arrays and text: every read is compared with the bounds, so that those who parse touch no
/// memory by themselves.
// Safe: each read is checked against the bounds, and the bytes of a buffer are copied before it is left.
extension RawSpan {
  /// The byte at `offset`, which lies within the bounds; a trap if it does not.
  @inlinable package func byte(at offset: Int) -> UInt8 {
    unsafe unsafeLoad(fromByteOffset: offset, as: UInt8.self)
  }

  /// The little-endian integer at `offset`, or nil if it does not lie within the bytes.
  @inlinable package func littleEndian<Value: FixedWidthInteger & BitwiseCopyable>(
    at offset: Int, as type: Value.Type = Value.self
  ) -> Value? {
    guard offset >= 0, offset <= byteCount, byteCount - offset >= MemoryLayout<Value>.size else {
      return nil
    }
    return Value(littleEndian: unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: Value.self))
  }

  /// The bytes as an array.
  @inlinable package func array() -> [UInt8] {
    unsafe withUnsafeBytes { unsafe [UInt8]($0) }
  }

  /// The bytes of `range` as an array; `range` lies within the bytes.
  @inlinable package func array(_ range: Range<Int>) -> [UInt8] {
    extracting(range).array()
  }

  /// Appends the bytes to an array.
  @inlinable package func append(to array: inout [UInt8]) {
    unsafe withUnsafeBytes { unsafe array.append(contentsOf: $0) }
  }

  /// The bytes as text, or nil if they are not UTF-8.
  package func text() -> String? {
    unsafe withUnsafeBytes { unsafe String(validating: $0, as: UTF8.self) }
  }

  /// The bytes as text, with U+FFFD in place of what is not UTF-8.
  package func repairedText() -> String {
    unsafe withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
  }

  /// Whether both hold the same bytes.
  package func hasSameBytes(as other: RawSpan) -> Bool {
    guard byteCount == other.byteCount, byteCount > 0 else { return byteCount == other.byteCount }
    return unsafe withUnsafeBytes { left in
      unsafe other.withUnsafeBytes { right in
        unsafe memcmp(left.baseAddress!, right.baseAddress!, left.count) == 0
      }
    }
  }

  /// Adds the bytes to a hash.
  package func hash(into hasher: inout Hasher) {
    unsafe withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
  }
}

extension [UInt8] {
  /// Calls `body` with the bytes.
  @inlinable package func withBytes<Result: ~Copyable, Failure: Error>(
    _ body: (RawSpan) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(unsafe span.bytes)
  }
}

extension ByteRegion {
  /// A copy of the bytes, for texts and other small things.
  package func array() -> [UInt8] {
    withBytes { $0.array() }
  }
}
