import FileIO
import ModelIR

/// How the residual blocks of a network are built, beside their dimensions.
struct BlockStyle {
  typealias Network = ResNetConfiguration

  let kind: Network.BlockKind
  let naming: ResNetNaming
  let normalization: Network.Normalization
  let placement: StridePlacement
  var antiAliasing: AntiAliasing?
  var poolsBeforeSplitAttention = false

  /// The residual path, what weighs its channels, the sum with the shortcut, and a ReLU.
  func addBlock(
    _ block: Network.Block, _ input: ValueID, to builder: inout LayerBuilder
  ) throws(ScaleNetError) -> ValueID {
    let name = block.name
    let stepping = kind == .bottleneck && placement == .middle ? 1 : 0
    var x = input
    for (index, convolution) in block.convolutions.enumerated() {
      x = try addConvolution(
        convolution, index, of: block, x, stride: index == stepping ? block.stride : 1, to: &builder)
    }
    var activations = block.convolutions.count
    if let attention = block.attention {
      let module = "\(name).\(naming.squeezeExcitation)"
      switch attention {
      case .squeezeExcitation:
        if kind == .basic && naming.rectifiesBeforeSqueeze {
          x = try builder.relu("\(name).relu\(activations)", x)
          activations += 1
        }
        x = try builder.squeezeExcitation(module, x, layers: ("fc1", "fc2"))
      case .efficient(let kernel):
        x = try addEfficientAttention(module, x, kernel: kernel, to: &builder)
      }
    }
    let shortcut = try addShortcut(block, input, to: &builder)
    x = try builder.node("\(name).add", .binary(.add), x, shortcut)
    return block.isRectified ? try builder.relu("\(name).relu\(activations)", x) : x
  }

  func addNormalization(
    _ name: String, _ x: ValueID, to builder: inout LayerBuilder
  ) throws(ScaleNetError) -> ValueID {
    switch normalization {
    case .batch: try builder.normalization(name, x)
    case .group(let groups): try builder.groupNormalization(name, x, groups: groups)
    }
  }

  /// A step of 2 without aliasing, behind `name`.
  func addStep(
    _ name: String, _ x: ValueID, to builder: inout LayerBuilder
  ) throws(ScaleNetError) -> ValueID {
    guard antiAliasing == .blur else {
      return try builder.averagePool("\(name).aa", x, Window(2, stride: 2))
    }
    let channels = builder.channels(x)
    let binomial: [Float] = [1, 2, 1]
    let kernel = binomial.flatMap { row in binomial.map { row * $0 / 16 } }
    let filter = Tensor(
      (0..<channels).flatMap { _ in kernel }, shape: TensorShape([channels, 1, 3, 3]))
    let padded = try builder.node(
      "\(name).aa.pad", .pad(Pad(pads: [0, 0, 1, 1, 0, 0, 1, 1], mode: .reflect)), x)
    return try builder.node(
      "\(name).aa", .conv(Conv(window: Window(3, stride: 2), group: channels)), padded,
      try builder.constant("blur.\(channels)", filter))
  }

  /// One convolution, its normalisation, and a ReLU unless it is the block's last.
  private func addConvolution(
    _ convolution: Network.Convolution, _ index: Int, of block: Network.Block, _ input: ValueID, stride: Int,
    to builder: inout LayerBuilder
  ) throws(ScaleNetError) -> ValueID {
    let number = index + 1
    let name = "\(block.name).conv\(number)"
    switch convolution.form {
    case .plain:
      let step = antiAliasing == nil ? 1 : stride
      let layer = naming.layer(number, of: block.name)
      var x = try builder.convolution(
        layer.convolution, input, stride: stride / step, group: convolution.groups)
      x = try addNormalization(layer.normalization, x, to: &builder)
      if number < block.convolutions.count { x = try builder.relu("\(block.name).relu\(number)", x) }
      return step > 1 ? try addStep(name, x, to: &builder) : x
    case .hierarchical(let width, let scales):
      return try addHierarchical(
        block, input, width: width, scales: scales, groups: convolution.groups, stride: stride, to: &builder)
    case .selectiveKernel(let paths, let splitsInput, _):
      return try addSelectiveKernel(
        name, input, convolution, paths: paths, splitsInput: splitsInput, stride: stride, to: &builder)
    case .splitAttention(let radix, _):
      let window = Window(3, stride: stride, pad: 1)
      var x = input
      if stride > 1, poolsBeforeSplitAttention {
        x = try builder.averagePool("\(block.name).avd", x, window, countsMargins: true)
      }
      x = try addSplitAttention(name, x, convolution, radix: radix, to: &builder)
      if stride > 1, !poolsBeforeSplitAttention {
        x = try builder.averagePool("\(block.name).avd", x, window, countsMargins: true)
      }
      return x
    }
  }

  private func addShortcut(
    _ block: Network.Block, _ input: ValueID, to builder: inout LayerBuilder
  ) throws(ScaleNetError) -> ValueID {
    let shortcut = block.shortcut
    let module = "\(block.name).\(naming.shortcut)"
    var x = input
    if block.stride > 1 {
      switch shortcut.pooling {
      case .pairs:
        x = try builder.averagePool("\(module).0", x, Window(2, stride: 2), ceilMode: true)
      case .overlapping:
        x = try builder.averagePool("\(module).0", x, Window(3, stride: 2, pad: 1), countsMargins: true)
      case nil: break
      }
    }
    guard let kernel = shortcut.kernel else { return x }
    x = try builder.convolution(
      "\(module).\(shortcut.index)", x, kernel: kernel, stride: shortcut.pooling == nil ? block.stride : 1)
    return try addNormalization("\(module).\(shortcut.index + 1)", x, to: &builder)
  }

  /// Every channel times a factor between 0 and 1 that is made of the means of its neighbours.
  private func addEfficientAttention(
    _ name: String, _ input: ValueID, kernel: Int, to builder: inout LayerBuilder
  ) throws(ScaleNetError) -> ValueID {
    let channels = builder.channels(input)
    var x = try builder.node("\(name).avg_pool", .globalPool(.average), input)
    // The channels as rows of an image of one column: 2-D convolutions are what every runtime has.
    x = try builder.reshape("\(name).rows", x, [0, 1, channels, 1])
    let weight = try builder.weight(
      "\(name).conv.weight", [1, 1, kernel], reshaped: [1, 1, kernel, 1])
    let margin = kernel / 2
    x = try builder.node(
      "\(name).conv", .conv(Conv(window: Window(kernel: [kernel, 1], pads: [margin, 0, margin, 0]))), x,
      weight)
    x = try builder.node("\(name).sigmoid", .unary(.sigmoid), x)
    x = try builder.reshape("\(name).channels", x, [0, channels, 1, 1])
    return try builder.node("\(name).mul", .binary(.mul), input, x)
  }
}
