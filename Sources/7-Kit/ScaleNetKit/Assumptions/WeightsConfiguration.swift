import Architectures
import FileIO

/// What stands in a `config.json` beside weights: the hub's form of timm, or that of Hugging Face's transformers.
struct WeightsConfiguration: Sendable {
  var path: String
  /// The network's name, such as `resnet50`, as the file has it.
  var architecture: String
  var stridePlacement: StridePlacement?
  var activation: Activation?
  var antiAliasing: AntiAliasing?
  var padsLikeTensorFlow: Bool?
  var preprocessing: StatedPreprocessing?

  /// Larger files are none of these.
  private static let mostBytes = 1 << 20

  /// The configuration in the directory of a file of weights; nil if there is none, with a note if there is something
  /// else.
  ///
  /// - Parameter network: what the weights are, for messages.
  /// - Throws: if it names a network that the weights could pass for and that is not built here.
  static func beside(
    _ weights: String, network: String
  ) throws(ScaleNetError) -> (configuration: WeightsConfiguration?, notes: [String]) {
    let folder = weights.lastIndex(of: "/").map { String(weights[...$0]) } ?? ""
    let path = folder + "config.json"
    guard FileIdentity.of(path: path) != nil else { return (nil, []) }
    let json: FlatJSON
    do throws(ScaleNetError) {
      guard let read = try read(path) else {
        return (nil, ["\(path.escapedForMessage) is too large for a configuration, and was not read"])
      }
      json = read
    } catch {
      return (nil, ["the configuration beside the weights was not read: \(error.inFile(path))"])
    }
    var result: WeightsConfiguration
    if let name = json.string("architecture") {
      result = try timm(json, name, path, network)
    } else if let kind = json.string("model_type") {
      result = try transformers(json, kind, path, network)
    } else {
      return (
        nil,
        [
          "\(path.escapedForMessage) names no architecture, as those of timm and transformers do: nothing was taken from it"
        ]
      )
    }
    if result.preprocessing == nil, FileIdentity.of(path: folder + "preprocessor_config.json") != nil {
      result.preprocessing = try preprocessor(folder + "preprocessor_config.json")
    }
    return (result, [])
  }

  /// What a training checkpoint says of itself: `arch` of timm's and PyTorch's examples, `args.model` of torchvision's
  /// references. Nil if it says nothing.
  init?(stating facts: [String: String], path: String, network: String) throws(ScaleNetError) {
    guard let key = ["arch", "args.arch", "args.model"].first(where: { facts[$0] != nil }),
      let name = facts[key]
    else { return nil }
    let published = try PublishedName(name, source: path, place: key, network: network)
    self.init(path: path, architecture: name)
    antiAliasing = published.antiAliasing
    padsLikeTensorFlow = published.padsLikeTensorFlow
  }

  private init(path: String, architecture: String) {
    self.path = path
    self.architecture = architecture
  }

  private static func read(_ path: String) throws(ScaleNetError) -> FlatJSON? {
    let file = try ByteRegion.map(path: path)
    guard file.count <= mostBytes else { return nil }
    let bytes = unsafe file.withUnsafeBytes { unsafe Array($0) }
    try file.checkIntact()
    return try FlatJSON(bytes)
  }

  /// timm's: the name of the model, its arguments, and `pretrained_cfg`, which older files have at the top.
  private static func timm(
    _ json: FlatJSON, _ name: String, _ path: String, _ network: String
  ) throws(ScaleNetError) -> WeightsConfiguration {
    let published = try PublishedName(name, source: path, place: "architecture", network: network)
    var result = WeightsConfiguration(path: path, architecture: name)
    result.antiAliasing = published.antiAliasing
    result.padsLikeTensorFlow = published.padsLikeTensorFlow
    for key in json.keys where key.hasPrefix("model_args.") {
      let argument = String(key.dropFirst("model_args.".count))
      switch argument {
      case "act_layer":
        result.activation = try activation(json.string(key), path, key)
      // These are told by the weights.
      case "num_classes", "in_chans", "img_size", "pretrained", "drop_rate", "drop_path_rate": continue
      default:
        throw ScaleNetError(
          path: path, place: key, expected: "act_layer, or what weights tell",
          found: argument.escapedForMessage)
      }
    }
    func key(_ name: String) -> String {
      json.values["pretrained_cfg.\(name)"] == nil ? name : "pretrained_cfg.\(name)"
    }
    var preprocessing = StatedPreprocessing(source: path)
    preprocessing.inputSize = json.numbers(key("input_size")).map { $0.compactMap { Int(exactly: $0) } }
    preprocessing.mean = json.numbers(key("mean"))
    preprocessing.standardDeviation = json.numbers(key("std"))
    preprocessing.interpolation = json.string(key("interpolation"))
    preprocessing.cropFraction = json.number(key("crop_pct"))
    if !preprocessing.isEmpty { result.preprocessing = preprocessing }
    return result
  }

  /// That of transformers' ResNets.
  private static func transformers(
    _ json: FlatJSON, _ kind: String, _ path: String, _ network: String
  ) throws(ScaleNetError) -> WeightsConfiguration {
    guard kind == "resnet" else {
      throw ScaleNetError(
        path: path, place: "model_type",
        expected: "resnet, or a configuration of timm; the weights beside it would pass for a \(network)",
        found: kind.escapedForMessage)
    }
    if json.boolean("downsample_in_first_stage") == true {
      throw ScaleNetError(
        path: path, place: "downsample_in_first_stage", expected: "false: the first stage keeps its size",
        found: "true")
    }
    var result = WeightsConfiguration(path: path, architecture: kind)
    if json.values["hidden_act"] != nil {
      result.activation = try activation(json.string("hidden_act"), path, "hidden_act")
    }
    if json.string("layer_type") == "bottleneck", let isFirst = json.boolean("downsample_in_bottleneck") {
      result.stridePlacement = isFirst ? .first : .middle
    }
    return result
  }

  private static func activation(
    _ name: String?, _ path: String, _ place: String
  ) throws(ScaleNetError) -> Activation {
    let plain = name == "swish" ? "silu" : name ?? ""
    guard let activation = Activation(rawValue: plain) else {
      throw ScaleNetError(
        path: path, place: place,
        expected: "one of " + Activation.allCases.map(\.rawValue).joined(separator: ", "),
        found: (name ?? "no name").escapedForMessage)
    }
    return activation
  }

  /// What transformers keeps of it, in a file of its own.
  private static func preprocessor(_ path: String) throws(ScaleNetError) -> StatedPreprocessing? {
    guard let json = try read(path) else { return nil }
    var result = StatedPreprocessing(source: path)
    let side =
      json.number("crop_size.height") ?? json.number("size.height") ?? json.number("size.shortest_edge")
      ?? json.number("size")
    result.inputSize = side.flatMap { Int(exactly: $0) }.map { [3, $0, $0] }
    result.mean = json.numbers("image_mean")
    result.standardDeviation = json.numbers("image_std")
    // Pillow's numbers.
    result.interpolation = json.number("resample").flatMap {
      [0: "nearest", 1: "lanczos", 2: "bilinear", 3: "bicubic"][$0]
    }
    result.cropFraction = json.number("crop_pct")
    return result.isEmpty ? nil : result
  }
}

extension Model {
  /// The same with what the configuration beside a file of weights says; a model without one stays what it is.
  func configured() throws(ScaleNetError) -> Model {
    guard case .weights(_, let architecture) = content, format == .pytorch || format == .safetensors else {
      return self
    }
    let own = try WeightsConfiguration(stating: facts, path: path, network: architecture.displayName)
    let (beside, notes) = try WeightsConfiguration.beside(path, network: architecture.displayName)
    // What stands beside the weights knows more of them than their names.
    let found = beside ?? own
    if found == nil && notes.isEmpty { return self }
    return Model(
      path: path, format: format, content: content, notes: self.notes + notes, files: files,
      configuration: found)
  }
}
