internal import CKernels

// Safe: there is room for `count` numbers, each of which is set, and the memory is freed with its owner.

/// The order in which sums take numbers.
protocol PackingOrder {
  /// Writes all numbers in that order; `threads` share the work, the caller does it alone without.
  func pack<Source: BinaryFloatingPoint, Target: BinaryFloatingPoint>(
    _ source: UnsafePointer<Source>, into target: UnsafeMutablePointer<Target>, _ threads: ThreadPool?)
}

extension PackingOrder {
  func forEach(_ count: Int, _ threads: ThreadPool?, _ body: (Int) -> Void) {
    guard let threads else {
      for index in 0..<count { body(index) }
      return
    }
    threads.parallelFor(count) { index, _ in body(index) }
  }
}

/// Numbers in the order in which sums take them. Where all of them are float32 numbers, as a file's weights are, they
/// are kept as those, in half of the memory, and widened piece by piece.
@safe final class PackedDoubles: @unchecked Sendable {
  private let floats: UnsafeMutablePointer<Float>?
  private let doubles: UnsafeMutablePointer<Double>?

  init(_ values: UnsafePointer<Double>, count: Int, _ order: some PackingOrder) {
    let isNarrow = (0..<count).allSatisfy { index in
      let value = unsafe values[index]
      return Double(Float(value)) == value
    }
    if isNarrow {
      let target = UnsafeMutablePointer<Float>.allocate(capacity: max(count, 1))
      unsafe order.pack(values, into: target, nil)
      unsafe floats = target
      unsafe doubles = nil
    } else {
      let target = UnsafeMutablePointer<Double>.allocate(capacity: max(count, 1))
      unsafe order.pack(values, into: target, nil)
      unsafe doubles = target
      unsafe floats = nil
    }
  }

  /// Numbers that are float32 already.
  init(_ values: UnsafePointer<Float>, count: Int, _ order: some PackingOrder, _ threads: ThreadPool) {
    let target = UnsafeMutablePointer<Float>.allocate(capacity: max(count, 1))
    unsafe order.pack(values, into: target, threads)
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
