package import FileIO
package import ModelIR

/// The dimensions of a GoogLeNet (Szegedy et al. 2015) under torchvision's names. Its modules are four branches whose
/// channels stand one after another.
public struct GoogLeNetConfiguration: LayeredConfiguration, Hashable, Sendable {
  /// The inception modules of each stage, between which a max pool halves the feature map.
  static let modules = [["3a", "3b"], ["4a", "4b", "4c", "4d", "4e"], ["5a", "5b"]]

  /// Channels of the input image.
  public var imageChannels: Int
  /// Channels of the four branches of every module, in the order in which they run.
  public var branches: [[Int]]
  /// Classes of the final layer; nil for a backbone without one.
  public var classes: Int?
  /// Whether there are the two heads for training, which take no part in the forward pass.
  public var hasTrainingHeads: Bool

  /// Channels of the last feature map.
  public var featureChannels: Int { branches.last?.reduce(0, +) ?? 0 }
  /// Always GoogLeNet.
  public var family: ArchitectureFamily { .googLeNet }
  /// Always GoogLeNet: its papers name one network.
  public var displayName: String { Self.kindName }
  /// Inception modules between the pools.
  public var depths: [Int] { Self.modules.map(\.count) }
  var classifier: String { "fc" }
  static let kindName = "GoogLeNet"

  /// Whether the image is rescaled, from ImageNet's normalisation to -1 ... 1.
  package var assumptions: [Assumption] {
    guard imageChannels == 3 else { return [] }
    return [
      Assumption(
        "transform_input",
        "the image is normalised as for torchvision's weights, and rescaled to -1 ... 1 in the network")
    ]
  }

  /// That the heads for training are left out.
  package var notes: [String] {
    hasTrainingHeads ? ["aux1 and aux2, the heads for training, take no part in the forward pass"] : []
  }

  /// Kernels of three sizes and a pool. torchvision's third kernel is 3x3, the paper's 5x5.
  package var scaleTable: ScaleTable? {
    ScaleTable(
      origins: [.kernels, .pools], join: .concatenation, scales: ["1x1", "3x3", "3x3 for 5x5", "pool 3x3"],
      blocks: zip(Self.modules.joined(), branches).map { module, channels in
        ScaleTable.Block(name: "inception\(module)", channels: channels)
      })
  }

  /// Whether some module's first branch is there.
  package static func recognizes(_ weights: StateDict) -> Bool {
    weights["inception3a.branch1.conv.weight"] != nil
  }

  /// Reads the dimensions off the weights.
  ///
  /// - Parameter source: the file's path, for errors.
  package init(recognizing weights: StateDict, source: String) throws(ScaleNetError) {
    imageChannels = weights.extent("conv1.conv.weight", 1) ?? 3
    let names = ["branch1", "branch2.1", "branch3.1", "branch4.1"]
    branches = Self.modules.joined().map { module in
      names.map { weights.extent("inception\(module).\($0).conv.weight", 0) ?? 0 }
    }
    classes = weights.classes(of: "fc")
    hasTrainingHeads = weights.names.contains { $0.hasPrefix("aux1.") || $0.hasPrefix("aux2.") }
    try checkWeights(weights, source: source)
  }

  func check(_ options: BuildOptions) throws(ScaleNetError) {
    try options.requireNoResNetOptions(Self.kindName)
    try options.requireNoTensorFlowMargins(Self.kindName)
    if options.rescalesInput == true, imageChannels != 3 {
      throw .unsupportedOption(
        option: "input scaling", reason: "the image has \(imageChannels) channels, not three colours")
    }
  }

  func addStages(
    _ image: ValueID, options: BuildOptions, to builder: inout LayerBuilder
  ) throws(ScaleNetError) -> [ValueID] {
    var x = image
    if options.rescalesInput ?? (imageChannels == 3) { x = try Self.addRescaling(x, to: &builder) }
    x = try Self.addLayer("conv1", x, kernel: 7, stride: 2, to: &builder)
    x = try Self.addPool("maxpool1", x, size: 3, to: &builder)
    x = try Self.addLayer("conv2", x, kernel: 1, to: &builder)
    x = try Self.addLayer("conv3", x, kernel: 3, to: &builder)
    var stages = [x]
    for (index, names) in Self.modules.enumerated() {
      x = try Self.addPool("maxpool\(index + 2)", x, size: index == 2 ? 2 : 3, to: &builder)
      for name in names { x = try Self.addModule("inception\(name)", x, to: &builder) }
      stages.append(x)
    }
    builder.skip(["aux1.", "aux2."])
    return stages
  }

  /// What ImageNet's mean and deviation made of a pixel, as 0.5 and 0.5 would have.
  private static func addRescaling(
    _ x: ValueID, to builder: inout LayerBuilder
  ) throws(ScaleNetError) -> ValueID {
    let (means, deviations) = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    let factors = Tensor(deviations.map { Float($0 / 0.5) }, shape: [1, 3, 1, 1])
    let offsets = Tensor(means.map { Float(($0 - 0.5) / 0.5) }, shape: [1, 3, 1, 1])
    let scaled = try builder.node(
      "transform_input.mul", .binary(.mul), x, try builder.constant("transform_input.factor", factors))
    return try builder.node(
      "transform_input.add", .binary(.add), scaled, try builder.constant("transform_input.offset", offsets))
  }

  /// Convolution, normalisation and ReLU.
  private static func addLayer(
    _ name: String, _ x: ValueID, kernel: Int, stride: Int = 1, to builder: inout LayerBuilder
  ) throws(ScaleNetError) -> ValueID {
    var x = try builder.convolution("\(name).conv", x, kernel: kernel, stride: stride)
    x = try builder.normalization("\(name).bn", x, epsilon: 1e-3)
    return try builder.relu("\(name).relu", x)
  }

  /// A max pool by 2 whose last window may lie partly outside.
  private static func addPool(
    _ name: String, _ x: ValueID, size: Int, to builder: inout LayerBuilder
  ) throws(ScaleNetError) -> ValueID {
    try builder.node(name, .maxPool(MaxPool(window: Window(size, stride: 2), ceilMode: true)), x)
  }

  /// Four branches. The third has a kernel of 3x3, not the paper's 5x5, in torchvision's weights.
  private static func addModule(
    _ name: String, _ x: ValueID, to builder: inout LayerBuilder
  ) throws(ScaleNetError) -> ValueID {
    var branches = [try addLayer("\(name).branch1", x, kernel: 1, to: &builder)]
    for branch in ["branch2", "branch3"] {
      let reduced = try addLayer("\(name).\(branch).0", x, kernel: 1, to: &builder)
      branches.append(try addLayer("\(name).\(branch).1", reduced, kernel: 3, to: &builder))
    }
    let pool = MaxPool(window: Window(3, pad: 1), ceilMode: true)
    let pooled = try builder.node("\(name).branch4.0", .maxPool(pool), x)
    branches.append(try addLayer("\(name).branch4.1", pooled, kernel: 1, to: &builder))
    return try builder.concat("\(name).concat", branches)
  }

  /// The first pool without margins that its input is too small for.
  package func layerWithoutOutput(inputSide side: Int) -> String? {
    var current = (side - 1) / 2 + 1
    for (index, size) in [3, 3, 3, 2].enumerated() {
      if current < size { return "maxpool\(index + 1)" }
      current = (current - size + 1) / 2 + 1
    }
    return nil
  }
}
