import Architectures
import Classification
import FileIO
public import Images
import ModelIR

// Safe: each image has its part of the memory, which is filled by as many elements, or by zeros.

/// How images are decoded and brought to a network. What is nil is not asked for.
public struct ImageOptions: Sendable, Hashable {
  /// What is asked for; it goes before what the model says of itself.
  public var preprocessing = ImagePreprocessing()
  /// Whether images are turned as their Exif data say. Neither torchvision nor timm does that.
  public var appliesOrientation = true
  /// What stands behind transparent pixels; nil drops alpha, as Pillow's `convert("RGB")` does.
  public var background: Image.Color?
  /// The names of the network's classes; nil for those of the metadata.
  public var labels: [String]?
  /// Images in a batch, where the model leaves that open; 16 if nil.
  public var batch: Int?
  /// Threads that compute; nil for one a processor.
  public var threads: Int?
  /// Threads that decode images while the network computes; nil for as many as compute.
  public var decodingThreads: Int?
  /// How the graph is made, where the model is weights; the input size is that of the crop if nil.
  public var graph = GraphOptions()

  /// Nothing asked for.
  public init() {}
}

/// What a network's input takes, and how an image becomes that.
struct ImageInput: Sendable {
  /// The bytes or numbers of one image in the order of the input.
  enum Elements: Sendable {
    case bytes([UInt8])
    case floats([Float])
  }

  /// The name of the graph's input.
  let name: String
  let dataType: DataType
  let layout: ImageLayout
  /// 3, or 1 for grey.
  let channels: Int
  let size: InputSize
  /// The extent of the batch axis; nil if it is open.
  let batch: Int?
  let geometry: Preprocessing
  /// What is done before the graph: nothing where the graph does it.
  let normalization: Normalization
  let channelOrder: ChannelOrder
  let decoding: Image.DecodingOptions
  /// How images are brought to the network, for reports.
  let report: PreprocessingReport
  /// What was assumed, one sentence each.
  let notes: [String]

  /// - Parameters:
  ///   - graph: what is run.
  ///   - metadata: what the model says of images.
  ///   - path: of the model, for messages.
  init(_ graph: Graph, metadata: ImageMetadata, options: ImageOptions, path: String) throws(ScaleNetError) {
    let place = try ImagePlace(graph, layout: metadata.inGraph?.layout, path: path)
    name = graph[place.input].name
    dataType = graph[place.input].type.dataType
    (layout, channels, batch) = (place.layout, place.channels, place.batch)
    let asked = options.preprocessing
    try asked.check()
    if metadata.inGraph != nil {
      for (option, isAsked) in [
        ("mean", asked.mean != nil), ("std", asked.standardDeviation != nil),
        ("channelOrder", asked.channelOrder != nil && asked.channelOrder != metadata.inGraph?.channelOrder),
      ] where isAsked {
        throw .invalidOption(
          option, expected: "a model without preprocessing in its graph", found: path.escapedForMessage)
      }
    }
    let said = asked.over(metadata.preprocessing)
    if let crop = said.crop, asked.crop != nil || place.size == nil, let fixed = place.size, fixed != crop {
      throw .invalidOption("crop", expected: "\(fixed), the size of the network's input", found: "\(crop)")
    }
    guard let size = place.size ?? said.crop else {
      throw .unsupported(
        path: path, operation: "run on images", reason: "height and width of the input are open")
    }
    self.size = size
    geometry = try said.geometry(inputSize: size)
    decoding = Image.DecodingOptions(
      appliesOrientation: options.appliesOrientation, background: options.background)

    let takesBytes = !dataType.isFloatingPoint
    let isSaid = said.mean != nil || said.standardDeviation != nil || said.divisor != nil
    let defaults = ImagePreprocessing.imageNet
    // Bytes are computed with by the graph, whoever wrote it.
    let divisor = said.divisor ?? (takesBytes && !isSaid ? 1 : 255)
    let mean = said.mean ?? (isSaid || takesBytes || channels == 1 ? [0] : defaults.mean ?? [0])
    let deviation =
      said.standardDeviation
      ?? (isSaid || takesBytes || channels == 1 ? [1] : defaults.standardDeviation ?? [1])
    let isInGraph = metadata.inGraph != nil
    if takesBytes, !isInGraph, asked.mean != nil || asked.standardDeviation != nil {
      throw .invalidOption(
        asked.mean != nil ? "mean" : "std", expected: "an input of floating-point numbers",
        found: "\(graph[place.input].type)")
    }
    func channelwise(_ values: [Double], _ option: String) throws(ScaleNetError) -> [Double] {
      let count = place.channels
      if values.count == count { return values }
      guard values.count == 1 else {
        throw .invalidOption(
          option, expected: "one number for each of \(count) channels", found: "\(values.count)")
      }
      return Array(repeating: values[0], count: count)
    }
    let means = try channelwise(mean, "mean")
    let deviations = try channelwise(deviation, "std")
    channelOrder = metadata.inGraph?.channelOrder ?? said.channelOrder ?? .rgb
    func three(_ values: [Double]) -> [Float] {
      (values.count == 1 ? [values[0], values[0], values[0]] : values).map { Float($0) }
    }
    normalization =
      isInGraph || takesBytes
      ? Normalization(divisor: 1)
      : Normalization(divisor: Float(divisor), mean: three(means), standardDeviation: three(deviations))

    var notes: [String] = []
    if !isSaid, !isInGraph {
      notes.append(
        takesBytes
          ? "the model does not say how images are prepared: it gets their bytes as they are"
          : channels == 1
            ? "the model does not say how images are prepared: grey from 0 to 1 is assumed"
            : "the model does not say how images are prepared: ImageNet's mean and deviation are assumed")
    }
    if said.resize == nil, said.cropPercentage == nil, said.cropMode == nil {
      let whole = geometry.resizedSize(of: Image.Size(size.width))
      notes.append(
        "no size before the crop is stated: the shorter side becomes \(min(whole.width, whole.height)), "
          + "\(geometry.interpolation.rawValue)")
    }
    self.notes = notes
    report = Self.report(
      geometry, size: size, said: said, divisor: divisor, mean: means, deviation: deviations,
      order: channels == 1 ? "grey" : channelOrder.rawValue, isInGraph: isInGraph, decoding: decoding)
  }

  private static func report(
    _ geometry: Preprocessing, size: InputSize, said: ImagePreprocessing, divisor: Double, mean: [Double],
    deviation: [Double], order: String, isInGraph: Bool, decoding: Image.DecodingOptions
  ) -> PreprocessingReport {
    let resize: [Int]
    switch geometry.resize {
    case .none: resize = [size.height, size.width]
    case .shorterSide(let side): resize = [side, side]
    case .exact(let size), .covering(let size), .fitting(let size): resize = [size.height, size.width]
    }
    return PreprocessingReport(
      inputSize: [size.height, size.width], resize: resize,
      cropPercentage: said.resize == nil
        ? said.cropPercentage ?? (said.cropMode == nil || said.cropMode == .center ? 0.875 : 1)
        : Double(size.height) / Double(resize[0]),
      cropMode: (said.cropMode ?? .center).rawValue, interpolation: geometry.interpolation.rawValue,
      divisor: divisor, mean: mean, standardDeviation: deviation, channelOrder: order, isInGraph: isInGraph,
      appliesOrientation: decoding.appliesOrientation, background: decoding.background.map(\.hexadecimal))
  }

  /// The image as the input takes it.
  func elements(of image: Image) throws(ScaleNetError) -> Elements {
    let prepared = try geometry.apply(to: channels == 1 ? image.grey() : image)
    if dataType.isFloatingPoint {
      let numbers = prepared.tensorElements(normalization, channelOrder: channelOrder, layout: .nchw)
      if channels == 1 { return .floats(Array(numbers.prefix(numbers.count / 3))) }
      return .floats(
        layout == .nchw
          ? numbers : prepared.tensorElements(normalization, channelOrder: channelOrder, layout: layout))
    }
    let bytes = prepared.tensorBytes(channelOrder: channelOrder, layout: channels == 1 ? .nchw : layout)
    return .bytes(channels == 1 ? Array(bytes.prefix(bytes.count / 3)) : bytes)
  }

  /// A batch of images; what is nil, and what the batch has more than there are, is zeros.
  func tensor(_ images: [Elements?], batch: Int) -> Tensor {
    let count = channels * size.height * size.width
    let spatial = [size.height, size.width]
    let shape = TensorShape([batch] + (layout == .nchw ? [channels] + spatial : spatial + [channels]))
    if dataType.isFloatingPoint {
      var numbers: [Float] = []
      numbers.reserveCapacity(count * batch)
      for image in images {
        if case .floats(let values)? = image {
          numbers += values
        } else {
          numbers += repeatElement(0, count: count)
        }
      }
      numbers += repeatElement(0, count: count * batch - numbers.count)
      return Tensor(numbers, shape: shape)
    }
    let region = unsafe ByteRegion.allocate(origin: "images", count: count * batch) { target in
      for index in 0..<batch {
        let part = unsafe UnsafeMutableRawBufferPointer(rebasing: target[index * count..<(index + 1) * count])
        if index < images.count, case .bytes(let values)? = images[index] {
          unsafe part.copyBytes(from: values)
        } else {
          unsafe part.initializeMemory(as: UInt8.self, repeating: 0)
        }
      }
    }
    do throws(ScaleNetError) {
      return try Tensor(.uint8, shape, storage: region)
    } catch {
      preconditionFailure("the region was made for the shape")
    }
  }
}

extension Image.Color {
  /// As `#rrggbb`.
  var hexadecimal: String {
    "#"
      + [red, green, blue].map { level in
        let digits = String(level, radix: 16)
        return digits.count == 1 ? "0" + digits : digits
      }.joined()
  }
}

/// Where a graph takes images.
struct ImagePlace {
  let input: ValueID
  let layout: ImageLayout
  let channels: Int
  /// nil if height and width are open.
  let size: InputSize?
  /// nil if the batch is open.
  let batch: Int?

  /// - Parameter layout: what is stated; nil to tell it from the extents, where an extent of 3, or else 1, is the channels'.
  init(_ graph: Graph, layout stated: ImageLayout?, path: String) throws(ScaleNetError) {
    func unsupported(_ reason: String) -> ScaleNetError {
      .unsupported(path: path, operation: "run on images", reason: reason)
    }
    guard graph.inputs.count == 1, let input = graph.inputs.first else {
      let names = graph.inputs.map { graph[$0].name }.joined(separator: ", ")
      throw unsupported("expected one input, found \(graph.inputs.count) (\(names.escapedForMessage))")
    }
    let type = graph[input].type
    guard type.rank == 4, type.dataType.isFloatingPoint || type.dataType == .uint8 else {
      throw unsupported(
        "expected an input of four axes of floating-point numbers or bytes, found \(type)")
    }
    let extents = type.dimensions.map(\.value)
    let layouts: [ImageLayout] = stated.map { [$0] } ?? [.nchw, .nhwc]
    var found: (layout: ImageLayout, channels: Int)?
    for count in [3, 1] where found == nil {
      if let layout = layouts.first(where: { extents[$0 == .nchw ? 1 : 3] == count }) {
        found = (layout, count)
      }
    }
    guard let (layout, channels) = found else {
      throw unsupported("expected an input of 3 channels or 1, found \(type)")
    }
    self.input = input
    self.layout = layout
    self.channels = channels
    let (height, width) = layout == .nchw ? (extents[2], extents[3]) : (extents[1], extents[2])
    size = height.flatMap { height in width.map { InputSize(height: height, width: $0) } }
    batch = extents[0]
  }
}
