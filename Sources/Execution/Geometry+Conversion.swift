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
    if case .scales(let given) = resize.extent {
      for (axis, scale) in zip(resize.axes, given) { scales[axis] = scale }
      // A factor that leaves the extent as it is still moves the positions.
      guard scales[0] == 1, scales[1] == 1 else { return nil }
      areGiven = true
    }
    let rounding: Rounding =
      switch resize.nearestMode {
      case .floor: .floor
      case .ceil: .ceil
      case .roundPreferFloor: .roundPreferFloor
      case .roundPreferCeil: .roundPreferCeil
      }
    let coordinates: Coordinates =
      switch resize.coordinateTransformation {
      case .halfPixel: .halfPixel
      case .pytorchHalfPixel: .pytorchHalfPixel
      case .asymmetric: .asymmetric
      case .alignCorners: .alignCorners
      case .tfHalfPixelForNN: .tfHalfPixelForNN
      case .halfPixelSymmetric: .halfPixelSymmetric
      }
    self.init(
      resize.mode == .linear ? .linear : .nearest(rounding), coordinates, input: Extent(input[2], input[3]),
      output: Extent(output[2], output[3]), scales: areGiven ? (scales[2], scales[3]) : nil)
  }
}
