public import Architectures
import FileIO
import Inspection
public import ModelIR
import PyTorchFormat
import Reports

/// The channels that a seed network keeps for a budget, and the network that is left.
public struct Allocation: Sendable {
  /// How many channels each scale of each block keeps, and what that saves.
  public let channels: ChannelAllocation
  /// The weights of what is left: a start for fine-tuning.
  public let weights: StateDict
  private let source: Model

  init(_ channels: ChannelAllocation, weights: StateDict, source: Model) {
    self.channels = channels
    self.weights = weights
    self.source = source
  }

  /// What a user should know of the seed and of how channels competed, one sentence each.
  public var notes: [String] { source.notes + channels.notes }

  /// The structure file of the network that is left.
  public var structure: Structure { channels.structure }

  /// The network that is left.
  public var model: Model {
    Model(
      path: source.path, format: .builtIn, content: .weights(weights, .scaleNet(channels.configuration)),
      files: source.files)
  }
}

/// Where the parts of an allocation go.
public struct AllocationOutputs: Sendable {
  /// The structure file; nil for none.
  public var structurePath: String?
  /// The checkpoint, `.pth` or `.pt`; nil for none.
  public var weightsPath: String?
  /// A chart of the channels that stay, `.svg` or `.png`; nil for none.
  public var chartPath: String?
  /// Whether existing files are replaced.
  public var overwrite = false

  /// Nothing is written yet: set the paths of what is wanted.
  public init() {}
}

extension Model {
  /// Decides how many channels each scale of each block keeps.
  ///
  /// - Parameters:
  ///   - target: what decides how many channels a block keeps.
  ///   - inputSize: the image that multiply-accumulates are counted for.
  /// A seed may be a checkpoint, or an ONNX or Keras file that keeps BatchNormalization.
  ///
  /// - Throws: if the model is no ScaleNet, has its BatchNormalization folded in, or the budget is too small.
  public func allocate(
    _ target: AllocationTarget, inputSize: InputSize = .standard
  ) throws(ScaleNetError) -> Allocation {
    try Limits.check(inputSize.height, Limits.inputSide, "inputSize")
    try Limits.check(inputSize.width, Limits.inputSide, "inputSize")
    let (weights, seed) = try allocationSeed()
    let allocator = try ChannelAllocator(seed: seed, weights: weights, source: path)
    let channels = try allocator.allocate(target, inputSize: inputSize)
    let pruned = try allocator.prunedWeights(channels)
    try files.checkUnchanged()
    return Allocation(channels, weights: pruned, source: self)
  }

  /// The weights and dimensions of the seed: those of a checkpoint, or those that a graph's are found to be.
  private func allocationSeed() throws(ScaleNetError) -> (weights: StateDict, seed: ScaleNetConfiguration) {
    var (weights, network): (StateDict, Architecture)
    switch content {
    case .tensors(_, let error): throw error
    case .weights(let known, let architecture): (weights, network) = (known, architecture)
    case .graph(let stored):
      let names = try PyTorchNames(self, stored.graph)
      (weights, network) = (names.weights, names.architecture)
      if case .scaleNet = network, let folded = names.folded.first(where: { $0.contains(".bn2.") }) {
        throw .unsupported(
          path: path, operation: "allocate channels",
          reason:
            "\(folded) is folded into its convolution, and with it the gammas by which channels compete: convert "
            + "the seed without folding BatchNormalization")
      }
    }
    guard case .scaleNet(let seed) = network else {
      throw .unsupported(
        path: path, operation: "allocate channels",
        reason: "expected a ScaleNet, found \(network.displayName)")
    }
    return (weights, seed)
  }

  /// The same in an asynchronous task, on a thread of its own.
  public func allocate(
    _ target: AllocationTarget, inputSize: InputSize = .standard
  ) async throws(ScaleNetError) -> Allocation {
    try await detached(nil) { (_) throws(ScaleNetError) in
      let allocation: Allocation = try self.allocate(target, inputSize: inputSize)
      return allocation
    }
  }

  /// Fails where one of the outputs of an allocation cannot be written, before the work.
  package func checkOutputs(_ outputs: AllocationOutputs) throws(ScaleNetError) {
    if let path = outputs.weightsPath, path != StandardStreams.path,
      FileFormat.forExtension(of: path) != .pytorch
    {
      throw .invalidOption(
        "weights", expected: "a name that ends in .pth or .pt", found: path.escapedForMessage)
    }
    try OutputSet.check(
      [outputs.structurePath, outputs.weightsPath, outputs.chartPath].compactMap { $0 },
      texts: [outputs.structurePath].compactMap { $0 }, overwrite: outputs.overwrite, inputs: files)
  }
}

extension Allocation {
  /// Writes what the outputs ask for: all of it appears, or nothing.
  public func write(_ outputs: AllocationOutputs) throws(ScaleNetError) {
    try source.checkOutputs(outputs)
    let set = OutputSet(overwrite: outputs.overwrite, inputs: source.files)
    if let path = outputs.chartPath {
      let report = try model.inspect(GraphOptions(inputSize: channels.inputSize)).report
      try set.add(path, try AllocationChart(report).drawing.bytes(for: path))
    }
    if let path = outputs.weightsPath {
      var output = try set.create(path)
      try PyTorchWriter.write(weights, to: &output)
      try set.add(output)
    }
    if let path = outputs.structurePath { try set.add(path, Array((structure.json + "\n").utf8)) }
    try set.commit()
  }
}
