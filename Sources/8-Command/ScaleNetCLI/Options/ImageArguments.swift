import ArgumentParser
import Images
import ScaleNetKit

/// How images are brought to a network, the same in every command that takes some.
struct ImageArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "What the model does not say of itself: a name, a config.json of timm or preprocessor_config.json, or values.",
      valueName: "imagenet|timm|file.json|mean=...,std=..."), completion: .settings)
  var preprocess: String?

  @Option(help: ArgumentHelp("The shorter side of an image before the crop.", valueName: "pixels"))
  var resize: Int?

  @Option(
    help: ArgumentHelp(
      "What is cut out at the centre: the network's input, where the model leaves that open.",
      valueName: "size"))
  var crop: InputSize?

  @Option(
    name: .customLong("crop-pct"),
    help: ArgumentHelp("The crop's part of the resized image, as timm has it.", valueName: "part"))
  var cropPercentage: Double?

  @Option(help: "How timm crops: at the centre, all of the image squashed, or fitted in with a border.")
  var cropMode: Preprocessing.CropMode?

  @Option(help: "The filter images are resized with, as Pillow has it.")
  var interpolation: Interpolation?

  @Option(help: ArgumentHelp("What is subtracted from each channel, from 0 to 1.", valueName: "r,g,b"))
  var mean: String?

  @Option(help: ArgumentHelp("What each channel is divided by then.", valueName: "r,g,b"))
  var std: String?

  @Option(help: "The order of the channels at the model's input.")
  var channelOrder: ChannelOrder?

  @Option(
    help: ArgumentHelp(
      "The colour behind transparent pixels, a name or #rrggbb; by default alpha is dropped.",
      valueName: "colour"
    ))
  var background: String?

  @Option(
    help: ArgumentHelp("Names of the classes: a file, or imagenet.", valueName: "file|imagenet"),
    completion: .labels)
  var labels: String?

  @Option(help: ArgumentHelp("Images in a batch; 16 where the model leaves it open.", valueName: "n"))
  var batch: Int?

  @OptionGroup var threads: ThreadOptions

  @Option(help: ArgumentHelp("Threads that decode images; as many as compute by default.", valueName: "n"))
  var decodeThreads: Int?

  /// What the library is asked for.
  func options(turningByExif: Bool, graph: GraphOptions) throws -> ImageOptions {
    var options = ImageOptions()
    options.appliesOrientation = turningByExif
    options.graph = graph
    options.batch = batch
    options.threads = threads.threads
    options.decodingThreads = decodeThreads
    if let labels { options.labels = try Labels.read(labels) }
    if let background {
      guard let color = Image.Color(background) else {
        throw ValidationError("--background: expected a colour such as white or #rrggbb, found \(background)")
      }
      options.background = color
    }
    var asked = ImagePreprocessing()
    asked.resize = resize
    asked.crop = crop
    asked.cropPercentage = cropPercentage
    asked.cropMode = cropMode
    asked.interpolation = interpolation
    asked.mean = try Self.numbers(mean, "mean")
    asked.standardDeviation = try Self.numbers(std, "std")
    asked.channelOrder = channelOrder
    if resize != nil, cropPercentage != nil {
      throw ValidationError("--resize, --crop-pct: expected one of them, found both")
    }
    options.preprocessing = try preprocess.map { asked.over(try ImagePreprocessing(parsing: $0)) } ?? asked
    return options
  }

  private static func numbers(_ text: String?, _ option: String) throws -> [Double]? {
    guard let text else { return nil }
    let parts = text.split(separator: ",", omittingEmptySubsequences: false)
    let numbers = parts.compactMap { Double($0) }
    guard numbers.count == parts.count, numbers.allSatisfy(\.isFinite),
      numbers.count == 1 || numbers.count == 3
    else {
      throw ValidationError("--\(option): expected one number, or three between commas, found \(text)")
    }
    return numbers
  }
}

/// Preprocessing that a conversion puts into the graph.
struct GraphPreprocessingArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Put scale, mean and deviation into the graph: those of a name, a config.json of timm, or values.",
      valueName: "imagenet|timm|file.json|mean=...,std=..."), completion: .settings)
  var preprocess: String?

  enum InputType: String, ExpressibleByArgument, CaseIterable { case uint8, float32 }

  @Option(help: "With --preprocess: what the graph takes; uint8 by default.")
  var inputType: InputType?

  @Option(help: "With --preprocess: where the channels of the image stand; nhwc by default.")
  var inputLayout: ImageLayout?

  @Option(help: "With --preprocess: the order of the image's channels; rgb by default.")
  var channelOrder: ChannelOrder?

  @Option(
    help: ArgumentHelp(
      "Put the names of the classes into the metadata: those of a file, or of imagenet.",
      valueName: "file|imagenet"
    ), completion: .labels)
  var labels: String?

  func validate() throws {
    guard preprocess == nil else { return }
    for (option, isGiven) in [
      ("input-type", inputType != nil), ("input-layout", inputLayout != nil),
      ("channel-order", channelOrder != nil),
    ] where isGiven {
      throw ValidationError("--\(option): expected with --preprocess")
    }
  }

  /// What the library is asked for.
  func apply(to options: inout ConversionOptions) throws {
    if let labels { options.labels = try Labels.read(labels) }
    guard let preprocess else { return }
    var preprocessing = GraphPreprocessing(try ImagePreprocessing(parsing: preprocess))
    if let inputType { preprocessing.inputType = inputType == .uint8 ? .uint8 : .float32 }
    preprocessing.layout = inputLayout
    if let channelOrder { preprocessing.channelOrder = channelOrder }
    options.preprocessing = preprocessing
  }
}
