#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

// Safe: sizes were checked where the graph was planned (`KernelSet`): loops go over the elements of a plane or a row,
// and each task writes its own.

extension ReferenceKernels {
  /// Each output pixel from those that `resampling` names, in plain loops.
  @_specialize(where Scalar == Double)
  @_specialize(where Scalar == Float)
  public func resize(
    _ resampling: Resampling, _ input: FeatureMap<Scalar>, into output: FeatureMap<Scalar>,
    threads: ThreadPool
  ) {
    let (rows, columns) = (resampling.rows, resampling.columns)
    let width = resampling.input.width
    unsafe threads.parallelFor(input.planeCount) { plane, _ in
      let source = unsafe input.plane(plane)
      let target = unsafe output.plane(plane)
      func mixed(_ row: Int, _ column: Int) -> Double {
        let left = unsafe Double(source[row * width + columns.lower[column]])
        let right = unsafe Double(source[row * width + columns.upper[column]])
        return left * (1 - columns.fraction[column]) + right * columns.fraction[column]
      }
      for row in 0..<resampling.output.height {
        for column in 0..<resampling.output.width {
          let place = row * resampling.output.width + column
          if resampling.isLinear {
            let upper = mixed(rows.lower[row], column) * (1 - rows.fraction[row])
            unsafe target[place] = Scalar(upper + mixed(rows.upper[row], column) * rows.fraction[row])
          } else {
            unsafe target[place] = unsafe source[rows.lower[row] * width + columns.lower[column]]
          }
        }
      }
    }
  }

  /// x * scale + shift for each channel, in plain loops.
  @_specialize(where Scalar == Double)
  @_specialize(where Scalar == Float)
  public func scaleAndShift(
    _ input: FeatureMap<Scalar>, scale: UnsafePointer<Scalar>, shift: UnsafePointer<Scalar>,
    appliesReLU: Bool, into output: FeatureMap<Scalar>, threads: ThreadPool
  ) {
    unsafe threads.parallelFor(input.planeCount) { plane, _ in
      let source = unsafe input.plane(plane)
      let target = unsafe output.plane(plane)
      let channel = unsafe plane % input.channels
      for index in unsafe 0..<input.planeSize {
        let value = unsafe Double(source[index]) * Double(scale[channel]) + Double(shift[channel])
        unsafe target[index] = Scalar(appliesReLU && value < 0 ? 0 : value)
      }
    }
  }

  /// The function of each element, in plain loops.
  @_specialize(where Scalar == Double)
  @_specialize(where Scalar == Float)
  public func apply(
    _ function: UnaryFunction, _ input: FeatureMap<Scalar>, into output: FeatureMap<Scalar>,
    threads: ThreadPool
  ) {
    unsafe threads.parallelFor(input.planeCount) { plane, _ in
      let source = unsafe input.plane(plane)
      let target = unsafe output.plane(plane)
      for index in unsafe 0..<input.planeSize {
        let value = unsafe Double(source[index])
        unsafe target[index] = Scalar(Self.value(of: function, value))
      }
    }
  }

  /// Both operands, broadcast, element by element, in plain loops.
  @_specialize(where Scalar == Double)
  @_specialize(where Scalar == Float)
  public func combine(
    _ function: BinaryFunction, _ left: UnsafePointer<Scalar>, _ right: UnsafePointer<Scalar>,
    _ broadcasting: Broadcasting, appliesReLU: Bool, into output: UnsafeMutablePointer<Scalar>,
    threads: ThreadPool
  ) {
    let axis = broadcasting.dimensions.count - 1
    threads.parallelFor(broadcasting.runCount) { run, _ in
      let offsets = broadcasting.offsets(ofRun: run)
      for index in 0..<broadcasting.runLength {
        let one = unsafe Double(left[offsets.left + index * broadcasting.leftStrides[axis]])
        let other = unsafe Double(right[offsets.right + index * broadcasting.rightStrides[axis]])
        let value = Self.value(of: function, one, other)
        unsafe output[offsets.output + index * broadcasting.outputStrides[axis]] =
          Scalar(appliesReLU && value < 0 ? 0 : value)
      }
    }
  }

  /// exp(x - largest) over the sum of these, along one axis, in plain loops.
  @_specialize(where Scalar == Double)
  @_specialize(where Scalar == Float)
  public func softmax(
    _ input: UnsafePointer<Scalar>, outer: Int, count: Int, inner: Int,
    into output: UnsafeMutablePointer<Scalar>, threads: ThreadPool
  ) {
    threads.parallelFor(outer * inner) { row, _ in
      let start = row / inner * count * inner + row % inner
      let values = (0..<count).map { unsafe Double(input[start + $0 * inner]) }
      let largest = values.max() ?? 0
      let powers = values.map { exp($0 - largest) }
      let sum = powers.reduce(0, +)
      for index in 0..<count { unsafe output[start + index * inner] = Scalar(powers[index] / sum) }
    }
  }

  /// Each row by its own statistics, in plain loops.
  @_specialize(where Scalar == Double)
  @_specialize(where Scalar == Float)
  public func normalizeRows(
    _ normalization: RowNormalization, _ input: UnsafePointer<Scalar>, scale: UnsafePointer<Scalar>?,
    shift: UnsafePointer<Scalar>?, into output: UnsafeMutablePointer<Scalar>, threads: ThreadPool
  ) {
    let count = normalization.count
    threads.parallelFor(normalization.rows) { row, _ in
      let source = unsafe input + row * count
      let target = unsafe output + row * count
      var mean = 0.0
      if normalization.subtractsMean {
        for index in 0..<count { unsafe mean += Double(source[index]) }
        mean /= Double(count)
      }
      var square = 0.0
      for index in 0..<count {
        let distance = unsafe Double(source[index]) - mean
        square += distance * distance
      }
      let root = (square / Double(count) + Double(normalization.epsilon)).squareRoot()
      for index in 0..<count {
        var value = unsafe (Double(source[index]) - mean) / root
        if let scale = unsafe scale { unsafe value *= Double(scale[index]) }
        if let shift = unsafe shift { unsafe value += Double(shift[index]) }
        unsafe target[index] = Scalar(value)
      }
    }
  }
}
