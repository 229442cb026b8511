// Safe: sizes were checked where the graph was planned (`KernelSet`): taps outside of the image are left out, and
// each task writes planes of its own.

extension ReferenceKernels {
  /// The largest element under each window, margins left out, in plain loops.
  @_specialize(where Scalar == Double)
  @_specialize(where Scalar == Float)
  public func maxPool(
    _ window: Window, _ input: FeatureMap<Scalar>, into output: FeatureMap<Scalar>, threads: ThreadPool
  ) {
    unsafe pool(window, input, output, threads) { taps, _, _ in
      taps.reduce(-Scalar.infinity) { $1 > $0 || $1.isNaN ? $1 : $0 }
    }
  }

  /// The mean of the elements under each window, in plain loops.
  @_specialize(where Scalar == Double)
  @_specialize(where Scalar == Float)
  public func averagePool(
    _ window: Window, countsPadding: Bool, _ input: FeatureMap<Scalar>, into output: FeatureMap<Scalar>,
    threads: ThreadPool
  ) {
    unsafe pool(window, input, output, threads) { taps, row, column in
      let sum = taps.reduce(0.0) { $0 + Double($1) }
      let count = unsafe window.meanCount(
        row: row, column: column, input: input.extent, countsPadding: countsPadding)
      return Scalar(sum / Double(count))
    }
  }

  /// The mean of each channel, summed in Double, in plain loops.
  @_specialize(where Scalar == Double)
  @_specialize(where Scalar == Float)
  public func globalAveragePool(
    _ input: FeatureMap<Scalar>, into output: FeatureMap<Scalar>, threads: ThreadPool
  ) {
    unsafe threads.parallelFor(input.planeCount) { plane, _ in
      let source = unsafe input.plane(plane)
      var sum = 0.0
      for index in unsafe 0..<input.planeSize { unsafe sum += Double(source[index]) }
      unsafe output.plane(plane)[0] = unsafe Scalar(sum / Double(input.planeSize))
    }
  }

  /// Gives the elements under each position of the window, without the padding, to `reduce`.
  private func pool(
    _ window: Window, _ input: FeatureMap<Scalar>, _ output: FeatureMap<Scalar>, _ threads: ThreadPool,
    _ reduce: (_ taps: [Scalar], _ row: Int, _ column: Int) -> Scalar
  ) {
    unsafe threads.parallelFor(input.planeCount) { plane, _ in
      let source = unsafe input.plane(plane)
      let target = unsafe output.plane(plane)
      for row in unsafe 0..<output.extent.height {
        let tapRows = unsafe Window.taps(
          row, kernel: window.kernel.height, stride: window.strides.height,
          dilation: window.dilations.height, padding: window.padding.top, size: input.extent.height)
        for column in unsafe 0..<output.extent.width {
          let tapColumns = unsafe Window.taps(
            column, kernel: window.kernel.width, stride: window.strides.width,
            dilation: window.dilations.width, padding: window.padding.left, size: input.extent.width)
          var taps: [Scalar] = []
          for tapRow in tapRows {
            let y = row * window.strides.height - window.padding.top + tapRow * window.dilations.height
            for tapColumn in tapColumns {
              let x = column * window.strides.width - window.padding.left + tapColumn * window.dilations.width
              unsafe taps.append(source[y * input.extent.width + x])
            }
          }
          unsafe target[row * output.extent.width + column] = reduce(taps, row, column)
        }
      }
    }
  }
}
