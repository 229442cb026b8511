import FileIO

extension Tensor {
  /// Whether both yield the same elements of the same type and shape, bit for bit.
  public func hasSameBits(as other: Tensor) throws(TensorError) -> Bool {
    guard dataType == other.dataType, shape == other.shape else { return false }
    var start = 0
    while start < elementCount {
      let count = min(Self.chunkElements, elementCount - start)
      if try encode(from: start, count: count) != other.encode(from: start, count: count) { return false }
      start += count
    }
    try checkIntact()
    try other.checkIntact()
    return true
  }

  /// Row-major index of the first element that is infinite or not a number; nil if there is none, and for elements
  /// that are no real floating-point numbers.
  public func firstNonFinite() throws(TensorError) -> Int? {
    guard dataType.isFloatingPoint else { return nil }
    if isContiguous, dataType == .float32, areFinite() {
      try checkIntact()
      return nil
    }
    var values = [Double](repeating: 0, count: min(Self.chunkElements, elementCount))
    var start = 0
    while start < elementCount {
      let count = min(values.count, elementCount - start)
      let found: Result<Int?, TensorError> = unsafe values.withUnsafeMutableBufferPointer { buffer in
        let part = unsafe UnsafeMutableBufferPointer(rebasing: buffer[..<count])
        do throws(TensorError) {
          try unsafe readDoubles(from: start, into: part)
          return .success(unsafe part.firstIndex { !$0.isFinite })
        } catch {
          return .failure(error)
        }
      }
      if let index = try found.get() { return start + index }
      start += count
    }
    try checkIntact()
    return nil
  }

  /// Whether all elements are finite, of stored little-endian floats in order: at the speed of memory.
  private func areFinite() -> Bool {
    typealias Patterns = SIMD16<UInt32>
    return unsafe storage.withUnsafeBytes { bytes in
      let first = offset * MemoryLayout<UInt32>.size
      let elements = unsafe UnsafeRawBufferPointer(rebasing: bytes[first..<first + byteCount])
      let whole = byteCount / MemoryLayout<Patterns>.size * MemoryLayout<Patterns>.size
      // Without the sign, patterns are ordered as magnitudes; infinity is the least that is not finite.
      var largest = Patterns.zero
      for place in stride(from: 0, to: whole, by: MemoryLayout<Patterns>.size) {
        let patterns = unsafe elements.loadUnaligned(fromByteOffset: place, as: Patterns.self)
        largest = pointwiseMax(largest, patterns & 0x7fff_ffff)
      }
      var most = largest.max()
      for place in stride(from: whole, to: byteCount, by: MemoryLayout<UInt32>.size) {
        most = unsafe max(most, elements.loadUnaligned(fromByteOffset: place, as: UInt32.self) & 0x7fff_ffff)
      }
      return most < Float.infinity.bitPattern
    }
  }
}
