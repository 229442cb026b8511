// Safe: callers give rows of `count` pixels, in as many bytes as the kind of pixel has.

/// Conversions of rows of samples to RGB, in Pillow's arithmetic.
enum Rows {
  /// One byte a pixel to three equal ones.
  @inline(__always)
  static func expandGrey(
    _ source: UnsafePointer<UInt8>, to target: UnsafeMutablePointer<UInt8>, count: Int
  ) {
    for index in 0..<count {
      let value = unsafe source[index]
      unsafe target[index * 3] = value
      unsafe target[index * 3 + 1] = value
      unsafe target[index * 3 + 2] = value
    }
  }

  /// CMYK whose samples are 255 for no ink, as Adobe writes it; Pillow takes every CMYK JPEG for such.
  @inline(__always)
  static func convertInvertedCMYK(
    _ source: UnsafePointer<UInt8>, to target: UnsafeMutablePointer<UInt8>, count: Int
  ) {
    for index in 0..<count {
      let light = unsafe Int32(source[index * 4 + 3])
      for channel in 0..<3 {
        let ink = unsafe 255 - Int32(source[index * 4 + channel])
        unsafe target[index * 3 + channel] = UInt8(clamping: light - dividedBy255(ink * light + 128))
      }
    }
  }

  /// The quotient of a product of two bytes, plus 128, and 255.
  @inline(__always)
  static func dividedBy255<Number: FixedWidthInteger>(_ value: Number) -> Number {
    (value >> 8 &+ value) >> 8
  }

  /// A pixel of this alpha over an opaque background, as Pillow's `Image.alpha_composite` rounds it: with 7 bits more
  /// than the result has.
  @inline(__always)
  static func composite(_ value: UInt8, alpha: UInt8, over background: UInt8) -> UInt8 {
    if alpha == 0 { return background }
    let share = UInt32(alpha) << 7
    let sum = UInt32(value) &* share &+ UInt32(background) &* (255 << 7 &- share)
    return UInt8(truncatingIfNeeded: dividedBy255(sum &+ 0x80 << 7) >> 7)
  }
}
