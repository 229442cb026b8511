extension RawSpan {
  /// The little-endian integer at `offset`, or nil if it does not lie within the bytes.
  @inlinable package func littleEndian<Value: FixedWidthInteger & BitwiseCopyable>(
    at offset: Int, as type: Value.Type = Value.self
  ) -> Value? {
    guard offset >= 0, offset <= byteCount, byteCount - offset >= MemoryLayout<Value>.size else { return nil }
    return Value(littleEndian: unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: Value.self))
  }

  /// The bytes of `range` as an array; `range` lies within the bytes.
  @inlinable package func array(_ range: Range<Int>) -> [UInt8] {
    unsafe extracting(range).withUnsafeBytes { unsafe [UInt8]($0) }
  }

  /// Whether the same bytes lie in two ranges, both within the bytes.
  func isEqual(_ left: Range<Int>, _ right: Range<Int>) -> Bool {
    unsafe extracting(left).withUnsafeBytes { left in
      unsafe extracting(right).withUnsafeBytes { right in unsafe left.elementsEqual(right) }
    }
  }
}
