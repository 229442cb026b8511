import ArgumentParser
import ScaleNetKit

struct ConvertCommand: VerboseCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert",
    abstract: "Convert a model to another format, verified.",
    discussion: """
      The written file is read back, run, and compared with the source on seeded inputs before it gets its name.

      Examples:
        scalenet convert weights.pth -o model.onnx
        scalenet convert weights.pth --structure structure.json --input-size 288x416 --batch 1 -o model.onnx
        scalenet convert weights.pth --features -o backbone.onnx
        scalenet convert weights.pth --dtype float16 --opset 17 -o half.onnx
        scalenet convert weights.pth -o model.keras
        scalenet convert weights.pth -o model.h5 --data-format channels_first
        scalenet convert old-format.pth -o new-format.safetensors
      """)

  enum ElementType: String, ExpressibleByArgument, CaseIterable { case float32, float16 }
  enum ReportFormat: String, ExpressibleByArgument, CaseIterable { case text, json }

  @OptionGroup var model: ModelOptions

  @Option(
    name: [.short, .long],
    help: ArgumentHelp(
      "The file to write: .onnx, .h5, .keras, .pth, .safetensors or .npz.", valueName: "file"))
  var output: String

  @Option(help: ArgumentHelp("The format to write, if the extension does not say it.", valueName: "format"))
  var to: OutputFormat?

  enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
    case onnx, h5, keras, pth, safetensors, npz

    var fileFormat: FileFormat {
      switch self {
      case .onnx: .onnx
      case .h5, .keras: .keras
      case .pth: .pytorch
      case .safetensors: .safetensors
      case .npz: .numpy
      }
    }
  }

  @OptionGroup(title: "Graph Options") var graph: GraphOptions

  @Option(help: ArgumentHelp("The batch size, or dynamic.", valueName: "n|dynamic"))
  var batch: BatchArgument = BatchArgument(dimension: .symbolic("batch"))

  @Flag(inversion: .prefixedNo, help: "Fold BatchNormalization into the convolutions.")
  var foldBatchNorm = true

  @Option(help: "The type of weights and activations.")
  var dtype = ElementType.float32

  @Flag(name: .customLong("half-io"), help: "With float16: inputs and outputs are float16 too.")
  var halfIO = false

  @Option(help: ArgumentHelp("The graph input's name.", valueName: "name"))
  var inputName: String?

  @Option(help: ArgumentHelp("The graph output's name.", valueName: "name"))
  var outputName: String?

  @OptionGroup(title: "ONNX Options") var onnx: ONNXOptions

  @OptionGroup(title: "Keras Options") var keras: KerasOptions

  @Flag(help: "Put the source's SHA-256 into the metadata.")
  var checksum = false

  @Flag(help: "Do not read the result back, run and compare it.")
  var noVerify = false

  @Flag(help: "Replace an existing output.")
  var force = false

  @OptionGroup var threads: ThreadOptions

  @Option(help: "How the report is printed.")
  var format = ReportFormat.text

  func run() throws {
    let progress = Progress()
    defer { progress.clear() }
    let report = try ScaleNetKit.convert(
      ConversionInput(path: model.input, key: model.key, structurePath: model.structure), to: output,
      options: options, progress: { progress.show($0.rawValue) })
    progress.clear()
    switch format {
    case .text:
      for note in report.notes { StandardError.write("scalenet: note: \(note)\n") }
      try StandardOutput.write(ConversionSummary(report).text)
    case .json: try StandardOutput.write(try encodeJSON(report))
    }
  }

  private var options: ConversionOptions {
    var options = ConversionOptions()
    options.format = to?.fileFormat
    graph.apply(to: &options.build)
    options.build.batch = batch.dimension
    if let inputName { options.build.inputName = inputName }
    if let outputName { options.build.outputName = outputName }
    options.explicitBuildOptions =
      graph.explicit + (inputName == nil ? [] : ["--input-name"])
      + (outputName == nil ? [] : ["--output-name"])
      + (batch.isExplicit ? ["--batch"] : [])
    options.foldBatchNormalization = foldBatchNorm
    options.dataType = dtype == .float16 ? .float16 : .float32
    options.halfIO = halfIO
    options.explicitGraphOptions =
      options.explicitBuildOptions + onnx.explicit + keras.explicit + (dtype == .float16 ? ["--dtype"] : [])
      + (foldBatchNorm ? [] : ["--no-fold-batch-norm"]) + (checksum ? ["--checksum"] : [])
    options.onnx = onnx.writerOptions
    options.explicitONNXOptions = onnx.explicit + (checksum ? ["--checksum"] : [])
    options.dataFormat = keras.dataFormat == .channelsFirst ? .channelsFirst : .channelsLast
    options.weightsOnly = keras.weightsOnly
    options.kerasSuffix = to == .keras ? ".keras" : to == .h5 ? ".h5" : nil
    options.addsChecksum = checksum
    options.verifies = !noVerify
    options.overwrite = force
    options.threads = threads.threads
    return options
  }

  @OptionGroup var messages: MessageOptions

  func validate() throws {
    if halfIO && dtype != .float16 { throw ValidationError("--half-io: expected with --dtype float16") }
    if outputName != nil && graph.features {
      throw ValidationError("--output-name: the outputs of --features are layer1 to layer4")
    }
  }
}
