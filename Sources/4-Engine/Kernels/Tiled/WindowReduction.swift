/// How a pool combines the elements under its window.
protocol WindowReduction {
  static var identity: Float { get }
  static func combine(_ left: Vector, _ right: Vector) -> Vector
  static func combine(_ left: Float, _ right: Float) -> Float
}

enum MaximumReduction: WindowReduction {
  @inline(__always) static var identity: Float { -.infinity }

  @inline(__always)
  static func combine(_ left: Vector, _ right: Vector) -> Vector { left.maximum(right) }

  @inline(__always)
  static func combine(_ left: Float, _ right: Float) -> Float { left >= right || left != left ? left : right }
}

enum SumReduction: WindowReduction {
  @inline(__always) static var identity: Float { 0 }

  @inline(__always)
  static func combine(_ left: Vector, _ right: Vector) -> Vector { left + right }

  @inline(__always)
  static func combine(_ left: Float, _ right: Float) -> Float { left + right }
}
