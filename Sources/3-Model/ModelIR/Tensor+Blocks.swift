package import FileIO

// Safe: buffers are those of arrays that are being filled, or of memory that has room for all elements.

/// Reading and making elements in blocks, so that no weight has to be in memory as a whole.
extension Tensor {
  /// How many elements are gone through together: of two tensors they stay in the second-level cache.
  package static let blockElements = 1 << 15

  /// `count` elements as Float, from row-major element `start` on. Whoever reads in blocks calls `checkIntact()` afterwards.
  package func floats(from start: Int, count: Int) throws(ScaleNetError) -> [Float] {
    var elements = [Float](repeating: 0, count: count)
    do {
      try unsafe elements.withUnsafeMutableBufferPointer { try unsafe readFloats(from: start, into: $0) }
    } catch {
      throw error as! ScaleNetError
    }
    return elements
  }

  /// `count` elements as Double, from row-major element `start` on. Whoever reads in blocks calls `checkIntact()`
  /// afterwards.
  package func doubles(from start: Int, count: Int) throws(ScaleNetError) -> [Double] {
    var elements = [Double](repeating: 0, count: count)
    do {
      try unsafe elements.withUnsafeMutableBufferPointer { try unsafe readDoubles(from: start, into: $0) }
    } catch {
      throw error as! ScaleNetError
    }
    return elements
  }

  /// A float32 tensor of its own memory, which `block` gives the elements of: `count` from row-major element `start` on.
  package init(
    shape: TensorShape, block: (_ start: Int, _ count: Int) throws(ScaleNetError) -> [Float]
  ) throws(ScaleNetError) {
    let storage = try Self.storage(of: Float.self, shape) { (start, count) throws(ScaleNetError) in
      try block(start, count)
    }
    try self.init(.float32, shape, storage: storage)
  }

  /// The same elements rounded to a half type, in memory of its own, as numbers of this tensor's type; nil where one of
  /// them overflows.
  package func copyRounded(to half: DataType) throws(ScaleNetError) -> Tensor? {
    let rounded = cast(to: half)
    do throws(ScaleNetError) {
      let storage = try Self.storage(of: UInt16.self, shape) { (start, count) throws(ScaleNetError) in
        HalfPrecision.patterns(try rounded.floats(from: start, count: count), half)
      }
      try checkIntact()
      return try Tensor(half, shape, storage: storage).cast(to: dataType)
    } catch {
      if error.overflow != nil { return nil }
      throw error
    }
  }

  /// float32 numbers that are multiples of steps, in memory of its own of two bytes each: integers times the step of their
  /// index along an axis, or one step for all.
  package init?(
    shape: TensorShape, steps: [Float], axis: Int?,
    block: (_ start: Int, _ count: Int) throws(ScaleNetError) -> [Int16]?
  ) throws(ScaleNetError) {
    var isHeld = true
    let storage = try Self.storage(of: Int16.self, shape) { (start, count) throws(ScaleNetError) in
      guard isHeld, let elements = try block(start, count) else {
        isHeld = false
        return [Int16](repeating: 0, count: count)
      }
      return elements
    }
    guard isHeld else { return nil }
    self = try Tensor(.int16, shape, storage: storage).inSteps(steps, axis: axis)
  }

  /// Integers as float32, times the step of their index along an axis, or one step for all. Nothing is copied. A scalar is
  /// no such tensor.
  package func inSteps(_ steps: [Float], axis: Int?) -> Tensor {
    let wide = cast(to: .float32)
    precondition(shape.rank > 0)
    let axis = axis ?? 0
    let factors = steps.count == 1 ? [Float](repeating: steps[0], count: shape[axis]) : steps
    if axis == 0 { return wide.scaled(byChannel: factors) }
    var order = Array(0..<shape.rank)
    order.swapAt(0, axis)
    return wide.transposed(order).scaled(byChannel: factors).transposed(order)
  }

  private static func storage<Element: BitwiseCopyable>(
    of type: Element.Type, _ shape: TensorShape, _ block: (Int, Int) throws(ScaleNetError) -> [Element]
  ) throws(ScaleNetError) -> ByteRegion {
    let size = MemoryLayout<Element>.size
    return try unsafe ByteRegion.allocate(origin: "memory", count: shape.elementCount * size) {
      (target) throws(ScaleNetError) in
      for start in stride(from: 0, to: shape.elementCount, by: blockElements) {
        let count = min(blockElements, shape.elementCount - start)
        let elements = try block(start, count)
        precondition(elements.count == count)
        unsafe elements.withUnsafeBytes { bytes in
          let part = unsafe UnsafeMutableRawBufferPointer(
            rebasing: target[start * size..<(start + count) * size])
          unsafe part.copyMemory(from: bytes)
        }
      }
    }
  }
}
