import Glibc

/// How images were brought to a network, as reports state it; part of `schemas/predict.schema.json` and
/// `schemas/eval.schema.json`.
public struct PreprocessingReport: Sendable, Codable, Hashable {
  /// Height and width of the network's input, in pixels.
  public var inputSize: [Int]
  /// Height and width that images were resized to before the crop: the shorter side twice, unless it was an exact size.
  public var resize: [Int]
  /// `crop_pct`: the input's part of the resized image.
  public var cropPercentage: Double
  /// timm's `crop_mode`: `center`, `squash` or `border`.
  public var cropMode: String
  /// Pillow's name of the filter.
  public var interpolation: String
  /// What bytes were divided by, what was subtracted then, and what that was divided by, for each of the network's
  /// channels, whether by the graph or before it.
  public var divisor: Double
  /// What was subtracted from each channel.
  public var mean: [Double]
  /// What each channel was divided by.
  public var standardDeviation: [Double]
  /// The order of the channels at the graph's input: `rgb`, `bgr`, or `grey` for a single one.
  public var channelOrder: String
  /// Whether the graph itself does the arithmetic.
  public var isInGraph: Bool
  /// Whether images were turned as their Exif data say.
  public var appliesOrientation: Bool
  /// The colour behind transparent pixels as `#rrggbb`; nil where alpha was dropped.
  public var background: String?

  public init(
    inputSize: [Int], resize: [Int], cropPercentage: Double, cropMode: String, interpolation: String,
    divisor: Double, mean: [Double], standardDeviation: [Double], channelOrder: String, isInGraph: Bool,
    appliesOrientation: Bool, background: String?
  ) {
    self.inputSize = inputSize
    self.resize = resize
    self.cropPercentage = cropPercentage
    self.cropMode = cropMode
    self.interpolation = interpolation
    self.divisor = divisor
    self.mean = mean
    self.standardDeviation = standardDeviation
    self.channelOrder = channelOrder
    self.isInGraph = isInGraph
    self.appliesOrientation = appliesOrientation
    self.background = background
  }

  enum CodingKeys: String, CodingKey {
    case resize, interpolation, divisor, mean, background
    case inputSize = "input_size"
    case cropPercentage = "crop_pct"
    case cropMode = "crop_mode"
    case standardDeviation = "std"
    case channelOrder = "channel_order"
    case isInGraph = "in_graph"
    case appliesOrientation = "orientation_applied"
  }
}

/// A class that an image may show.
public struct ClassScore: Sendable, Codable, Hashable {
  /// The position in the network's output, from 0 on.
  public var index: Int
  /// The class's name; nil where the network has no labels.
  public var label: String?
  /// From 0 to 1: the softmax of the output, or the output itself where that is one already.
  public var probability: Double

  public init(index: Int, label: String?, probability: Double) {
    self.index = index
    self.label = label
    self.probability = probability
  }
}

/// What a network says of images; `schemas/predict.schema.json` describes its JSON.
public struct PredictionReport: Sendable, Codable, Hashable {
  /// One image and its most probable classes, or why it could not be read.
  public struct Entry: Sendable, Codable, Hashable {
    /// The path, `-` for standard input.
    public var image: String
    /// Width and height in pixels, upright; nil if it could not be read.
    public var size: [Int]?
    /// The most probable classes, the first of equals the one of the lower index; empty if the image could not be read.
    public var classes: [ClassScore]
    /// Why it could not be read; nil if it could.
    public var error: String?

    public init(image: String, size: [Int]? = nil, classes: [ClassScore] = [], error: String? = nil) {
      self.image = image
      self.size = size
      self.classes = classes
      self.error = error
    }
  }

  /// The path of the model.
  public var model: String
  /// The network's name.
  public var architecture: String
  /// How images were brought to the network.
  public var preprocessing: PreprocessingReport
  /// In the order in which they were asked for.
  public var images: [Entry]
  /// What was assumed, one sentence each.
  public var notes: [String]

  public init(
    model: String, architecture: String, preprocessing: PreprocessingReport, images: [Entry], notes: [String]
  ) {
    self.model = model
    self.architecture = architecture
    self.preprocessing = preprocessing
    self.images = images
    self.notes = notes
  }

  /// The images that could not be read.
  public var unreadable: [Entry] { images.filter { $0.error != nil } }
}

/// The positions of the largest numbers, largest first; of equals the first comes first. What is not a number comes last.
public func largest(_ count: Int, of scores: [Float]) -> [Int] {
  var best: [Int] = []
  for (index, score) in scores.enumerated() where !score.isNaN {
    // Few are kept, so that most numbers are compared with one.
    if best.count == count, let last = best.last, scores[last] >= score { continue }
    let place = best.firstIndex { scores[$0] < score } ?? best.count
    best.insert(index, at: place)
    if best.count > count { best.removeLast() }
  }
  for index in scores.indices where best.count < count && scores[index].isNaN { best.append(index) }
  return best
}

/// The probabilities of classes: exp(x - max) over their sum, in double precision.
public func softmax(_ scores: [Float]) -> [Double] {
  let largest = scores.max() ?? 0
  let powers = scores.map { exp(Double($0) - Double(largest)) }
  let sum = powers.reduce(0, +)
  return powers.map { $0 / sum }
}
