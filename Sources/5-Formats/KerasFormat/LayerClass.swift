/// The plain Keras layers that are read; most are written too. Raw values are Keras's class names.
enum LayerClass: String, CaseIterable {
  case input = "InputLayer"
  case conv2D = "Conv2D"
  case conv2DTranspose = "Conv2DTranspose"
  case depthwiseConv2D = "DepthwiseConv2D"
  case separableConv2D = "SeparableConv2D"
  case batchNormalization = "BatchNormalization"
  case layerNormalization = "LayerNormalization"
  case groupNormalization = "GroupNormalization"
  case unitNormalization = "UnitNormalization"
  case normalization = "Normalization"
  case rescaling = "Rescaling"
  case relu = "ReLU"
  case leakyRelu = "LeakyReLU"
  case thresholdedRelu = "ThresholdedReLU"
  case pRelu = "PReLU"
  case elu = "ELU"
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
  case maximum = "Maximum"
  case minimum = "Minimum"
  case dot = "Dot"
  case merge = "Merge"
  case dense = "Dense"
  case flatten = "Flatten"
  case reshape = "Reshape"
  case permute = "Permute"
  case repeatVector = "RepeatVector"
  case centerCrop = "CenterCrop"
  case rmsNormalization = "RMSNormalization"
  // Of one axis beside the channels. They are read as those of two, the first of extent 1.
  case conv1D = "Conv1D"
  case conv1DTranspose = "Conv1DTranspose"
  case depthwiseConv1D = "DepthwiseConv1D"
  case separableConv1D = "SeparableConv1D"
  case maxPooling1D = "MaxPooling1D"
  case averagePooling1D = "AveragePooling1D"
  case globalAveragePooling1D = "GlobalAveragePooling1D"
  case globalMaxPooling1D = "GlobalMaxPooling1D"
  case zeroPadding1D = "ZeroPadding1D"
  case cropping1D = "Cropping1D"
  case upSampling1D = "UpSampling1D"
  // Of three.
  case conv3D = "Conv3D"
  case conv3DTranspose = "Conv3DTranspose"
  case maxPooling3D = "MaxPooling3D"
  case averagePooling3D = "AveragePooling3D"
  case globalAveragePooling3D = "GlobalAveragePooling3D"
  case globalMaxPooling3D = "GlobalMaxPooling3D"
  case zeroPadding3D = "ZeroPadding3D"
  case cropping3D = "Cropping3D"
  case upSampling3D = "UpSampling3D"
  // Products along several axes, and attention.
  case einsumDense = "EinsumDense"
  case multiHeadAttention = "MultiHeadAttention"
  case attention = "Attention"
  case additiveAttention = "AdditiveAttention"
  // Of sequences.
  case simpleRNN = "SimpleRNN"
  case gru = "GRU"
  case lstm = "LSTM"
  case bidirectional = "Bidirectional"
  case timeDistributed = "TimeDistributed"
  case embedding = "Embedding"
  // They do nothing in inference.
  case identity = "Identity"
  case dropout = "Dropout"
  case spatialDropout1D = "SpatialDropout1D"
  case spatialDropout2D = "SpatialDropout2D"
  case spatialDropout3D = "SpatialDropout3D"
  case alphaDropout = "AlphaDropout"
  case gaussianNoise = "GaussianNoise"
  case gaussianDropout = "GaussianDropout"
  case activityRegularization = "ActivityRegularization"
  /// A layer that changes images in training only, of one of the classes that `augmentations` lists.
  case augmentation = "augmentation"
  // Layers of keras.applications.
  case layerScale = "LayerScale"
  case stochasticDepth = "StochasticDepth"
  case customScale = "CustomScaleLayer"
  /// An operation of TensorFlow's or Keras 3's that stands in place of a layer.
  case operation = "operation"

  /// Classes that older versions call otherwise, and those that compute the same in inference.
  private static let otherNames: [String: LayerClass] = [
    "BatchNormalizationV1": .batchNormalization, "BatchNormalizationV2": .batchNormalization,
    "SyncBatchNormalization": .batchNormalization, "Convolution2D": .conv2D,
    "Convolution2DTranspose": .conv2DTranspose, "Deconvolution2D": .conv2DTranspose,
    "SeparableConvolution2D": .separableConv2D, "DepthwiseConvolution2D": .depthwiseConv2D,
    "MaxPool2D": .maxPooling2D, "AvgPool2D": .averagePooling2D,
    "GlobalAvgPool2D": .globalAveragePooling2D, "GlobalMaxPool2D": .globalMaxPooling2D,
    "Convolution1D": .conv1D, "Convolution1DTranspose": .conv1DTranspose,
    "SeparableConvolution1D": .separableConv1D, "Convolution3D": .conv3D,
    "Convolution3DTranspose": .conv3DTranspose, "MaxPool1D": .maxPooling1D, "MaxPool3D": .maxPooling3D,
    "AvgPool1D": .averagePooling1D, "AvgPool3D": .averagePooling3D,
    "GlobalAvgPool1D": .globalAveragePooling1D, "GlobalMaxPool1D": .globalMaxPooling1D,
    "GlobalAvgPool3D": .globalAveragePooling3D, "GlobalMaxPool3D": .globalMaxPooling3D,
    "Custom>CustomScaleLayer": .customScale, "Custom>LayerScale": .layerScale,
    "Custom>StochasticDepth": .stochasticDepth,
  ]

  /// Preprocessing layers that give back what they get unless they are called for training. RandomCrop is none of them.
  private static let augmentations: Set<String> = [
    "AugMix", "CutMix", "MixUp", "RandAugment", "RandomBrightness", "RandomColorDegeneration",
    "RandomColorJitter", "RandomContrast", "RandomElasticTransform", "RandomErasing", "RandomFlip",
    "RandomGaussianBlur", "RandomGrayscale", "RandomHeight", "RandomHue", "RandomInvert", "RandomPerspective",
    "RandomPosterization", "RandomRotation", "RandomSaturation", "RandomSharpness", "RandomShear",
    "RandomTranslation", "RandomWidth", "RandomZoom",
  ]

  /// The class that a configuration calls so; nil if it is none of these.
  init?(className: String) {
    if let known = LayerClass(rawValue: className), known != .operation, known != .augmentation {
      self = known
    } else if let known = Self.otherNames[className] {
      self = known
    } else if Self.augmentations.contains(className) {
      self = .augmentation
    } else {
      return nil
    }
  }

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

  /// Whether it is a layer that keras.applications define for themselves.
  var isOfApplications: Bool {
    switch self {
    case .layerScale, .stochasticDepth, .customScale: true
    default: false
    }
  }

  /// Whether it gives back what it gets, and only training makes a difference.
  var isIdentity: Bool {
    switch self {
    case .identity, .dropout, .spatialDropout1D, .spatialDropout2D, .spatialDropout3D, .alphaDropout,
      .gaussianNoise, .gaussianDropout, .activityRegularization, .augmentation, .stochasticDepth:
      true
    default: false
    }
  }

  /// Whether a call has arguments beside the tensors that the layer reads, or tensors by their names.
  var takesArguments: Bool {
    switch self {
    case .multiHeadAttention, .attention, .additiveAttention, .simpleRNN, .gru, .lstm, .bidirectional: true
    default: false
    }
  }

  /// Whether the layer computes something else in training than otherwise.
  var dependsOnTraining: Bool {
    switch self {
    case .batchNormalization: true
    case .identity, .activityRegularization: false
    default: isIdentity
    }
  }
}
