import FileIO
public import Images
public import ModelIR

/// Preprocessing that a conversion puts into the graph, whose input then is the image as a decoder gives it, at the
/// network's size.
public struct GraphPreprocessing: Sendable, Hashable {
  /// The arithmetic, which the graph does; and what is done before it, which goes into the metadata.
  public var preprocessing: ImagePreprocessing
  /// uint8 or float32: what bytes of the image arrive as.
  public var inputType = DataType.uint8
  /// Where the channels stand; nil for NHWC, and in Keras for its data format.
  public var layout: ImageLayout?
  /// The order in which channels arrive; the network itself goes on to take RGB.
  public var channelOrder = ChannelOrder.rgb

  /// The usual image of a decoder: uint8, RGB.
  public init(_ preprocessing: ImagePreprocessing) {
    self.preprocessing = preprocessing
  }

  /// What a conversion of this graph puts into it.
  ///
  /// - Parameters:
  ///   - order: how channels are turned round, which not every format can say in the same way.
  ///   - source: of the graph's metadata, which must not have preprocessing in the graph already.
  func resolved(for graph: Graph, keras: ImageLayout?, source: Model) throws(ScaleNetError) -> Applied {
    guard inputType == .uint8 || inputType == .float32 else {
      throw .invalidOption("inputType", expected: "uint8 or float32", found: inputType.rawValue)
    }
    try preprocessing.check()
    let metadata = try source.imageMetadata()
    guard metadata.inGraph == nil else {
      throw .invalidOption(
        "preprocess", expected: "a model without preprocessing in its graph",
        found: source.path.escapedForMessage)
    }
    if let keras, let layout, layout != keras {
      throw .invalidOption(
        "inputLayout", expected: "\(keras.rawValue), the data format of the Keras model",
        found: layout.rawValue)
    }
    let place = try ImagePlace(graph, layout: nil, path: source.path)
    guard graph[place.input].type.dataType.isFloatingPoint else {
      throw .invalidOption(
        "preprocess", expected: "an input of floating-point numbers", found: "\(graph[place.input].type)")
    }
    guard place.channels == 3 else {
      throw .invalidOption(
        "preprocess", expected: "an input of 3 channels", found: "\(graph[place.input].type)")
    }
    // timm says values from 0 to 1; what is not said changes nothing.
    var said = preprocessing.over(metadata.preprocessing)
    said.divisor = said.divisor ?? (said.mean == nil && said.standardDeviation == nil ? 1 : 255)
    func three(_ values: [Double]?, _ neutral: Double) -> [Double] {
      let values = values ?? [neutral]
      return values.count == 1 ? [values[0], values[0], values[0]] : values
    }
    said.mean = three(said.mean, 0)
    said.standardDeviation = three(said.standardDeviation, 1)
    if let crop = said.crop, let size = place.size, crop != size {
      // A file of settings tells the size it was made for; the graph has its own.
      said.crop = size
    }
    return Applied(
      stated: said, divisor: Float(said.divisor ?? 1), mean: three(said.mean, 0).map { Float($0) },
      deviation: three(said.standardDeviation, 1).map { Float($0) }, inputType: inputType,
      layout: keras == nil ? layout ?? .nhwc : place.layout, statedLayout: keras ?? layout ?? .nhwc,
      networkLayout: place.layout, channelOrder: channelOrder, usesConvolution: keras != nil)
  }

  /// All that is known of it before the graph is changed.
  struct Applied: Sendable {
    /// What goes into the metadata.
    let stated: ImagePreprocessing
    let divisor: Float
    let mean: [Float]
    let deviation: [Float]
    let inputType: DataType
    /// Of the graph's input.
    let layout: ImageLayout
    /// Of the file's input: Keras's order of axes is another than the graph's.
    let statedLayout: ImageLayout
    /// Of the network behind it.
    let networkLayout: ImageLayout
    let channelOrder: ChannelOrder
    /// Whether channels are turned round by a convolution; no plain Keras layer gathers them.
    let usesConvolution: Bool

    /// What the metadata say of it.
    func metadata(labels: [String]?) -> ImageMetadata {
      var metadata = ImageMetadata()
      metadata.preprocessing = stated
      metadata.inGraph = ImageMetadata.InGraph(
        dataType: inputType, layout: statedLayout, channelOrder: channelOrder)
      metadata.labels = labels
      return metadata
    }

    /// What the network gets of bytes, computed apart from the graph.
    var normalization: Normalization {
      Normalization(divisor: divisor, mean: mean, standardDeviation: deviation)
    }
  }
}

extension GraphPreprocessing.Applied {
  /// The graph with the nodes before it: Cast, Transpose, Gather of the channels, then Div, Sub and Div, each where there
  /// is something for it to do. They compute what torchvision's `ToTensor` and `Normalize` do, rounded after each step as
  /// PyTorch rounds; TensorRT takes all of them, and a Cast behind an input of bytes it asks for.
  ///
  /// Nothing is folded into the first convolution: its margins are zeros behind the normalisation, not before it.
  func applied(to source: Graph) throws(ScaleNetError) -> Graph {
    guard let input = source.inputs.first else { return source }
    var graph = source
    let original = source[input].type
    var nodeNames = UniqueNames(reserving: Set(graph.nodes.map(\.name)))
    let old = graph.nodes
    graph.nodes = []
    let (toNHWC, toNCHW) = ([0, 2, 3, 1], [0, 3, 1, 2])
    let isMoved = layout != networkLayout
    graph[input].type = TensorType(
      inputType,
      isMoved ? (layout == .nhwc ? toNHWC : toNCHW).map { original.dimensions[$0] } : original.dimensions)
    var current = input
    func add(_ name: String, _ op: Operator, _ constants: [ValueID] = []) throws(ScaleNetError) {
      let nodeName = nodeNames.new("preprocess.\(name)")
      current = try graph.addNode(
        nodeName, op, inputs: [current] + constants, outputNames: [graph.unusedName(nodeName)])[0]
    }
    func constant(_ name: String, _ values: [Float], _ shape: [Int]) throws(ScaleNetError) -> ValueID {
      try graph.addInitializer(
        graph.unusedName("preprocess.\(name)"),
        Tensor(values, shape: TensorShape(shape)).cast(to: original.dataType))
    }
    let axis = networkLayout == .nchw ? 1 : 3
    let channels = networkLayout == .nchw ? [1, 3, 1, 1] : [1, 1, 1, 3]
    if inputType != original.dataType { try add("cast", .cast(Cast(to: original.dataType))) }
    if isMoved { try add("transpose", .transpose(Transpose(permutation: layout == .nhwc ? toNCHW : toNHWC))) }
    if channelOrder == .bgr {
      if usesConvolution, networkLayout == .nchw {
        let kernel = try constant("order", [0, 0, 1, 0, 1, 0, 1, 0, 0], [3, 3, 1, 1])
        try add("order", .conv(Conv(window: Window(kernel: [1, 1]))), [kernel])
      } else {
        try add("order", .gather(Gather(axis: axis, indices: [2, 1, 0], indexShape: [3])))
      }
    }
    if divisor != 1 { try add("scale", .binary(.div), [try constant("divisor", [divisor], [1, 1, 1, 1])]) }
    if mean.contains(where: { $0 != 0 }) {
      try add("mean", .binary(.sub), [try constant("mean", mean, channels)])
    }
    if deviation.contains(where: { $0 != 1 }) {
      try add("std", .binary(.div), [try constant("std", deviation, channels)])
    }
    let first = graph.nodes
    graph.nodes = old
    graph.replaceUses(of: input, with: current)
    graph.nodes = first + graph.nodes
    try graph.validate()
    return graph
  }
}
