public import Architectures
import FileIO
import ModelIR
import PyTorchFormat

/// A network with fresh weights.
public struct Initialization: Sendable {
  /// What was written.
  public struct Report: Sendable {
    public var architecture: String
    public var classes: Int
    public var parameters: Int
    public var bytes: Int
  }

  public let configuration: ScaleNetConfiguration
  public let seed: UInt64
  private let inputs: [ByteRegion]

  /// - Parameters:
  ///   - architecture: a released network's name, or `scalenet` with a structure file.
  ///   - structurePath: a structure file that takes the place of the released structure.
  public init(
    architecture: String, structurePath: String? = nil, seed: UInt64 = 0, classes: Int = 1000
  ) throws(ScaleNetError) {
    // scalenet50-light, ScaleNet-50-light and scalenet50_light are one name.
    func plain(_ name: String) -> String { name.lowercased().filter { $0.isLetter || $0.isNumber } }
    let released = ReleasedScaleNet.allCases.first { plain($0.rawValue) == plain(architecture) }
    guard released != nil || plain(architecture) == "scalenet" else {
      let names = ReleasedScaleNet.allCases.map(\.rawValue).joined(separator: ", ")
      throw .invalidOption(
        option: "architecture", expected: "\(names), or scalenet with --structure", found: architecture)
    }
    let structure: Structure
    if let structurePath {
      structure = try OpenedModel.readStructure(structurePath)
      inputs = [
        try bridging(ScaleNetError.file) { () throws(FileError) in try ByteRegion.map(path: structurePath) }
      ]
    } else if let released {
      structure = released.structure
      inputs = []
    } else {
      throw .invalidOption(option: "--structure", expected: "a structure file for scalenet", found: "none")
    }
    configuration = ScaleNetConfiguration(structure: structure, classes: classes)
    self.seed = seed
  }

  /// Writes a checkpoint that PyTorch loads with `weights_only=True`.
  public func write(to path: String, overwrite: Bool = false) throws(ScaleNetError) -> Report {
    // The output is tried before the work.
    var output = try bridging(ScaleNetError.file) { () throws(FileError) in
      try OutputFile(path: path, overwrite: overwrite, inputs: inputs)
    }
    guard FileFormat.forExtension(of: path) == .pytorch else {
      throw .invalidOption(option: "--output", expected: "a name that ends in .pth or .pt", found: path)
    }
    let weights = configuration.initialWeights(seed: seed)
    do throws(PyTorchError) { try PyTorchWriter.write(weights, to: &output) } catch { throw .pytorch(error) }
    let bytes = output.byteCount
    do throws(FileError) { try output.commit() } catch { throw .file(error) }
    let parameters = weights.entries.reduce(0) { sum, entry in
      let isBuffer = ["running_mean", "running_var", "num_batches_tracked"].contains {
        entry.name.hasSuffix($0)
      }
      return sum + (isBuffer ? 0 : entry.tensor.elementCount)
    }
    return Report(
      architecture: configuration.displayName, classes: configuration.classes ?? 0, parameters: parameters,
      bytes: bytes)
  }
}
