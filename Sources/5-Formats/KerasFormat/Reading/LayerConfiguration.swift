import FileIO
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
  /// Which of the tensors that they yield it reads; the first of those that are not listed.
  var tensors: [Int] = []
  /// All arguments of an operation, in their order.
  var arguments: [Argument] = []
  /// Whether it is called as in training, where that is stated.
  var isTraining = false
  /// Whether it stands for a layer of one axis, whose weights do without the first of the two axes here.
  var isPlanar = false
  /// Where in the group of weights those of the layer are that this one is within.
  var outerGroup = ""

  /// The layer that a setting of a layer around it has; nil if it is none that is known.
  func inner(_ setting: String) -> LayerConfiguration? {
    guard let json = settings[setting], case .string(let className)? = json["class_name"],
      let inner = json["config"], case .object = inner,
      let kind = try? LayerKind(
        json, className, inner, { ScaleNetError(place: $0, expected: $1, found: $2) }),
      kind.operation == nil
    else { return nil }
    return LayerConfiguration(
      index: index, layerClass: kind.layerClass, className: className, operation: nil, name: name,
      ownName: ownName, settings: inner, source: source)
  }

  /// The same call as a layer of another class with other settings.
  func changed(to layerClass: LayerClass, _ settings: JSON, inputs: [Int]) -> LayerConfiguration {
    var result = LayerConfiguration(
      index: index, layerClass: layerClass, className: className, operation: nil, name: name,
      ownName: ownName, settings: settings, source: source)
    result.inputs = inputs
    return result
  }

  /// Where the weights are in the layer's group of `.weights.h5`, in their order: in the group itself, or in groups of the
  /// layers that it is made of.
  ///
  /// - Parameter members: what the group has.
  func weightGroups(_ members: [String]) -> [String] {
    outerGroup.isEmpty ? ownGroups(members) : ownGroups([]).map { outerGroup + $0 }
  }

  private func ownGroups(_ members: [String]) -> [String] {
    switch layerClass {
    case .simpleRNN, .gru, .lstm: return ["cell/"]
    case .bidirectional: return ["forward_layer/cell/", "backward_layer/cell/"]
    case .timeDistributed:
      let inner = inner("layer")?.weightGroups([]) ?? [""]
      return inner.map { "layer/" + $0 }
    case .multiHeadAttention:
      // Keras 2 has them with a line before their names.
      let mark = members.contains("query_dense") ? "" : "_"
      return ["query", "key", "value", "output"].map { "\(mark)\($0)_dense/" }
    default: return [""]
    }
  }

  /// How many weights the layer has: those that are trained, and those behind them that are not.
  var weightCounts: (trained: Int, others: Int) {
    func count(_ key: String) -> Int { settings[key] == .bool(false) ? 0 : 1 }
    switch layerClass {
    case .conv1D, .conv2D, .conv3D, .conv1DTranspose, .conv2DTranspose, .conv3DTranspose, .depthwiseConv1D,
      .depthwiseConv2D, .dense:
      return (1 + count("use_bias"), 0)
    case .separableConv1D, .separableConv2D, .simpleRNN, .gru, .lstm: return (2 + count("use_bias"), 0)
    case .multiHeadAttention: return (4 * (1 + count("use_bias")), 0)
    case .attention: return (settings["use_scale"] == .bool(true) ? 1 : 0, 0)
    case .additiveAttention: return (count("use_scale"), 0)
    case .einsumDense:
      return (settings["bias_axes"].map { $0 == .null ? 1 : 2 } ?? 1, 0)
    case .embedding, .rmsNormalization: return (1, 0)
    case .bidirectional:
      let counts = inner("layer")?.weightCounts ?? (trained: 0, others: 0)
      return (2 * counts.trained, 2 * counts.others)
    case .timeDistributed: return inner("layer")?.weightCounts ?? (trained: 0, others: 0)
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
      .merge, .flatten, .reshape, .permute, .repeatVector, .centerCrop, .maxPooling1D, .averagePooling1D,
      .globalAveragePooling1D, .globalMaxPooling1D, .zeroPadding1D, .cropping1D, .upSampling1D,
      .maxPooling3D, .averagePooling3D, .globalAveragePooling3D, .globalMaxPooling3D, .zeroPadding3D,
      .cropping3D, .upSampling3D, .identity, .dropout, .spatialDropout1D, .spatialDropout2D,
      .spatialDropout3D, .alphaDropout,
      .gaussianNoise, .gaussianDropout, .activityRegularization, .augmentation, .stochasticDepth,
      .customScale,
      .operation:
      return (0, 0)
    }
  }
}
