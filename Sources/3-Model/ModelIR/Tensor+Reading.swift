public import FileIO

// Safe: targets are buffers of arrays that are being filled, and `gather` compares what they want with what the
// tensor has.

extension Tensor {
  /// How many elements are converted at a time: small enough for the second-level cache.
  static let chunkElements = 1 << 15

  /// All elements as Float, row-major.
  public func floats() throws(ScaleNetError) -> [Float] {
    var elements = [Float](repeating: 0, count: elementCount)
    do {
      try unsafe elements.withUnsafeMutableBufferPointer { try unsafe readFloats(from: 0, into: $0) }
    } catch {
      throw error as! ScaleNetError
    }
    try checkIntact()
    return elements
  }

  /// All elements as Double, row-major: exact for every real type up to float64.
  public func doubles() throws(ScaleNetError) -> [Double] {
    var elements = [Double](repeating: 0, count: elementCount)
    do {
      try unsafe elements.withUnsafeMutableBufferPointer { try unsafe readDoubles(from: 0, into: $0) }
    } catch {
      throw error as! ScaleNetError
    }
    try checkIntact()
    return elements
  }

  /// All elements of an integer or boolean tensor, row-major.
  public func integers() throws(ScaleNetError) -> [Int64] {
    guard let read = unsafe ElementReader<Int64>.integers(storedType, isLittleEndian: isLittleEndian),
      channelScale == nil, !dataType.isFloatingPoint
    else {
      throw .wrongType(expected: "integers", found: storedType.isReal ? storedType : dataType)
    }
    var elements = [Int64](repeating: 0, count: elementCount)
    unsafe elements.withUnsafeMutableBufferPointer { target in
      unsafe gather(from: 0, into: target, read: read)
    }
    try checkIntact()
    return elements
  }

  /// Reads `target.count` elements as Float, beginning at row-major element `start`.
  ///
  /// Whoever reads in parts calls `checkIntact()` afterwards.
  @unsafe public func readFloats(
    from start: Int, into target: UnsafeMutableBufferPointer<Float>
  ) throws(ScaleNetError) {
    guard let read = unsafe ElementReader<Float>.floats(storedType, isLittleEndian: isLittleEndian) else {
      throw .wrongType(expected: "real numbers", found: storedType)
    }
    if storedType == .float32 && isLittleEndian && hasContiguousLayout {
      unsafe copyFloats(from: start, into: target)
    } else {
      unsafe gather(from: start, into: target, read: read)
    }
    if storedType == .float64, let index = unsafe target.firstIndex(where: { !$0.isFinite }) {
      // The value itself may be infinite or not a number; only one that became so is an overflow.
      let original = try doubleElement(start + index)
      if original.isFinite { throw .overflow(value: original, index: start + index, target: .float32) }
    }
    if let channelScale { unsafe Self.apply(channelScale, shape: shape, start: start, to: target) }
    try unsafe round(target, start: start)
  }

  /// Reads `target.count` elements as Double, beginning at row-major element `start`.
  @unsafe public func readDoubles(
    from start: Int, into target: UnsafeMutableBufferPointer<Double>
  ) throws(ScaleNetError) {
    guard let read = unsafe ElementReader<Double>.doubles(storedType, isLittleEndian: isLittleEndian) else {
      throw .wrongType(expected: "real numbers", found: storedType)
    }
    if dataType != .float64 && dataType.isFloatingPoint && (channelScale != nil || storedType != dataType) {
      // What the view yields is rounded to its type first.
      let count = target.count
      let floats = UnsafeMutableBufferPointer<Float>.allocate(capacity: count)
      defer { unsafe floats.deallocate() }
      try unsafe readFloats(from: start, into: floats)
      for index in 0..<count { unsafe target[index] = Double(floats[index]) }
      return
    }
    unsafe gather(from: start, into: target, read: read)
    if let channelScale {
      for index in 0..<target.count {
        unsafe target[index] *= Double(channelScale.factor(at: start + index, shape: shape))
      }
    }
  }

  /// Calls `body` with the elements as little-endian bytes of `dataType`, row-major, in as many pieces as it takes.
  ///
  /// A contiguous view's bytes are passed as they lie in storage; anything else goes through one small buffer.
  /// - Throws: what `body` throws, and an error if an element can't be read as `dataType`.
  public func streamBytes(to body: (RawSpan) throws(ScaleNetError) -> Void) throws(ScaleNetError) {
    if isContiguous {
      let first = offset * dataType.byteCount
      try storage.withBytes { (bytes) throws(ScaleNetError) in
        if byteCount > 0 { try body(bytes.extracting(first..<first + byteCount)) }
      }
    } else {
      var start = 0
      let total = elementCount
      while start < total {
        let count = min(Self.chunkElements, total - start)
        let bytes = try encode(from: start, count: count)
        unsafe try body(bytes.span.bytes)
        start += count
      }
    }
    try checkIntact()
  }

  /// The elements as little-endian bytes of `dataType`, row-major.
  public func bytes() throws(ScaleNetError) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(byteCount)
    try streamBytes { (span) throws(ScaleNetError) in
      unsafe span.withUnsafeBytes { unsafe result.append(contentsOf: $0) }
    }
    return result
  }

  /// Fails if the file under the view was shortened while it was read.
  public func checkIntact() throws(ScaleNetError) {
    try storage.checkIntact()
  }

  /// Gives the system back the memory of a mapped file's pages under the view; they are read again when they are needed.
  package func releasePages() {
    guard elementCount > 0 else { return }
    let last = zip(shape.dimensions, strides).reduce(offset) { $0 + ($1.0 - 1) * $1.1 }
    storage.releasePages(offset * storedType.byteCount..<(last + 1) * storedType.byteCount)
  }

  /// The common case: stored floats in order are copied as they are.
  private func copyFloats(from start: Int, into target: UnsafeMutableBufferPointer<Float>) {
    precondition(start + target.count <= elementCount)
    let first = (offset + start) * MemoryLayout<Float>.size
    unsafe storage.withUnsafeBytes { bytes in
      let part = unsafe bytes[first..<first + target.count * MemoryLayout<Float>.size]
      unsafe UnsafeMutableRawBufferPointer(target).copyMemory(from: UnsafeRawBufferPointer(rebasing: part))
    }
  }

  /// Calls `body` with stored elements themselves, from row-major element `start` on, where they are float32 in order and
  /// aligned as such; nil where they are not. Whoever reads them calls `checkIntact()` afterwards.
  @unsafe package func withStoredFloats<Result>(
    from start: Int, count: Int, _ body: (UnsafePointer<Float>) -> Result
  ) -> Result? {
    precondition(start >= 0 && count >= 0 && start + count <= elementCount)
    guard isContiguous, dataType == .float32, count > 0 else { return nil }
    return unsafe storage.withUnsafeBytes { bytes in
      let first = unsafe bytes.baseAddress! + (offset + start) * MemoryLayout<Float>.size
      guard Int(bitPattern: first) % MemoryLayout<Float>.alignment == 0 else { return nil }
      return unsafe body(first.assumingMemoryBound(to: Float.self))
    }
  }

  /// One element, addressed in row-major order.
  private func doubleElement(_ index: Int) throws(ScaleNetError) -> Double {
    var value = 0.0
    guard let read = unsafe ElementReader<Double>.doubles(storedType, isLittleEndian: isLittleEndian) else {
      throw .wrongType(expected: "real numbers", found: storedType)
    }
    unsafe withUnsafeMutablePointer(to: &value) { pointer in
      unsafe gather(from: index, into: UnsafeMutableBufferPointer(start: pointer, count: 1), read: read)
    }
    return value
  }

  /// Little-endian bytes of `count` elements of `dataType`.
  func encode(from start: Int, count: Int) throws(ScaleNetError) -> [UInt8] {
    let size = dataType.byteCount
    var bytes = [UInt8](repeating: 0, count: count * size)
    if storedType == dataType && channelScale == nil {
      unsafe bytes.withUnsafeMutableBytes { unsafe gatherBytes(from: start, count: count, into: $0) }
      return bytes
    }
    do {
      try unsafe bytes.withUnsafeMutableBytes { target in
        switch dataType {
        case .float64:
          try unsafe readDoubles(from: start, into: target.assumingMemoryBound(to: Double.self))
        case .float32:
          try unsafe readFloats(from: start, into: target.assumingMemoryBound(to: Float.self))
        case .float16, .bfloat16:
          let floats = UnsafeMutableBufferPointer<Float>.allocate(capacity: count)
          defer { unsafe floats.deallocate() }
          try unsafe readFloats(from: start, into: floats)
          let halves = unsafe target.assumingMemoryBound(to: UInt16.self)
          for index in 0..<count {
            unsafe halves[index] =
              dataType == .float16
              ? HalfPrecision.pattern(floats[index])
              : UInt16(truncatingIfNeeded: floats[index].bitPattern >> 16)
          }
        default:
          guard dataType.isInteger, channelScale == nil,
            let read = unsafe ElementReader<Int64>.integers(storedType, isLittleEndian: isLittleEndian)
          else {
            throw ScaleNetError.wrongType(
              expected: "a conversion from \(storedType.rawValue)", found: dataType)
          }
          let numbers = UnsafeMutableBufferPointer<Int64>.allocate(capacity: count)
          defer { unsafe numbers.deallocate() }
          unsafe gather(from: start, into: numbers, read: read)
          for index in 0..<count {
            for byte in 0..<size {
              unsafe target[index * size + byte] = UInt8(truncatingIfNeeded: numbers[index] >> (8 * byte))
            }
          }
        }
      }
    } catch {
      throw error as! ScaleNetError
    }
    return bytes
  }

  /// Rounds to the view's type where that is narrower than Float, so that a reader sees what would be written.
  private func round(_ target: UnsafeMutableBufferPointer<Float>, start: Int) throws(ScaleNetError) {
    guard storedType != dataType || channelScale != nil else { return }
    switch dataType {
    case .float16:
      // What is not finite was so before, or is looked for.
      var mayOverflow = false
      for index in 0..<target.count {
        mayOverflow = unsafe mayOverflow || target[index].magnitude >= 65_520
      }
      if mayOverflow,
        let index = unsafe target.firstIndex(where: { $0.isFinite && $0.magnitude >= 65_520 })
      {
        throw .overflow(value: Double(unsafe target[index]), index: start + index, target: .float16)
      }
      for index in 0..<target.count { unsafe target[index] = unsafe HalfPrecision.rounded(target[index]) }
    case .bfloat16:
      for index in 0..<target.count {
        let value = unsafe target[index]
        guard value.isFinite else { continue }
        // Round to nearest, ties to even, on the upper half of the pattern.
        let pattern = value.bitPattern
        let rounded = Float(bitPattern: (pattern &+ 0x7fff &+ ((pattern >> 16) & 1)) & 0xffff_0000)
        if !rounded.isFinite {
          throw .overflow(value: Double(value), index: start + index, target: .bfloat16)
        }
        unsafe target[index] = rounded
      }
    default:
      return
    }
  }

  private static func apply(
    _ scale: ChannelScale, shape: TensorShape, start: Int, to target: UnsafeMutableBufferPointer<Float>
  ) {
    let inner = shape.dimensions[(scale.axis + 1)...].reduce(1, *)
    let extent = shape[scale.axis]
    var index = 0
    while index < target.count {
      let position = start + index
      let end = min(target.count, index + inner - position % inner)
      let factor = scale.factors[position / inner % extent]
      for element in index..<end { unsafe target[element] *= factor }
      index = end
    }
  }
}

extension Tensor.ChannelScale {
  /// The factor of a row-major element of `shape`.
  func factor(at index: Int, shape: TensorShape) -> Float {
    let inner = shape.dimensions[(axis + 1)...].reduce(1, *)
    return factors[index / inner % shape[axis]]
  }
}
