/// The plain Keras layers that are read; most are written too. Raw values are Keras's class names.
enum LayerClass: String, CaseIterable {
  case input = "InputLayer"
  case conv2D = "Conv2D"
  case depthwiseConv2D = "DepthwiseConv2D"
  case separableConv2D = "SeparableConv2D"
  case batchNormalization = "BatchNormalization"
  case normalization = "Normalization"
  case rescaling = "Rescaling"
  case relu = "ReLU"
  case leakyRelu = "LeakyReLU"
  case pRelu = "PReLU"
  case activation = "Activation"
  case softmax = "Softmax"
  case zeroPadding2D = "ZeroPadding2D"
  case cropping2D = "Cropping2D"
  case maxPooling2D = "MaxPooling2D"
  case averagePooling2D = "AveragePooling2D"
  case globalAveragePooling2D = "GlobalAveragePooling2D"
  case globalMaxPooling2D = "GlobalMaxPooling2D"
  case upSampling2D = "UpSampling2D"
  case resizing = "Resizing"
  case concatenate = "Concatenate"
  case add = "Add"
  case subtract = "Subtract"
  case multiply = "Multiply"
  case average = "Average"
  case dense = "Dense"
  case flatten = "Flatten"
  case reshape = "Reshape"
  case permute = "Permute"
  case dropout = "Dropout"
  case spatialDropout2D = "SpatialDropout2D"
  case gaussianNoise = "GaussianNoise"
  case gaussianDropout = "GaussianDropout"

  /// The name of the class in the groups of `.weights.h5`.
  var snakeCase: String { Self.snakeCase(rawValue) }

  /// Keras's `to_snake_case`: an underscore before each capital that begins a word.
  static func snakeCase(_ name: String) -> String {
    let letters = Array(name)
    var result = ""
    for (index, letter) in letters.enumerated() {
      let isBehindSmall = index > 0 && letters[index - 1].isLowercase
      let isBeforeSmall = index > 0 && index + 1 < letters.count && letters[index + 1].isLowercase
      if letter.isUppercase, isBehindSmall || isBeforeSmall { result += "_" }
      result += letter.lowercased()
    }
    return result
  }

  /// Whether Keras 3 has an operation of the same name for `+`, `-` and `*`.
  var isArithmetic: Bool { self == .add || self == .subtract || self == .multiply }

  /// Whether the layer computes something else in training than otherwise.
  var dependsOnTraining: Bool {
    switch self {
    case .batchNormalization, .dropout, .spatialDropout2D, .gaussianNoise, .gaussianDropout: true
    default: false
    }
  }
}
