public import FileIO
import Glibc

// Safe: parts lie within the buffer, and loads within the storage, as the tensor is contiguous there.

extension Tensor {
  /// Whether both yield the same elements of the same type and shape, bit for bit.
  public func hasSameBits(as other: Tensor) throws(ScaleNetError) -> Bool {
    guard dataType == other.dataType, shape == other.shape else { return false }
    if isContiguous, other.isContiguous {
      // Nothing is decoded: bytes as they lie.
      let isSame = unsafe storage.withUnsafeBytes { own in
        unsafe other.storage.withUnsafeBytes { others in
          unsafe memcmp(
            own.baseAddress! + offset * dataType.byteCount,
            others.baseAddress! + other.offset * dataType.byteCount, byteCount) == 0
        }
      }
      try checkIntact()
      try other.checkIntact()
      return isSame
    }
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

  /// Whether both are one view of the same bytes.
  package func isSameView(as other: Tensor) -> Bool {
    storage === other.storage && offset == other.offset && strides == other.strides
      && storedType == other.storedType && dataType == other.dataType && shape == other.shape
      && isLittleEndian == other.isLittleEndian && channelScale == other.channelScale
  }

  /// Row-major index of the first element that is infinite or not a number; nil if there is none, and for elements
  /// that are no real floating-point numbers.
  public func firstNonFinite() throws(ScaleNetError) -> Int? {
    guard dataType.isFloatingPoint else { return nil }
    if isContiguous && dataType == .float32 { return try firstNonFiniteInStorage() }
    var values = [Double](repeating: 0, count: min(Self.chunkElements, elementCount))
    var start = 0
    while start < elementCount {
      let count = min(values.count, elementCount - start)
      let found: Result<Int?, ScaleNetError> = unsafe values.withUnsafeMutableBufferPointer { buffer in
        let part = unsafe UnsafeMutableBufferPointer(rebasing: buffer[..<count])
        do throws(ScaleNetError) {
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

  /// The common case: floats as they are stored. Whole blocks are looked through without a branch for each element.
  private func firstNonFiniteInStorage() throws(ScaleNetError) -> Int? {
    let exponent: UInt32 = 0x7f80_0000
    let found: Int? = unsafe storage.withUnsafeBytes { bytes in
      let first = offset * MemoryLayout<UInt32>.size
      func pattern(_ index: Int) -> UInt32 {
        unsafe bytes.loadUnaligned(fromByteOffset: first + index * MemoryLayout<UInt32>.size, as: UInt32.self)
      }
      let block = 1024
      for start in stride(from: 0, to: elementCount, by: block) {
        let end = min(start + block, elementCount)
        var count: UInt32 = 0
        for index in start..<end { count &+= pattern(index) & exponent == exponent ? 1 : 0 }
        if count > 0 { return (start..<end).first { pattern($0) & exponent == exponent } }
      }
      return nil
    }
    try checkIntact()
    return found
  }
}
