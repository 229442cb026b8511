#if SCALENET_WIDE
  internal import Kernels
#endif

/// The sources of the columns of a resized image, in the types of the inner loop.
final class ColumnSources: Sendable {
  private let count: Int
  private let lower: IndexTable
  private let upper: IndexTable
  private let fraction: FloatBuffer

  init(_ axis: Resampling.Axis) {
    count = axis.lower.count
    lower = IndexTable(count: count) { axis.lower[$0] }
    upper = IndexTable(count: count) { axis.upper[$0] }
    fraction = FloatBuffer(count: count)
    for index in 0..<count { unsafe fraction.elements[index] = Float(axis.fraction[index]) }
  }

  /// The nearest elements of `line`.
  @inline(__always)
  func take(_ line: UnsafeMutablePointer<Float>, into target: UnsafeMutablePointer<Float>) {
    for index in 0..<count { unsafe target[index] = unsafe line[Int(lower.elements[index])] }
  }

  /// Mixtures of the elements of `line`.
  @inline(__always)
  func mix(_ line: UnsafeMutablePointer<Float>, into target: UnsafeMutablePointer<Float>) {
    for index in 0..<count {
      let far = unsafe fraction.elements[index]
      unsafe target[index] =
        unsafe line[Int(lower.elements[index])] * (1 - far) + line[Int(upper.elements[index])] * far
    }
  }
}
