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
}
