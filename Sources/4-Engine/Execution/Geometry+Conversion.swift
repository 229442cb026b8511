internal import Kernels
internal import ModelIR

extension Kernels.Window {
  /// The graph's window as the kernels know it. The graph was validated.
  init(_ window: ModelIR.Window) {
    self.init(
      kernel: Extent(window.kernel[0], window.kernel[1]),
      strides: Extent(window.strides[0], window.strides[1]),
      dilations: Extent(window.dilations[0], window.dilations[1]),
      padding: Padding(
        top: window.pads[0], left: window.pads[1], bottom: window.pads[2], right: window.pads[3]))
  }
}

extension Convolution {
  /// A convolution of images of these shapes.
  init(_ conv: Conv, input: [Int], output: [Int]) {
    self.init(
      window: Kernels.Window(conv.window), inputChannels: input[1], outputChannels: output[1],
      groups: conv.group,
      batch: input[0], input: Extent(input[2], input[3]))
  }
}

extension UnaryFunction {
  /// The function that kernels have for it; nil if they have none.
  init?(_ function: Unary) {
    switch function {
    case .relu: self = .relu
    case .leakyRelu(let alpha): self = .leakyReLU(alpha: alpha)
    case .sigmoid: self = .sigmoid
    case .hardSigmoid(let alpha, let beta): self = .hardSigmoid(alpha: alpha, beta: beta)
    case .hardSwish: self = .hardSwish
    case .tanh: self = .hyperbolicTangent
    case .sqrt: self = .squareRoot
    case .exp: self = .exponential
    case .clip(let minimum, let maximum): self = .clip(minimum: minimum, maximum: maximum)
    case .swish(let alpha): self = .swish(alpha: alpha)
    case .erf: self = .errorFunction
    case .gelu(let isTanh): self = .gelu(isTanh: isTanh)
    case .round: self = .round
    case .abs, .neg, .sign, .reciprocal, .floor, .ceil, .log, .sin, .cos, .tan, .asin, .acos,
      .atan, .sinh, .cosh, .asinh, .acosh, .atanh, .thresholdedRelu, .softplus, .softsign, .mish,
      .elu, .selu, .celu, .shrink, .not, .isNaN, .isInf, .bitwiseNot:
      return nil
    }
  }
}

extension BinaryFunction {
  /// The function that kernels have for it; nil if they have none.
  init?(_ function: Binary) {
    switch function {
    case .add: self = .add
    case .sub: self = .subtract
    case .mul: self = .multiply
    case .div: self = .divide
    case .pow: self = .power
    case .pRelu: self = .parametricReLU
    case .mod, .and, .or, .xor, .equal, .less, .lessOrEqual, .greater, .greaterOrEqual, .bitShift,
      .bitwiseAnd, .bitwiseOr, .bitwiseXor:
      return nil
    }
  }
}

extension Resampling {
  /// A resize of height and width. Nil if another axis changes.
  init?(_ resize: Resize, input: [Int], output: [Int]) {
    guard resize.mode != .cubic, !resize.antialias, !resize.excludesOutside else { return nil }
    guard input.count == 4, output.count == 4, input[0] == output[0], input[1] == output[1] else {
      return nil
    }
    var scales = [Float](repeating: 1, count: 4)
    for axis in 0..<4 { scales[axis] = Float(output[axis]) / Float(input[axis]) }
    var areGiven = false
    if let given = resize.extent.scales {
      for (axis, scale) in zip(resize.axes, given) { scales[axis] = scale }
      // A factor that leaves the extent as it is still moves the positions.
      guard scales[0] == 1, scales[1] == 1 else { return nil }
      areGiven = true
    }
    self.init(
      resize.mode == .linear ? .linear : .nearest(resize.rounding), resize.coordinates,
      input: Extent(input[2], input[3]), output: Extent(output[2], output[3]),
      scales: areGiven ? (scales[2], scales[3]) : nil)
  }
}

extension Resize {
  fileprivate var rounding: Resampling.Rounding {
    switch nearestMode {
    case .floor: .floor
    case .ceil: .ceil
    case .roundPreferFloor: .roundPreferFloor
    case .roundPreferCeil: .roundPreferCeil
    }
  }

  fileprivate var coordinates: Resampling.Coordinates {
    switch coordinateTransformation {
    case .halfPixel: .halfPixel
    case .halfPixelSymmetric: .halfPixelSymmetric
    case .pytorchHalfPixel: .pytorchHalfPixel
    case .asymmetric: .asymmetric
    case .alignCorners: .alignCorners
    case .tfHalfPixelForNN: .tfHalfPixelForNN
    }
  }

  /// The factor of the axis at `place` in `axes`, if factors are given.
  private func scale(_ place: Int) -> Float? {
    extent.scales?[place]
  }

  /// The sources of the nearest elements along the axis at `place` in `axes`.
  func nearestIndices(_ place: Int, input: Int, output: Int) -> [Int] {
    Resampling.nearest(rounding, coordinates, input: input, output: output, scale: scale(place))
  }

  /// The weighted sums along the axis at `place` in `axes` of an array of this shape.
  func interpolation(_ place: Int, _ shape: [Int], output: Int) -> Interpolation {
    let axis = axes[place]
    return Interpolation(
      mode == .cubic ? .cubic(coefficient: Double(cubicCoefficient)) : .linear, coordinates,
      outer: shape[..<axis].reduce(1, *), input: shape[axis], output: output,
      inner: shape[(axis + 1)...].reduce(1, *), scale: scale(place), excludesOutside: excludesOutside,
      antialias: antialias)
  }
}
