public import Architectures
import FileIO
import ModelIR
import PyTorchFormat
import Reports

/// What `allocate` is asked for.
public struct AllocationOptions: Sendable {
  public var target: AllocationTarget
  public var inputSize: InputSize = .standard
  /// Where the structure file goes; nil for nowhere.
  public var structurePath: String?
  /// Where the pruned checkpoint goes; nil for nowhere.
  public var weightsPath: String?
  /// Where a chart of the channels that stay goes, .svg or .png; nil for nowhere.
  public var chartPath: String?
  public var overwrite = false

  public init(target: AllocationTarget) {
    self.target = target
  }
}

extension OpenedModel {
  /// Decides how many channels each scale of each block keeps, and writes what was asked for.
  ///
  /// The model is a ScaleNet's weights in which the scales have channels to lose.
  public func allocate(_ options: AllocationOptions) throws(ScaleNetError) -> ChannelAllocation {
    guard case .weights(let weights, .scaleNet(let seed)) = content else {
      if case .tensors(_, let error) = content { throw error }
      throw .unsupported(
        path: path, operation: "allocate channels",
        reason: "expected the weights of a ScaleNet, found \(architecture)")
    }
    if let weightsPath = options.weightsPath, FileFormat.forExtension(of: weightsPath) != .pytorch {
      throw .invalidOption(
        "weights", expected: "a name that ends in .pth or .pt", found: weightsPath)
    }
    // What stands in the way of the outputs is said before the work.
    for output in [options.structurePath, options.weightsPath, options.chartPath].compactMap({ $0 }) {
      try OutputFile(path: output, overwrite: options.overwrite, inputs: [file]).discard()
    }
    let allocator = try ChannelAllocator(seed: seed, weights: weights, source: path)
    let allocation = try allocator.allocate(options.target, inputSize: options.inputSize)
    let pruned = try allocator.prunedWeights(allocation)
    if let chartPath = options.chartPath {
      let network = OpenedModel(
        path: path, file: file, format: format,
        content: .weights(pruned, .scaleNet(allocation.configuration)), notes: [])
      var build = BuildOptions()
      build.inputSize = options.inputSize
      let report = try network.inspection(build).report
      let bytes = try AllocationChart(report).drawing.bytes(for: chartPath)
      try writeBytes(bytes, to: chartPath, overwrite: options.overwrite, inputs: [file])
    }
    if let weightsPath = options.weightsPath {
      var output = try OutputFile(path: weightsPath, overwrite: options.overwrite, inputs: [file])
      try PyTorchWriter.write(pruned, to: &output)
      try output.commit()
    }
    if let structurePath = options.structurePath {
      try writeText(
        allocation.structure.json + "\n", to: structurePath, overwrite: options.overwrite, inputs: [file])
    }
    return allocation
  }
}
