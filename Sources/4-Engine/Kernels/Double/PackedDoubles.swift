internal import CKernels

// Safe: there is room for `count` numbers, each of which is set, and the memory is freed with its owner.

/// Numbers in the order in which sums take them. Where all of them are float32 numbers, as a file's weights are, they
/// are kept as those, in half of the memory, and widened piece by piece.
@safe final class PackedDoubles: @unchecked Sendable {
  private let floats: UnsafeMutablePointer<Float>?
  private let doubles: UnsafeMutablePointer<Double>?

  /// - Parameter source: the index, in `values`, of each packed number.
  init(
    _ values: UnsafePointer<Double>, count: Int, fill: (_ put: (_ place: Int, _ source: Int) -> Void) -> Void
  ) {
    let isNarrow = (0..<count).allSatisfy { index in
      let value = unsafe values[index]
      return Double(Float(value)) == value
    }
    if isNarrow {
      let target = UnsafeMutablePointer<Float>.allocate(capacity: max(count, 1))
      fill { place, source in unsafe target[place] = Float(unsafe values[source]) }
      unsafe floats = target
      unsafe doubles = nil
    } else {
      let target = UnsafeMutablePointer<Double>.allocate(capacity: max(count, 1))
      fill { place, source in unsafe target[place] = unsafe values[source] }
      unsafe doubles = target
      unsafe floats = nil
    }
  }

  /// Numbers that are float32 already; `fill` writes all of them.
  init(count: Int, fill: (_ target: UnsafeMutablePointer<Float>) -> Void) {
    let target = UnsafeMutablePointer<Float>.allocate(capacity: max(count, 1))
    unsafe fill(target)
    unsafe floats = target
    unsafe doubles = nil
  }

  deinit {
    unsafe floats?.deallocate()
    unsafe doubles?.deallocate()
  }

  /// `count` numbers from `start` on: in place, or widened in `scratch`.
  func read(
    _ table: UnsafePointer<kernels_double_table>, from start: Int, count: Int,
    scratch: UnsafeMutablePointer<Double>
  ) -> UnsafePointer<Double> {
    if let floats = unsafe floats {
      unsafe table.pointee.widen(floats + start, Int64(count), scratch)
      return unsafe UnsafePointer(scratch)
    }
    return unsafe UnsafePointer(doubles! + start)
  }
}
