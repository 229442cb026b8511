import Analysis
import Architectures
import FileIO
public import Kernels
import ModelIR

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
///   - kernels: what the verification computes with; nil for the fastest that this processor can run.
///   - progress: called when a new phase begins.
public func convert(
  _ input: ConversionInput, to outputPath: String, options: ConversionOptions,
  kernels: (any KernelSet<Float>)? = nil, progress: (ConversionPhase) -> Void = { _ in }
) throws(ScaleNetError) -> ConversionReport {
  guard let format = options.format ?? FileFormat.forExtension(of: outputPath) else {
    throw .invalidOption(
      "output",
      expected: "a name that ends in .onnx, .h5, .keras, .pth, .safetensors or .npz, or --to",
      found: outputPath)
  }
  try options.onnx.check()
  progress(.reading)
  let source = try ByteRegion.map(path: input.path)
  // What stands in the way of the output is said before the work.
  try OutputFile(path: outputPath, overwrite: options.overwrite, inputs: [source]).discard()
  let model = try OpenedModel(
    path: input.path, key: input.key, structurePath: input.structurePath,
    inputSize: options.explicitBuildOptions.contains("--input-size") ? options.build.inputSize : nil)
  let conversion = Conversion(
    model: model, soundness: SoundnessCheck(model), outputPath: outputPath, format: format, options: options,
    kernels: try given(kernels))
  switch format {
  case .onnx: return try conversion.writeONNX(progress: progress)
  case .keras: return try conversion.writeKeras(progress: progress)
  case .pytorch, .safetensors, .numpy: return try conversion.writeWeights(progress: progress)
  case .trtexec, .polygraphy, .builtIn:
    throw .invalidOption("to", expected: "a format of models", found: format.displayName)
  }
}

/// One conversion under way.
struct Conversion {
  let model: OpenedModel
  /// Under way; its result is asked for before the output gets its name.
  let soundness: SoundnessCheck
  let outputPath: String
  let format: FileFormat
  let options: ConversionOptions
  let kernels: any KernelSet<Float>

  var verification: Verification {
    Verification(path: outputPath, kernels: kernels, threads: options.threads)
  }

  /// The graph after the passes that were asked for.
  func optimized(_ graph: Graph) throws(ScaleNetError) -> Graph {
    var passes: [any GraphPass] = [EliminateIdentities()]
    if options.foldBatchNormalization { passes.append(FoldBatchNormalization()) }
    if options.dataType == .float16 { passes.append(ConvertToHalf(halfIO: options.halfIO)) }
    passes.append(EliminateDeadNodes())
    var result = graph
    do throws(ScaleNetError) { try result.apply(passes) } catch { throw error.inFile(model.path) }
    return result
  }

  /// A report without what depends on the format.
  func report(graph: Graph?, bytes: Int) throws(ScaleNetError) -> ConversionReport {
    func describe(_ ids: [ValueID]) -> [String] {
      guard let graph else { return [] }
      return ids.map { "\(graph[$0].name) \(graph[$0].type)" + (graph[$0].type.rank == 4 ? " (NCHW)" : "") }
    }
    return ConversionReport(
      input: model.path, output: outputPath, inputFormat: model.format.rawValue,
      outputFormat: format.rawValue,
      architecture: model.architecture, inputs: describe(graph?.inputs ?? []),
      outputs: describe(graph?.outputs ?? []), nodes: graph?.nodes.count ?? 0, parameters: try parameters(),
      bytes: bytes, companionFiles: [], notes: try model.notes + soundness.notes(), verification: nil,
      weightNames: nil)
  }

  /// Learnable parameters of the source.
  private func parameters() throws(ScaleNetError) -> Int {
    switch model.content {
    case .weights(let weights, _), .tensors(let weights, _):
      return weights.learnableCount
    case .graph:
      return try model.inspection(options.build).report.totals.parameters
    }
  }
}
