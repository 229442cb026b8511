import FileIO

/// How TensorFlow makes the positions of an axis of those of another extent: for each of them the weights of all positions
/// that go in.
///
/// Source: TensorFlow's kernels `resize_bicubic_op.cc`, `resize_area_op.cc` and `scale_and_translate_op.cc`, the kernels of the
/// last in `sampling_kernels.h`.
struct ResamplingWeights {
  /// What the interpolation of a layer is called, but for nearest and, without antialias, bilinear.
  enum Kernel: String, CaseIterable {
    case bilinear, bicubic, area, lanczos3, lanczos5, gaussian, mitchellcubic

    /// Beyond this distance nothing counts.
    fileprivate var radius: Double {
      switch self {
      case .bilinear, .area: 1
      case .bicubic, .mitchellcubic: 2
      case .gaussian: 1.5
      case .lanczos3: 3
      case .lanczos5: 5
      }
    }

    /// The weight of a position at a distance that is not negative.
    fileprivate func weight(_ x: Double) -> Double {
      switch self {
      case .bilinear, .area: return x < 1 ? 1 - x : 0
      case .bicubic:
        // Keys (1981) with a = -0.5.
        if x >= 2 { return 0 }
        return x >= 1 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : ((1.5 * x - 2.5) * x) * x + 1
      case .mitchellcubic:
        if x >= 2 { return 0 }
        return x >= 1
          ? ((-7 / 18 * x + 2) * x - 10 / 3) * x + 16 / 9 : ((7 / 6 * x - 2) * x) * x + 8 / 9
      case .gaussian:
        // The deviation is a third of the radius.
        return x >= radius ? 0 : Self.exponential(-x * x / (2 * 0.5 * 0.5))
      case .lanczos3, .lanczos5:
        if x > radius { return 0 }
        if x <= 1e-3 { return 1 }
        return radius * Self.sine(x) * Self.sine(x / radius) / (Double.pi * Double.pi * x * x)
      }
    }

    /// The sine of pi times a number of at most 8.
    private static func sine(_ x: Double) -> Double {
      let whole = x.rounded()
      let rest = (x - whole) * Double.pi
      // The series of the sine to an error below 1e-17 of numbers up to pi / 2.
      var term = rest
      var sum = rest
      for step in 1...12 {
        term *= -rest * rest / Double((2 * step) * (2 * step + 1))
        sum += term
      }
      return whole.truncatingRemainder(dividingBy: 2) == 0 ? sum : -sum
    }

    private static func exponential(_ x: Double) -> Double {
      // Of a number from -4.5 to 0: the series of a 64th of it, squared six times.
      let small = x / 64
      var term = 1.0
      var sum = 1.0
      for step in 1...12 {
        term *= small / Double(step)
        sum += term
      }
      for _ in 0..<6 { sum *= sum }
      return sum
    }
  }

  /// One row for each position that comes out, with a number for each that goes in.
  let rows: [[Float]]

  init(_ kernel: Kernel, from input: Int, to output: Int, antialias: Bool) {
    switch kernel {
    case .bicubic where !antialias: rows = Self.bicubic(input, output)
    case .area: rows = Self.area(input, output)
    default: rows = Self.sampled(kernel, input, output, antialias: antialias)
    }
  }

  /// Weights as a table of 1024 steps has them, and of positions outside none.
  private static func bicubic(_ input: Int, _ output: Int) -> [[Float]] {
    let scale = Float(input) / Float(output)
    let steps = 1024
    func near(_ x: Float) -> Float { ((1.5 * x - 2.5) * x) * x + 1 }
    func far(_ x: Float) -> Float { ((-0.5 * x + 2.5) * x - 4) * x + 2 }
    return (0..<output).map { position in
      let place = (Float(position) + 0.5) * scale - 0.5
      let first = place.rounded(.down)
      let step = Int(((place - first) * Float(steps)).rounded(.toNearestOrEven))
      let (before, behind) = (Float(step) / Float(steps), Float(steps - step) / Float(steps))
      let weights = [far(before + 1), near(before), near(behind), far(behind + 1)]
      var row = [Float](repeating: 0, count: input)
      var sum: Float = 0
      for (offset, weight) in weights.enumerated() {
        let index = Int(first) - 1 + offset
        guard row.indices.contains(index) else { continue }
        row[index] = weight
        sum += weight
      }
      return row.map { $0 / sum }
    }
  }

  /// What each position covers of the axis, in parts of the whole.
  private static func area(_ input: Int, _ output: Int) -> [[Float]] {
    let scale = Double(input) / Double(output)
    return (0..<output).map { position in
      let (start, end) = (Double(position) * scale, Double(position + 1) * scale)
      return (0..<input).map { index in
        Float(max(0, min(Double(index + 1), end) - max(Double(index), start)) / scale)
      }
    }
  }

  private static func sampled(
    _ kernel: Kernel, _ input: Int, _ output: Int, antialias: Bool
  ) -> [[Float]] {
    let scale = Double(input) / Double(output)
    let width = antialias ? max(scale, 1) : 1
    let reach = kernel.radius * width
    return (0..<output).map { position in
      let place = (Double(position) + 0.5) * scale
      let first = min(max(Int((place - reach - 0.5).rounded(.up)), 0), input - 1)
      let last = min(max(Int((place + reach - 0.5).rounded(.down)), 0), input - 1)
      var row = [Double](repeating: 0, count: input)
      for index in first...max(first, last) {
        row[index] = kernel.weight(abs(Double(index) + 0.5 - place) / width)
      }
      let sum = row.reduce(0, +)
      return row.map { Float(abs(sum) > 1e-30 ? $0 / sum : $0) }
    }
  }
}
