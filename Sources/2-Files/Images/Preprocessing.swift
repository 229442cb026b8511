public import FileIO

/// How an image is brought to the size of a network's input: resized, then cropped at the centre.
public struct Preprocessing: Sendable, Hashable {
  /// How the image is brought to size before the crop.
  public enum Resize: Sendable, Hashable {
    /// The image keeps its size.
    case none
    /// The shorter side gets this length, the other follows and is cut to a whole number: torchvision's `Resize(n)`.
    case shorterSide(Int)
    /// Exactly this size, whatever becomes of the proportions: torchvision's `Resize((height, width))`.
    case exact(Image.Size)
    /// The least size of the same proportions that covers this one, rounded to nearest: timm's `ResizeKeepRatio`.
    case covering(Image.Size)
    /// The largest that fits within this one: timm's `ResizeKeepRatio(longest=1)`.
    case fitting(Image.Size)
  }

  /// How the image is brought to size before the crop.
  public var resize: Resize
  /// What is cut out at the centre; nil for all. What the image is smaller than that is filled.
  public var crop: Image.Size?
  /// How pixels are mixed.
  public var interpolation: Interpolation
  /// In which order rows and columns are resized.
  public var order: ResamplingOrder
  /// What is put around an image that is smaller than the crop.
  public var fill: Image.Color

  public init(
    resize: Resize = .none, crop: Image.Size? = nil, interpolation: Interpolation = .bilinear,
    order: ResamplingOrder = .pillow13, fill: Image.Color = .black
  ) {
    self.resize = resize
    self.crop = crop
    self.interpolation = interpolation
    self.order = order
    self.fill = fill
  }

  /// torchvision's transforms for classification: `Resize(resize)`, `CenterCrop(crop)`.
  public static func torchvision(
    resize: Int = 256, crop: Int = 224, interpolation: Interpolation = .bilinear
  ) -> Preprocessing {
    Preprocessing(resize: .shorterSide(resize), crop: Image.Size(crop), interpolation: interpolation)
  }

  /// timm's `crop_mode`.
  public enum CropMode: String, Sendable, Hashable, CaseIterable {
    /// Proportions are kept, and what is beside the centre is lost.
    case center
    /// All of the image is pressed into the size.
    case squash
    /// Proportions are kept, all of the image is seen, and a border of the mean colour is put around it.
    case border
  }

  /// timm's transforms for evaluation, `transforms_imagenet_eval`, as timm 1.0 has them: the image is resized to the
  /// network's input divided by `crop_pct`, rounded down, and cropped to the input.
  ///
  /// - Parameters:
  ///   - size: of the network's input.
  ///   - cropPercentage: `crop_pct`, above 0.
  ///   - mean: of the channels from 0 to 1, which is the border's colour.
  public static func timm(
    size: Image.Size = Image.Size(224), cropPercentage: Double = 0.875, cropMode: CropMode = .center,
    interpolation: Interpolation = .bicubic, mean: [Double] = Normalization.imageNetMean
  ) throws(ScaleNetError) -> Preprocessing {
    let width = (Double(size.width) / cropPercentage).rounded(.down)
    let height = (Double(size.height) / cropPercentage).rounded(.down)
    guard size.width > 0, size.height > 0, let width = Int(exactly: width), let height = Int(exactly: height),
      width > 0, height > 0
    else {
      throw .invalidOption(
        "cropPercentage", expected: "a number above 0 that leaves a size",
        found: "\(cropPercentage) for \(size)")
    }
    let resized = Image.Size(width: width, height: height)
    var result = Preprocessing(crop: size, interpolation: interpolation)
    switch cropMode {
    case .center: result.resize = width == height ? .shorterSide(width) : .covering(resized)
    case .squash: result.resize = .exact(resized)
    case .border:
      guard mean.count == 3 else {
        throw .invalidOption("mean", expected: "3 channels", found: "\(mean.count)")
      }
      result.resize = .fitting(resized)
      let levels = mean.map { UInt8(clamping: Int(($0 * 255).rounded(.toNearestOrEven))) }
      result.fill = Image.Color(red: levels[0], green: levels[1], blue: levels[2])
    }
    return result
  }

  /// The size that an image gets before it is cropped.
  public func resizedSize(of size: Image.Size) -> Image.Size {
    func scaled(_ target: Image.Size, _ choose: (Double, Double) -> Double) -> Image.Size {
      let ratio = choose(
        Double(size.height) / Double(target.height), Double(size.width) / Double(target.width))
      func side(_ side: Int) -> Int { Int((Double(side) / ratio).rounded(.toNearestOrEven)) }
      return Image.Size(width: side(size.width), height: side(size.height))
    }
    switch resize {
    case .none: return size
    case .exact(let exact): return exact
    case .covering(let target): return scaled(target, min)
    case .fitting(let target): return scaled(target, max)
    case .shorterSide(let side):
      let short = min(size.width, size.height)
      let long = Int(Double(side * max(size.width, size.height)) / Double(short))
      return size.width <= size.height
        ? Image.Size(width: side, height: long) : Image.Size(width: long, height: side)
    }
  }

  /// Resizes and crops an image; of the resized image only what is cropped is computed.
  ///
  /// - Throws: `invalidOption` for sizes that cannot be.
  public func apply(to image: Image) throws(ScaleNetError) -> Image {
    try checkSizes()
    let whole = resizedSize(of: image.size)
    guard whole.width > 0, whole.height > 0 else {
      throw .invalidOption(
        "resize", expected: "a width and height above 0", found: "\(whole) for an image of \(image.size)")
    }
    guard let crop else { return try image.resized(to: whole, interpolation: interpolation, order: order) }
    let (columns, x) = Self.centered(crop.width, in: whole.width)
    let (rows, y) = Self.centered(crop.height, in: whole.height)
    let part = try image.resized(
      to: whole, columns: columns, rows: rows, interpolation: interpolation, order: order)
    return part.cropped(x: x, y: y, to: crop, fill: fill)
  }

  /// The part of a side of this length that a crop takes at the centre, and where the crop begins in that part, below
  /// zero if there is less than it takes. As torchvision's `center_crop`: halves go to the even neighbour, and of an odd
  /// padding the larger half goes behind.
  private static func centered(_ crop: Int, in length: Int) -> (part: Range<Int>, origin: Int) {
    guard crop <= length else { return (0..<length, -((crop - length) / 2)) }
    let start = Int((Double(length - crop) / 2).rounded(.toNearestOrEven))
    return (start..<start + crop, 0)
  }

  /// What all sizes that are given must be, so that no computation with them overflows.
  private func checkSizes() throws(ScaleNetError) {
    let limit = 1 << 24
    func check(_ what: String, _ size: Image.Size) throws(ScaleNetError) {
      guard (1...limit).contains(size.width), (1...limit).contains(size.height),
        size.width * size.height <= Image.resizedPixelLimit
      else {
        throw .invalidOption(
          what, expected: "sides above 0 and at most \(Image.resizedPixelLimit) pixels", found: "\(size)")
      }
    }
    switch resize {
    case .none: break
    case .shorterSide(let side): try check("resize", Image.Size(side))
    case .exact(let size), .covering(let size), .fitting(let size): try check("resize", size)
    }
    if let crop { try check("crop", crop) }
  }
}
