import Analysis
import Architectures
import FileIO
public import Kernels
import ModelIR
import ONNXFormat
import PyTorchFormat

/// The file to convert, and how it is read.
public struct ConversionInput: Sendable {
  public var path: String
  /// Where the state dict stands in a checkpoint, if not at one of the usual places.
  public var key: String?
  /// A structure file that the weights are checked against.
  public var structurePath: String?

  public init(path: String, key: String? = nil, structurePath: String? = nil) {
    self.path = path
    self.key = key
    self.structurePath = structurePath
  }
}

/// Converts a model file to another format.
///
/// The output appears complete and, unless `verifies` is off, proved: the temporary is read back, run and compared
/// with the source before it gets its name.
///
/// - Parameters:
///   - kernels: what the verification computes with.
///   - progress: called when a new phase begins.
public func convert(
  _ input: ConversionInput, to outputPath: String, options: ConversionOptions,
  kernels: any KernelSet<Float> = baselineKernels(), progress: (ConversionPhase) -> Void = { _ in }
) throws(ScaleNetError) -> ConversionReport {
  guard let format = options.format ?? FileFormat.forExtension(of: outputPath),
    FileFormat.writableModels.contains(format)
  else {
    throw .invalidOption(
      option: "--output", expected: "a name that ends in .onnx or .pth, or --to", found: outputPath)
  }
  try options.onnx.check()
  progress(.reading)
  let source = try bridging(ScaleNetError.file) { () throws(FileError) in try ByteRegion.map(path: input.path)
  }
  // What stands in the way of the output is said before the work.
  do throws(FileError) {
    try OutputFile(path: outputPath, overwrite: options.overwrite, inputs: [source]).discard()
  } catch {
    throw .file(error)
  }
  let model = try OpenedModel(
    path: input.path, key: input.key, structurePath: input.structurePath, verifyChecksums: true)
  let conversion = Conversion(
    model: model, outputPath: outputPath, format: format, options: options, kernels: kernels)
  switch format {
  case .onnx: return try conversion.writeONNX(progress: progress)
  case .pytorch: return try conversion.writeCheckpoint(progress: progress)
  case .numpy: preconditionFailure("not among the writable models")
  }
}

/// One conversion under way.
struct Conversion {
  let model: OpenedModel
  let outputPath: String
  let format: FileFormat
  let options: ConversionOptions
  let kernels: any KernelSet<Float>

  /// A report without what depends on the format.
  func report(graph: Graph?, bytes: Int) throws(ScaleNetError) -> ConversionReport {
    func describe(_ ids: [ValueID]) -> [String] {
      guard let graph else { return [] }
      return ids.map { "\(graph[$0].name) \(graph[$0].type)" }
    }
    return ConversionReport(
      input: model.path, output: outputPath, inputFormat: model.format.rawValue,
      outputFormat: format.rawValue,
      architecture: model.architecture, inputs: describe(graph?.inputs ?? []),
      outputs: describe(graph?.outputs ?? []), nodes: graph?.nodes.count ?? 0, parameters: try parameters(),
      bytes: bytes, companionFiles: [], notes: try model.notes + nonFiniteNotes(), verification: nil)
  }

  /// Learnable parameters of the source.
  private func parameters() throws(ScaleNetError) -> Int {
    switch model.content {
    case .weights(let weights, _):
      let buffers = ["running_mean", "running_var", "num_batches_tracked"]
      return weights.entries.reduce(0) { sum, entry in
        sum + (buffers.contains { entry.name.hasSuffix($0) } ? 0 : entry.tensor.elementCount)
      }
    case .graph:
      return try ModelInspection(model, options: options.build).totals.parameters
    }
  }

  /// A warning for each weight that holds an infinity or a NaN.
  private func nonFiniteNotes() throws(ScaleNetError) -> [String] {
    var notes: [String] = []
    for entry in model.tensors {
      do throws(TensorError) {
        if let index = try entry.tensor.firstNonFinite() {
          notes.append("tensor \(entry.name.escapedForMessage) is not finite at element \(index)")
        }
      } catch {
        throw .tensor(path: model.path, name: entry.name, error)
      }
    }
    return notes
  }
}
