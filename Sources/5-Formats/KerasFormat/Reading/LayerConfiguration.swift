import JSONText

/// One call of a layer as the configuration describes it: a layer that is called several times is several of these.
struct LayerConfiguration {
  /// What a layer is called with.
  struct Argument {
    enum Value {
      /// What another layer yields: the position among `inputs`.
      case input(Int)
      case constant(JSON)
    }

    /// Nil for those that are told apart by their position.
    let name: String?
    let value: Value
  }

  /// The position among the calls of the layers of the model and of those within it.
  let index: Int
  let layerClass: LayerClass
  /// The class as the file names it.
  let className: String
  /// What stands in place of a layer.
  let operation: Operation?
  /// The name, behind those of the models that the layer is in, and a number where it is called again.
  let name: String
  /// The name in its own model.
  let ownName: String
  /// The layer's own settings.
  let settings: JSON
  /// The layer's first call: the one that stands for its weights.
  var source: Int
  /// Whether the layer's weights are trained, unless a model around it says that they are not.
  var isTrainable = true
  /// The calls that it reads. An input of a model within another reads what that model is called on.
  var inputs: [Int] = []
  /// All arguments of an operation, in their order.
  var arguments: [Argument] = []
  /// Whether it is called as in training, where that is stated.
  var isTraining = false

  /// How many weights the layer has: those that are trained, and those behind them that are not.
  var weightCounts: (trained: Int, others: Int) {
    func count(_ key: String) -> Int { settings[key] == .bool(false) ? 0 : 1 }
    switch layerClass {
    case .conv2D, .conv2DTranspose, .depthwiseConv2D, .dense: return (1 + count("use_bias"), 0)
    case .separableConv2D: return (2 + count("use_bias"), 0)
    case .batchNormalization: return (count("scale") + count("center"), 2)
    case .layerNormalization, .groupNormalization: return (count("scale") + count("center"), 0)
    case .pRelu, .layerScale: return (1, 0)
    case .normalization:
      let hasStatistics = [settings["mean"], settings["variance"]].allSatisfy { $0 != nil && $0 != .null }
      return (0, hasStatistics ? 0 : 3)
    case .input, .unitNormalization, .rescaling, .relu, .leakyRelu, .thresholdedRelu, .elu, .activation,
      .softmax,
      .zeroPadding2D, .cropping2D, .maxPooling2D, .averagePooling2D, .globalAveragePooling2D,
      .globalMaxPooling2D,
      .upSampling2D, .resizing, .concatenate, .add, .subtract, .multiply, .average, .maximum, .minimum, .dot,
      .merge, .flatten, .reshape, .permute, .identity, .dropout, .spatialDropout2D, .alphaDropout,
      .gaussianNoise, .gaussianDropout, .activityRegularization, .augmentation, .stochasticDepth,
      .customScale,
      .operation:
      return (0, 0)
    }
  }
}
