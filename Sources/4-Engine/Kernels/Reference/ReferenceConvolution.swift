// Safe: sizes were checked where the graph was planned (`KernelSet`): taps outside of the image are left out, and
// each task writes planes of its own.

/// A convolution as seven nested loops, compiled for Float and Double: otherwise every operation would be a call.
struct ReferenceConvolution<Scalar: BinaryFloatingPoint & Sendable>: PreparedConvolution {
  let geometry: Convolution
  /// OIHW.
  let weights: [Scalar]
  let bias: [Scalar]?

  func workspaceCount(threads: Int) -> Int { 0 }

  @_specialize(where Scalar == Double)
  @_specialize(where Scalar == Float)
  func run(
    _ input: FeatureMap<Scalar>, into output: FeatureMap<Scalar>, residual: FeatureMap<Scalar>?,
    appliesReLU: Bool, workspace: UnsafeMutablePointer<Scalar>, threads: ThreadPool
  ) {
    let outputs = geometry.outputChannels
    threads.parallelFor(geometry.batch * outputs) { plane, _ in
      let image = unsafe input.elements + plane / outputs * input.batchStride
      let target = unsafe output.plane(plane)
      let other = unsafe residual?.plane(plane)
      for row in 0..<geometry.output.height {
        for column in 0..<geometry.output.width {
          let index = row * geometry.output.width + column
          var sum = unsafe sum(image, plane % outputs, row, column)
          if let bias = bias { sum += Double(bias[plane % outputs]) }
          if let other = unsafe other { unsafe sum += Double(other[index]) }
          unsafe target[index] = Scalar(appliesReLU && sum < 0 ? 0 : sum)
        }
      }
    }
  }

  /// The sum of products for one output element, without bias.
  private func sum(_ image: UnsafeMutablePointer<Scalar>, _ channel: Int, _ row: Int, _ column: Int) -> Double
  {
    let window = geometry.window
    let channels = geometry.inputChannels / geometry.groups
    let firstChannel = channel / (geometry.outputChannels / geometry.groups) * channels
    let tapRows = Window.taps(
      row, kernel: window.kernel.height, stride: window.strides.height, dilation: window.dilations.height,
      padding: window.padding.top, size: geometry.input.height)
    let tapColumns = Window.taps(
      column, kernel: window.kernel.width, stride: window.strides.width, dilation: window.dilations.width,
      padding: window.padding.left, size: geometry.input.width)
    var sum = 0.0
    for inputChannel in 0..<channels {
      let plane = unsafe image + (firstChannel + inputChannel) * geometry.input.area
      for tapRow in tapRows {
        let y = row * window.strides.height - window.padding.top + tapRow * window.dilations.height
        for tapColumn in tapColumns {
          let x = column * window.strides.width - window.padding.left + tapColumn * window.dilations.width
          let weight =
            ((channel * channels + inputChannel) * window.kernel.height + tapRow)
            * window.kernel.width + tapColumn
          unsafe sum += Double(weights[weight]) * Double(plane[y * geometry.input.width + x])
        }
      }
    }
    return sum
  }
}
