import ArgumentParser
import Reports
import ScaleNetKit

struct ConvertCommand: VerboseCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert",
    abstract: "Convert a model to another format, verified.",
    discussion: """
      The written file is read back, run, and compared with the source on seeded inputs before it gets its name.

      Examples:
        scalenet convert weights.pth -o model.onnx
        scalenet convert weights.pth --reference reference.npz -o model.onnx
        scalenet convert weights.pth --structure structure.json --input-size 288x416 --batch 1 -o model.onnx
        scalenet convert weights.pth --features -o backbone.onnx
        scalenet convert weights.pth --dtype float16 --opset 17 -o half.onnx
        scalenet convert weights.pth --dtype float16 --keep-float32 auto -o half.onnx
        scalenet convert weights.pth --for tensorrt-10 -o model.onnx
        scalenet convert weights.pth --preprocess imagenet --labels imagenet -o model.onnx
        scalenet convert weights.pth -o model.keras
        scalenet convert weights.pth -o model.h5 --data-format channels_first
        scalenet convert old-format.pth -o new-format.safetensors
      """)

  enum ElementType: String, ExpressibleByArgument, CaseIterable { case float32, float16, bfloat16 }
  enum SummaryFormat: String, ExpressibleByArgument, CaseIterable { case text, json, csv, markdown, latex }

  @OptionGroup var model: ModelOptions

  @Option(
    name: [.short, .long],
    help: ArgumentHelp(
      "The file to write: .onnx, .h5, .keras, .pth, .safetensors or .npz; - with --to for standard output.",
      valueName: "file"), completion: .modelToWrite)
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

  @Option(
    name: .customLong("for"),
    help: ArgumentHelp(
      "What the file is for: decides opset and IR version, and refuses what the target would (see check).",
      valueName: "target"))
  var target: DeploymentTarget?

  @OptionGroup var reference: ReferenceOptions

  @OptionGroup(title: "Graph Options") var graph: GraphArguments

  @Option(help: ArgumentHelp("The batch size, or dynamic.", valueName: "n|dynamic"))
  var batch: Dimension?

  @Flag(inversion: .prefixedNo, help: "Fold BatchNormalization into the convolutions.")
  var foldBatchNorm: Bool?

  @Option(help: "The type of weights and activations.")
  var dtype: ElementType?

  @Flag(
    name: .customLong("half-io"), help: "With float16 or bfloat16: inputs and outputs are of that type too.")
  var halfIO = false

  @Option(
    name: .customLong("keep-float32"),
    help: ArgumentHelp(
      "With half precision: what stays float32, between casts. auto: what overflows; or nodes and modules by name. "
        + "Several with commas, or again.", valueName: "auto|name"))
  var keepFloat32: [String] = []

  @Option(help: ArgumentHelp("The graph input's name.", valueName: "name"))
  var inputName: String?

  @Option(help: ArgumentHelp("The graph output's name.", valueName: "name"))
  var outputName: String?

  @OptionGroup(title: "Image Options") var images: GraphPreprocessingArguments

  @OptionGroup(title: "ONNX Options") var onnx: ONNXArguments

  @OptionGroup(title: "Keras Options") var keras: KerasArguments

  @Flag(help: "Of a graph's weights written alone: keep the graph's names instead of finding PyTorch's.")
  var ownNames = false

  @Flag(help: "Put the source's SHA-256 into the metadata.")
  var checksum = false

  @Flag(help: "Do not read the result back, run and compare it.")
  var noVerify = false

  @Flag(help: "Replace an existing output.")
  var force = false

  @OptionGroup var threads: ThreadOptions

  @Option(help: "How the report is printed.")
  var format = SummaryFormat.text

  @Flag(help: "The same as --format latex: tables for a paper.")
  var latex = false

  func validate() throws {
    if latex, ![.text, .latex].contains(format) {
      throw ValidationError("--latex, --format \(format.rawValue): expected one of them")
    }
  }

  func run() throws {
    let progress = ProgressLine()
    defer { progress.clear() }
    progress.show("reading")
    let source = try Model.open(model.input, model.opening(inputSize: graph.inputSize))
    let report = try source.convert(to: output, try options()) { progress.show($0) }
    progress.clear()
    let summary = ConversionSummary(report)
    let text: String
    switch latex ? .latex : format {
    case .text: text = summary.text
    case .json: text = try reportJSON(report)
    case .csv: text = summary.csv
    case .markdown: text = summary.document.markdown
    case .latex: text = summary.document.latex
    }
    if format != .json { for note in report.notes { StandardError.write("scalenet: note: \(note)\n") } }
    try StandardOutput.write(text, besides: [output])
  }

  private func options() throws -> ConversionOptions {
    var options = ConversionOptions()
    try images.apply(to: &options)
    options.format = to?.fileFormat
    options.target = target
    options.graph = graph.options
    options.reference = try reference.read()
    options.graph.batch = batch
    options.graph.inputName = inputName
    options.graph.outputName = outputName
    options.foldBatchNormalization = foldBatchNorm
    options.dataType = dtype.flatMap { DataType(rawValue: $0.rawValue) }
    options.halfIO = halfIO
    options.keepFloat32 = keepFloat32.flatMap { $0.split(separator: ",").map(String.init) }
    options.onnx = onnx.options
    options.keras = keras.options
    options.keras.container = to.flatMap { KerasOptions.Container(rawValue: $0.rawValue) }
    options.ownNames = ownNames
    options.checksum = checksum
    options.verify = !noVerify
    options.overwrite = force
    options.threads = threads.threads
    return options
  }

  @OptionGroup var messages: MessageOptions
}
