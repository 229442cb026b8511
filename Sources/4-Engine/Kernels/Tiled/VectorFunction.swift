/// A function of each element of a channel. A type of its own for each function, so that the loop over the elements
/// is compiled with it.
protocol VectorFunction {
  func value(_ x: Vector, channel: Int) -> Vector
}

struct Rectification: VectorFunction {
  @inline(__always)
  func value(_ x: Vector, channel: Int) -> Vector { x.rectified }
}

struct LeakyRectification: VectorFunction {
  let alpha: Float

  @inline(__always)
  func value(_ x: Vector, channel: Int) -> Vector {
    x.replacing(with: x * Vector(repeating: alpha), where: x .< 0)
  }
}

struct Sigmoid: VectorFunction {
  @inline(__always)
  func value(_ x: Vector, channel: Int) -> Vector {
    Vector(repeating: 1) / ((-x).exponential + Vector(repeating: 1))
  }
}

struct HardSigmoid: VectorFunction {
  let alpha: Float
  let beta: Float

  @inline(__always)
  func value(_ x: Vector, channel: Int) -> Vector {
    Vector(repeating: beta).adding(x, times: Vector(repeating: alpha)).heldToUnit
  }
}

struct HardSwish: VectorFunction {
  @inline(__always)
  func value(_ x: Vector, channel: Int) -> Vector {
    x * Vector(repeating: 0.5).adding(x, times: Vector(repeating: 1.0 / 6)).heldToUnit
  }
}

struct HyperbolicTangent: VectorFunction {
  @inline(__always)
  func value(_ x: Vector, channel: Int) -> Vector { x.hyperbolicTangent }
}

struct SquareRoot: VectorFunction {
  @inline(__always)
  func value(_ x: Vector, channel: Int) -> Vector { x.squareRoot() }
}

/// The square of half the power reaches infinity and 0, where the series does not.
struct Exponential: VectorFunction {
  @inline(__always)
  func value(_ x: Vector, channel: Int) -> Vector {
    let root = (x * Vector(repeating: 0.5)).exponential
    return root * root
  }
}

struct Clip: VectorFunction {
  let minimum: Float
  let maximum: Float

  @inline(__always)
  func value(_ x: Vector, channel: Int) -> Vector {
    let raised = x.replacing(with: Vector(repeating: minimum), where: x .< Vector(repeating: minimum))
    return raised.replacing(with: Vector(repeating: maximum), where: raised .> Vector(repeating: maximum))
  }
}

/// One factor and one term for each channel.
@safe struct ScaleAndShift: VectorFunction {
  let scale: UnsafePointer<Float>
  let shift: UnsafePointer<Float>
  /// 0 for ReLU, or what is below everything.
  let floor: Float

  @inline(__always)
  func value(_ x: Vector, channel: Int) -> Vector {
    let result = unsafe Vector(repeating: shift[channel]).adding(x, times: Vector(repeating: scale[channel]))
    return result.replacing(with: Vector(repeating: floor), where: result .< Vector(repeating: floor))
  }
}
