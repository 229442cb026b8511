import FileIO
import Glibc

// Safe: the memory has room for `count` elements, all of which are set, and is freed with its owner.

/// Floats aligned to cache lines, freed with their owner. Written only before they are shared.
@safe final class FloatBuffer: @unchecked Sendable {
  let elements: UnsafeMutablePointer<Float>
  let count: Int

  /// Zeros.
  convenience init(count: Int) {
    self.init(uninitialized: count)
    for index in 0..<count { unsafe elements[index] = 0 }
  }

  /// Whatever lies in the memory, for those who write all of it.
  init(uninitialized count: Int) {
    self.count = count
    let bytes = unsafe LargeMemory.allocate(max(count, 1) * MemoryLayout<Float>.stride)
    unsafe elements = unsafe bytes.bindMemory(to: Float.self, capacity: max(count, 1))
  }

  deinit { unsafe free(elements) }
}
