import FileIO
public import Images

/// How images are brought to a network, as far as somebody says: an option, a file, a model's metadata. What is nil is
/// not said.
///
/// Statements are laid over each other: what is asked for goes before what a file says, and that before what a model says
/// of itself. What nobody says is taken to be as torchvision evaluates networks for ImageNet, and a note tells so.
public struct ImagePreprocessing: Sendable, Hashable {
  /// What the shorter side of an image gets before the crop, in pixels.
  public var resize: Int?
  /// Height and width that are cut out at the centre: the network's input.
  public var crop: InputSize?
  /// timm's `crop_pct`: the crop's part of the resized image, above 0. Stands for a `resize`.
  public var cropPercentage: Double?
  /// How the crop is made; with nil, at the centre.
  public var cropMode: Preprocessing.CropMode?
  /// The filter of Pillow that images are resized with.
  public var interpolation: Interpolation?
  /// What bytes are divided by: 255 for numbers from 0 to 1.
  public var divisor: Double?
  /// What is subtracted from each of the network's channels then.
  public var mean: [Double]?
  /// What each channel is divided by in the end.
  public var standardDeviation: [Double]?
  /// The order of the channels at the input.
  public var channelOrder: ChannelOrder?

  /// Nothing said.
  public init() {}

  /// torchvision's evaluation of networks for ImageNet: the shorter side to 256 for an input of 224, bilinear, ImageNet's
  /// mean and deviation.
  public static let imageNet = {
    var result = ImagePreprocessing()
    result.interpolation = .bilinear
    result.cropPercentage = 0.875
    result.divisor = 255
    result.mean = Normalization.imageNetMean
    result.standardDeviation = Normalization.imageNetStandardDeviation
    return result
  }()

  /// What timm takes where a network's configuration says nothing: `crop_pct` 0.875, bicubic, ImageNet's mean and
  /// deviation.
  public static let timm = {
    var result = imageNet
    result.interpolation = .bicubic
    return result
  }()

  /// Whether nothing is said.
  public var isEmpty: Bool { self == ImagePreprocessing() }

  /// The same, with what `other` says where this says nothing. A size to resize to and a part to crop are two words for
  /// one thing.
  public func over(_ other: ImagePreprocessing) -> ImagePreprocessing {
    var result = self
    if resize == nil, cropPercentage == nil {
      result.resize = other.resize
      result.cropPercentage = other.cropPercentage
    }
    result.crop = crop ?? other.crop
    result.cropMode = cropMode ?? other.cropMode
    result.interpolation = interpolation ?? other.interpolation
    result.divisor = divisor ?? other.divisor
    result.mean = mean ?? other.mean
    result.standardDeviation = standardDeviation ?? other.standardDeviation
    result.channelOrder = channelOrder ?? other.channelOrder
    return result
  }

  /// Fails if something is said that can't be.
  func check() throws(ScaleNetError) {
    try Limits.check(resize, Limits.inputSide, "resize")
    try Limits.check(crop?.height, Limits.inputSide, "crop")
    try Limits.check(crop?.width, Limits.inputSide, "crop")
    if let cropPercentage, !(cropPercentage > 0.01 && cropPercentage <= 100) {
      throw .invalidOption("cropPercentage", expected: "0.01 to 100", found: "\(cropPercentage)")
    }
    if resize != nil, let cropMode, cropMode != .center {
      throw .invalidOption(
        "resize", expected: "the crop mode center",
        found: "\(cropMode.rawValue), which resizes by its own rule")
    }
    if let divisor, !(divisor.isFinite && divisor > 0) {
      throw .invalidOption("divisor", expected: "a number above 0", found: "\(divisor)")
    }
    for (option, values) in [("mean", mean), ("std", standardDeviation)] {
      guard let values else { continue }
      guard values.count == 1 || values.count == 3, values.allSatisfy(\.isFinite) else {
        throw .invalidOption(
          option, expected: "one number, or one for each of 3 channels", found: "\(values)")
      }
      if option == "std", !values.allSatisfy({ $0 > 0 }) {
        throw .invalidOption(option, expected: "numbers above 0", found: "\(values)")
      }
    }
  }

  /// How an image is brought to a network's input of this size; what nobody says is torchvision's.
  func geometry(inputSize: InputSize) throws(ScaleNetError) -> Preprocessing {
    let size = Image.Size(width: inputSize.width, height: inputSize.height)
    let filter = interpolation ?? .bilinear
    if let resize {
      return Preprocessing(resize: .shorterSide(resize), crop: size, interpolation: filter)
    }
    return try .timm(
      size: size, cropPercentage: cropPercentage ?? (cropMode == .squash || cropMode == .border ? 1 : 0.875),
      cropMode: cropMode ?? .center, interpolation: filter,
      mean: mean.map { $0.count == 1 ? [$0[0], $0[0], $0[0]] : $0 } ?? Normalization.imageNetMean)
  }
}
