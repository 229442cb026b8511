import Architectures
import FileIO
import JSONText
import ModelIR

/// What a file of weights, or a `config.json` beside it, says of the network: the hub's form of timm, or that of Hugging
/// Face's transformers.
struct WeightsConfiguration: Sendable {
  var stridePlacement: StridePlacement?
  var activation: Activation?
  var antiAliasing: AntiAliasing?
  var padsLikeTensorFlow: Bool?
  /// How images are prepared, and the file that says it.
  var images: (source: String, stated: ImagePreprocessing)?

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
    let slash = weights.utf8.lastIndex(of: UInt8(ascii: "/"))
    let folder = slash.map { String(weights[...$0]) } ?? ""
    let path = folder + "config.json"
    guard FileIdentity.of(path: path) != nil else { return (nil, []) }
    let json: JSON
    do throws(ScaleNetError) {
      guard let read = try read("config.json", beside: weights) else {
        return (nil, ["\(path.escapedForMessage) is too large for a configuration, and was not read"])
      }
      json = read
    } catch {
      return (nil, ["the configuration beside the weights was not read: \(error.inFile(path))"])
    }
    var result: WeightsConfiguration
    var notes: [String] = []
    if let name = json["architecture"]?.string {
      result = try timm(json, name, path, network)
      do throws(ScaleNetError) { try result.setImages(json, path) } catch {
        notes.append("how images are prepared was not read: \(error.inFile(path))")
      }
    } else if let kind = json["model_type"]?.string {
      result = try transformers(json, kind, path, network)
    } else {
      return (
        nil,
        [
          "\(path.escapedForMessage) names no architecture, as those of timm and transformers do: nothing was taken from it"
        ]
      )
    }
    let beside = folder + "preprocessor_config.json"
    if result.images == nil, FileIdentity.of(path: beside) != nil {
      do throws(ScaleNetError) {
        if let json = try read("preprocessor_config.json", beside: weights) {
          try result.setImages(json, beside)
        }
      } catch {
        throw error.inFile(beside)
      }
    }
    return (result, notes)
  }

  /// What a training checkpoint says of itself: `arch` of timm's and PyTorch's examples, `args.model` of torchvision's
  /// references. Nil if it says nothing.
  fileprivate init?(stating facts: [String: String], path: String, network: String) throws(ScaleNetError) {
    guard let key = ["arch", "args.arch", "args.model"].first(where: { facts[$0] != nil }),
      let name = facts[key]
    else { return nil }
    let published = try PublishedName(name, source: path, place: key, network: network)
    self.init()
    antiAliasing = published.antiAliasing
    padsLikeTensorFlow = published.padsLikeTensorFlow
  }

  fileprivate init() {}

  /// A link is followed only as caches of downloads have them, to a file beside the weights themselves: what others pack
  /// into a folder must not point out of it.
  private static func read(_ name: String, beside weights: String) throws(ScaleNetError) -> JSON? {
    let file = try CompanionFile.map(name, beside: weights)
    guard file.count <= mostBytes else { return nil }
    let bytes = file.array()
    try file.checkIntact()
    return try JSONParser.parse(bytes, allowsNonFinite: true)
  }

  /// timm's: the name of the model and its arguments.
  private static func timm(
    _ json: JSON, _ name: String, _ path: String, _ network: String
  ) throws(ScaleNetError) -> WeightsConfiguration {
    let published = try PublishedName(name, source: path, place: "architecture", network: network)
    var result = WeightsConfiguration()
    result.antiAliasing = published.antiAliasing
    result.padsLikeTensorFlow = published.padsLikeTensorFlow
    guard case .object(let arguments)? = json["model_args"] else { return result }
    for argument in arguments {
      let key = "model_args.\(argument.key)"
      switch argument.key {
      case "act_layer":
        result.activation = try activation(argument.value.string, path, key)
      // These are told by the weights.
      case "num_classes", "in_chans", "img_size", "pretrained", "drop_rate", "drop_path_rate": continue
      default:
        throw ScaleNetError(
          path: path, place: key, expected: "act_layer, or what weights tell",
          found: argument.key.escapedForMessage)
      }
    }
    return result
  }

  /// That of transformers' ResNets.
  private static func transformers(
    _ json: JSON, _ kind: String, _ path: String, _ network: String
  ) throws(ScaleNetError) -> WeightsConfiguration {
    guard kind == "resnet" else {
      throw ScaleNetError(
        path: path, place: "model_type",
        expected: "resnet, or a configuration of timm; the weights beside it would pass for a \(network)",
        found: kind.escapedForMessage)
    }
    if json["downsample_in_first_stage"]?.bool == true {
      throw ScaleNetError(
        path: path, place: "downsample_in_first_stage", expected: "false: the first stage keeps its size",
        found: "true")
    }
    var result = WeightsConfiguration()
    if let name = json["hidden_act"] {
      result.activation = try activation(name.string, path, "hidden_act")
    }
    if json["layer_type"]?.string == "bottleneck", let isFirst = json["downsample_in_bottleneck"]?.bool {
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

  /// Takes what a configuration of timm or of transformers says of images, if it says something.
  private mutating func setImages(_ json: JSON, _ path: String) throws(ScaleNetError) {
    let stated = try ImagePreprocessing(settings: json)
    if !stated.isEmpty { images = (path, stated) }
  }

  /// The same for reports.
  var preprocessing: StatedPreprocessing? {
    images.map { images in
      var result = StatedPreprocessing(source: images.source)
      result.inputSize = images.stated.crop.map { [3, $0.height, $0.width] }
      result.mean = images.stated.mean
      result.standardDeviation = images.stated.standardDeviation
      result.interpolation = images.stated.interpolation?.rawValue
      result.cropFraction = images.stated.cropPercentage
      return result
    }
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
    var found = beside ?? own
    var allNotes = self.notes + notes
    if found?.images == nil {
      do throws(ScaleNetError) {
        if let stated = try ImagePreprocessing(stating: facts) {
          found = found ?? WeightsConfiguration()
          found?.images = (path, stated)
        }
      } catch {
        allNotes.append("how images are prepared was not read: \(error.inFile(path))")
      }
    }
    if found == nil && allNotes.count == self.notes.count { return self }
    return Model(
      path: path, format: format, content: content, notes: allNotes, files: files, configuration: found)
  }
}
