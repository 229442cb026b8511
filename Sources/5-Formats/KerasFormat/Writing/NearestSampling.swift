import ModelIR

/// Which element of the input a nearest resize takes for each of the output, along one axis.
struct NearestSampling {
  private let indices: [Int]
  private let inputExtent: Int

  init(_ op: Resize, from inputExtent: Int, to outputExtent: Int) {
    self.inputExtent = inputExtent
    indices = (0..<outputExtent).map { index in
      let (x, input, output) = (Double(index), Double(inputExtent), Double(outputExtent))
      let position =
        switch op.coordinateTransformation {
        case .asymmetric: x * input / output
        case .halfPixel, .halfPixelSymmetric: (x + 0.5) * input / output - 0.5
        case .pytorchHalfPixel: outputExtent > 1 ? (x + 0.5) * input / output - 0.5 : 0
        case .tfHalfPixelForNN: (x + 0.5) * input / output
        case .alignCorners: outputExtent > 1 ? x * (input - 1) / (output - 1) : 0
        }
      let rounded =
        switch op.nearestMode {
        case .floor: position.rounded(.down)
        case .ceil: position.rounded(.up)
        case .roundPreferFloor: (position - 0.5).rounded(.up)
        case .roundPreferCeil: (position + 0.5).rounded(.down)
        }
      return min(max(Int(rounded), 0), inputExtent - 1)
    }
  }

  /// Whether each element is repeated `factor` times, as UpSampling2D does.
  func isRepetition(by factor: Int) -> Bool {
    indices.enumerated().allSatisfy { $0.element == $0.offset / factor }
  }

  /// Whether these are the elements that TensorFlow's resize takes: floor((index + 0.5) * input / output), in Float.
  var isTensorFlows: Bool {
    let scale = Float(inputExtent) / Float(indices.count)
    return indices.enumerated().allSatisfy { index, taken in
      taken == min(Int(((Float(index) + 0.5) * scale).rounded(.down)), inputExtent - 1)
    }
  }
}
