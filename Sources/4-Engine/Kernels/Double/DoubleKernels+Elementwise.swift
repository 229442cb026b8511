// Safe: sizes were checked where the graph was planned (`KernelSet`): loops go over the elements of a plane or a row,
// and each task writes its own.

/// Loops over elements that the compiler turns into vectors; whatever is rare is left to the reference.
extension DoubleKernels {
  /// Elements that are worth a task of their own.
  private static var leastTask: Int { 16 * 1024 }

  /// Calls `body` for each plane of the images.
  private func forEachPlane(
    _ input: FeatureMap<Double>, _ output: FeatureMap<Double>, _ threads: ThreadPool,
    _ body: (_ plane: Int, _ source: UnsafeMutablePointer<Double>, _ target: UnsafeMutablePointer<Double>) ->
      Void
  ) {
    let least = unsafe max(1, Self.leastTask / max(1, input.planeSize))
    unsafe threads.parallelRanges(input.planeCount, least: least) { planes, _ in
      for plane in planes { unsafe body(plane, input.plane(plane), output.plane(plane)) }
    }
  }

  /// Each element times its channel's factor, plus its channel's term; negative results become 0 if `appliesReLU`.
  public func scaleAndShift(
    _ input: FeatureMap<Double>, scale: UnsafePointer<Double>, shift: UnsafePointer<Double>,
    appliesReLU: Bool, into output: FeatureMap<Double>, threads: ThreadPool
  ) {
    let (size, channels) = unsafe (input.planeSize, input.channels)
    unsafe forEachPlane(input, output, threads) { plane, source, target in
      let (factor, term) = unsafe (scale[plane % channels], shift[plane % channels])
      if appliesReLU {
        for index in 0..<size {
          let value = unsafe source[index] * factor + term
          unsafe target[index] = value < 0 ? 0 : value
        }
      } else {
        for index in 0..<size { unsafe target[index] = unsafe source[index] * factor + term }
      }
    }
  }

  /// A function of each element; ReLU, bounds and rounding in loops of their own, others as the reference has them.
  public func apply(
    _ function: UnaryFunction, _ input: FeatureMap<Double>, into output: FeatureMap<Double>,
    threads: ThreadPool
  ) {
    let size = unsafe input.planeSize
    /// The loop for each function: a closure that is known here becomes part of it.
    func each(_ body: (Double) -> Double) {
      unsafe forEachPlane(input, output, threads) { _, source, target in
        for index in 0..<size { unsafe target[index] = unsafe body(source[index]) }
      }
    }
    switch function {
    case .relu: each { $0 < 0 ? 0 : $0 }
    case .round: each { $0.rounded(.toNearestOrEven) }
    case .clip(let minimum, let maximum):
      let (least, most) = (Double(minimum), Double(maximum))
      each { (x) in
        let raised = x < least ? least : x
        return raised > most ? most : raised
      }
    case .sigmoid, .leakyReLU, .hardSigmoid, .hardSwish, .hyperbolicTangent, .squareRoot, .exponential,
      .swish, .errorFunction, .gelu:
      unsafe reference.apply(function, input, into: output, threads: threads)
    }
  }

  /// Two arrays element by element, one or both broadcast; sums, products and quotients in vectors, others as the reference has them.
  public func combine(
    _ function: BinaryFunction, _ left: UnsafePointer<Double>, _ right: UnsafePointer<Double>,
    _ broadcasting: Broadcasting, appliesReLU: Bool, into output: UnsafeMutablePointer<Double>,
    threads: ThreadPool
  ) {
    let axis = broadcasting.dimensions.count - 1
    let steps = (broadcasting.leftStrides[axis], broadcasting.rightStrides[axis])
    guard [.add, .multiply, .divide].contains(function), broadcasting.outputStrides[axis] == 1,
      steps.0 <= 1, steps.1 <= 1, steps.0 + steps.1 > 0
    else {
      unsafe reference.combine(
        function, left, right, broadcasting, appliesReLU: appliesReLU, into: output, threads: threads)
      return
    }
    // A long run is cut, so that threads share it.
    let length = broadcasting.runLength
    let cuts = max(1, length / Self.leastTask)
    let floor = appliesReLU ? 0 : -Double.infinity
    threads.parallelFor(broadcasting.runCount * cuts) { task, _ in
      let (run, cut) = task.quotientAndRemainder(dividingBy: cuts)
      let offsets = broadcasting.offsets(ofRun: run)
      let first = cut * length / cuts
      let count = (cut + 1) * length / cuts - first
      let one = unsafe left + (offsets.left + first * steps.0)
      let other = unsafe right + (offsets.right + first * steps.1)
      let target = unsafe output + (offsets.output + first)
      /// The loop for each kind of steps: without multiplications of the index it becomes vectors.
      func each(_ value: (Double, Double) -> Double) {
        switch steps {
        case (1, 1): for index in 0..<count { unsafe target[index] = value(one[index], other[index]) }
        case (1, _): for index in 0..<count { unsafe target[index] = value(one[index], other[0]) }
        default: for index in 0..<count { unsafe target[index] = value(one[0], other[index]) }
        }
      }
      if function == .add {
        each { (x, y) in
          let sum = x + y
          return sum < floor ? floor : sum
        }
      } else if function == .divide {
        each { (x, y) in
          let quotient = x / y
          return quotient < floor ? floor : quotient
        }
      } else {
        each { (x, y) in
          let product = x * y
          return product < floor ? floor : product
        }
      }
    }
  }
}

/// How the pixels of a window become one: a type, so that the loops over pixels are compiled for it.
private protocol PixelCombination {
  static var initial: Double { get }
  static func combine(_ found: Double, _ pixel: Double) -> Double
}

private enum Largest: PixelCombination {
  static var initial: Double { -.infinity }

  static func combine(_ largest: Double, _ pixel: Double) -> Double {
    // What is not a number wins, and stays.
    pixel > largest || pixel.isNaN ? pixel : largest
  }
}

private enum Sum: PixelCombination {
  static var initial: Double { 0 }

  static func combine(_ sum: Double, _ pixel: Double) -> Double { sum + pixel }
}

/// Loops over windows.
extension DoubleKernels {
  /// The maximum of each window; margins do not count.
  public func maxPool(
    _ window: Window, _ input: FeatureMap<Double>, into output: FeatureMap<Double>, threads: ThreadPool
  ) {
    unsafe pool(Largest.self, window, input, output, threads, meanCount: nil)
  }

  /// The mean of each window.
  public func averagePool(
    _ window: Window, countsPadding: Bool, _ input: FeatureMap<Double>, into output: FeatureMap<Double>,
    threads: ThreadPool
  ) {
    let size = unsafe input.extent
    unsafe pool(Sum.self, window, input, output, threads) { row, column in
      window.meanCount(row: row, column: column, input: size, countsPadding: countsPadding)
    }
  }

  /// The mean of each plane, as the reference has it.
  public func globalAveragePool(
    _ input: FeatureMap<Double>, into output: FeatureMap<Double>, threads: ThreadPool
  ) {
    unsafe reference.globalAveragePool(input, into: output, threads: threads)
  }

  /// Combines the pixels of each window, and divides by their number where `meanCount` has one.
  private func pool<Combination: PixelCombination>(
    _: Combination.Type, _ window: Window, _ input: FeatureMap<Double>, _ output: FeatureMap<Double>,
    _ threads: ThreadPool, meanCount: ((_ row: Int, _ column: Int) -> Int)?
  ) {
    let (size, target) = unsafe (input.extent, output.extent)
    let (strides, dilations, padding) = (window.strides, window.dilations, window.padding)
    // The columns of the output under which each column of the window lies within the image.
    let columns = (0..<window.kernel.width).map { tap in
      let shift = tap * dilations.width - padding.left
      let first = max(0, (strides.width - 1 - shift) / strides.width)
      let end = min(target.width, (size.width - 1 - shift + strides.width) / strides.width)
      return (range: first..<max(first, end), shift: shift)
    }
    unsafe threads.parallelFor(input.planeCount) { plane, _ in
      let source = unsafe input.plane(plane)
      let result = unsafe output.plane(plane)
      for row in 0..<target.height {
        let tapRows = Window.taps(
          row, kernel: window.kernel.height, stride: strides.height, dilation: dilations.height,
          padding: padding.top, size: size.height)
        let line = unsafe result + row * target.width
        for column in 0..<target.width { unsafe line[column] = Combination.initial }
        for tapRow in tapRows {
          let y = row * strides.height - padding.top + tapRow * dilations.height
          for (range, shift) in columns {
            // Not before the image: the first column of the range lies within it.
            let pixels = unsafe source + (y * size.width + range.lowerBound * strides.width + shift)
            let places = unsafe line + range.lowerBound
            for column in 0..<range.count {
              unsafe places[column] = Combination.combine(places[column], pixels[column * strides.width])
            }
          }
        }
        guard let meanCount else { continue }
        for column in 0..<target.width { unsafe line[column] /= Double(meanCount(row, column)) }
      }
    }
  }

  /// Planes of another height and width, between the neighbours that `resampling` has for each row and column.
  public func resize(
    _ resampling: Resampling, _ input: FeatureMap<Double>, into output: FeatureMap<Double>,
    threads: ThreadPool
  ) {
    let (rows, columns) = (resampling.rows, resampling.columns)
    let (width, size) = (resampling.input.width, resampling.output)
    unsafe threads.parallelFor(input.planeCount) { plane, _ in
      let source = unsafe input.plane(plane)
      let target = unsafe output.plane(plane)
      for row in 0..<size.height {
        let upper = unsafe source + rows.lower[row] * width
        let lower = unsafe source + rows.upper[row] * width
        let down = rows.fraction[row]
        let line = unsafe target + row * size.width
        for column in 0..<size.width {
          let left = columns.lower[column]
          guard resampling.isLinear else {
            unsafe line[column] = unsafe upper[left]
            continue
          }
          let (right, across) = (columns.upper[column], columns.fraction[column])
          let top = unsafe upper[left] * (1 - across) + upper[right] * across
          let bottom = unsafe lower[left] * (1 - across) + lower[right] * across
          unsafe line[column] = top * (1 - down) + bottom * down
        }
      }
    }
  }
}
