public import Architectures
import FileIO
import ModelIR
import PyTorchFormat

/// A network with fresh weights.
public struct Initialization: Sendable {
  /// What was written.
  public struct Report: Sendable {
    /// The network's name: `ScaleNet-50`.
    public var architecture: String
    /// Of the final layer.
    public var classes: Int
    /// Learnable parameters.
    public var parameters: Int
    /// Of the file.
    public var bytes: Int
  }

  /// The dimensions of the network.
  public let architecture: Architecture
  /// What the random numbers begin from.
  public let seed: UInt64
  private let inputs: [ByteRegion]

  /// - Parameters:
  ///   - name: a built-in architecture's name, or `scalenet` with a structure file.
  ///   - structurePath: a structure file that takes the place of the released structure.
  ///   - pools: for the seeds of an allocation: by how much the scales pool, some of 1, 2, 4 and 7.
  ///   - seed: of the random numbers; the same seed gives the same weights.
  ///   - classes: of the final layer, 1 to 1,000,000.
  public init(
    architecture name: String, structurePath: String? = nil, pools: [Int]? = nil, seed: UInt64 = 0,
    classes: Int = 1000
  ) throws(ScaleNetError) {
    try Limits.check(classes, Limits.classes, "classes")
    self.seed = seed
    let builtIn = BuiltInArchitecture(name: name)
    if let pools {
      guard case .seed(let network)? = builtIn else {
        throw .invalidOption(
          "scales", expected: "the seed of an allocation, such as scalenet50-seed",
          found: name.escapedForMessage)
      }
      architecture = .scaleNet(try network.configuration(pools: pools, classes: classes))
      inputs = []
    } else if let structurePath {
      guard name.lowercased().hasPrefix("scalenet") else {
        throw .invalidOption("structure", expected: "a ScaleNet", found: name.escapedForMessage)
      }
      let (structure, file) = try Model.readStructure(structurePath)
      architecture = .scaleNet(ScaleNetConfiguration(structure: structure, classes: classes))
      inputs = [file]
    } else if let builtIn {
      architecture = builtIn.architecture(classes: classes)
      inputs = []
    } else if name.lowercased() == "scalenet" {
      throw .invalidOption("structure", expected: "a structure file for scalenet", found: "none")
    } else {
      let names = BuiltInArchitecture.allCases.map(\.name).joined(separator: ", ")
      throw .invalidOption(
        "architecture", expected: "\(names), or scalenet with a structure file", found: name.escapedForMessage
      )
    }
  }

  /// The network in memory.
  public func model() -> Model {
    Model(
      path: architecture.displayName, format: .builtIn,
      content: .weights(architecture.initialWeights(seed: seed), architecture))
  }

  /// Writes a checkpoint that PyTorch loads with `weights_only=True`.
  ///
  /// - Parameters:
  ///   - path: a name that ends in `.pth` or `.pt`, or `-` for standard output.
  ///   - overwrite: whether an existing file is replaced.
  /// - Throws: if the file can't be written, or exists and may not be replaced.
  public func write(to path: String, overwrite: Bool = false) throws(ScaleNetError) -> Report {
    guard FileFormat.forExtension(of: path) == .pytorch || path == StandardStreams.path else {
      throw .invalidOption(
        "output", expected: "a name that ends in .pth or .pt", found: path.escapedForMessage)
    }
    // The output is tried before the work.
    let shapes = architecture.placeholderWeights()
    let stream = try CheckpointStream(
      shapes, to: try OutputFile(path: path, overwrite: overwrite, inputs: inputs))
    architecture.configuration.initialWeights(seed: seed) { stream.add($0, $1) }
    let bytes = try stream.finish(inputs)
    return Report(
      architecture: architecture.displayName, classes: architecture.classes ?? 0,
      parameters: shapes.learnableCount, bytes: bytes)
  }
}

/// A checkpoint that is written while its weights are made: no two of them are in memory together.
private final class CheckpointStream {
  private var file: OutputFile?
  private var writer: PyTorchWriter?
  /// What went wrong first; nothing is written from then on.
  private var failure: ScaleNetError?

  init(_ shapes: StateDict, to file: consuming OutputFile) throws(ScaleNetError) {
    writer = try PyTorchWriter(shapes, to: &file)
    self.file = consume file
  }

  func add(_ name: String, _ tensor: Tensor) {
    guard failure == nil else { return }
    do throws(ScaleNetError) {
      try writer!.add(name, tensor, to: &file!)
    } catch {
      failure = error
    }
  }

  /// Gives the file its name, and its size.
  func finish(_ inputs: [ByteRegion]) throws(ScaleNetError) -> Int {
    if let failure { throw failure }
    guard let writer = writer.take(), var file = file.take() else {
      preconditionFailure("a stream ends once")
    }
    try writer.finish(&file)
    let bytes = file.byteCount
    try file.finish()
    try inputs.checkUnchanged()
    try file.commit()
    return bytes
  }
}
