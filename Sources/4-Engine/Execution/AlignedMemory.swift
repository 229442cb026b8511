/// Memory aligned to cache lines, not initialised, freed with its owner.
@safe final class AlignedMemory<Scalar: BitwiseCopyable> {
  let elements: UnsafeMutablePointer<Scalar>
  let count: Int

  init(count: Int) {
    self.count = count
    let bytes = UnsafeMutableRawPointer.allocate(
      byteCount: max(count, 1) * MemoryLayout<Scalar>.stride, alignment: 64)
    unsafe elements = unsafe bytes.bindMemory(to: Scalar.self, capacity: max(count, 1))
  }

  deinit { unsafe UnsafeMutableRawPointer(elements).deallocate() }
}
