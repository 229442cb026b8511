import ArgumentParser
import FileIO
import FoundationEssentials
import Reports
import ScaleNetKit

struct InspectCommand: VerboseCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Print channels, parameters, MACs and FLOPs of each block.",
    discussion: """
      Only headers and shapes are read, never the weights. MACs are multiply-accumulates of convolutions and of the
      final layer; 1 MAC is 2 FLOPs, and what the paper calls FLOPs are MACs. Several models are shown side by side.
      arch:NAME stands for a built-in architecture.

      Examples:
        scalenet inspect weights.pth
        scalenet inspect model.onnx --per-layer
        scalenet inspect weights.pth --input-size 288x416 --format json
        scalenet inspect weights.pth --chart channels.svg --html report.html
        scalenet inspect weights.pth arch:resnet50 arch:seresnext50-32x4d
      """)

  @Argument(
    help: ArgumentHelp(
      "PyTorch checkpoints, safetensors, ONNX or Keras models, or arch:NAME.", valueName: "input"))
  var inputs: [String]

  @Option(help: ArgumentHelp("Check the weights against this structure file.", valueName: "file"))
  var structure: String?

  @OptionGroup var weights: WeightsArguments

  @OptionGroup var reference: ReferenceOptions

  @OptionGroup var graph: GraphArguments

  @Flag(help: "A row for every layer too.")
  var perLayer = false

  @Option(help: "How the report is printed.")
  var format = ReportFormat.table

  @Option(
    help: ArgumentHelp(
      "Draw the channels of every block, or several models' MACs and parameters; .svg or .png.",
      valueName: "file"))
  var chart: String?

  @Option(help: ArgumentHelp("Write one page with everything, which needs no network.", valueName: "file"))
  var html: String?

  @Flag(help: "Replace existing files.")
  var force = false

  @OptionGroup var messages: MessageOptions

  func validate() throws {
    try validateChart(chart)
    if reference.reference != nil, inputs.count > 1 {
      throw ValidationError("--reference: expected with one model, found \(inputs.count)")
    }
  }

  func run() throws {
    var files: [ByteRegion] = []
    var inspections: [Inspection] = []
    let recording = try reference.read()
    for input in inputs {
      let options = OpeningOptions(
        key: weights.key, prefix: weights.prefix, structurePath: structure, inputSize: graph.inputSize)
      let opened = try Model.open(input, options.readingShapesOnly())
      files += opened.files
      inspections.append(try opened.inspect(graph.options, reference: recording))
    }
    let reports = inspections.map(\.report)
    if let chart { try draw(reports, to: chart, inputs: files) }
    if let html {
      let page = try HTMLPage(inspections.map { HTMLPage.Entry($0.report, block: $0.block) }).text()
      try writeText(page, to: html, overwrite: force, inputs: files)
    }
    let text = try format.text(of: reports, isPerLayer: perLayer, style: style)
    if format == .table {
      for note in reports.flatMap(\.notes) { StandardError.write("scalenet: note: \(note)\n") }
    }
    try StandardOutput.write(text)
  }

  private func draw(_ reports: [InspectionReport], to path: String, inputs: [ByteRegion]) throws {
    let drawing =
      reports.count == 1 ? try AllocationChart(reports[0]).drawing : try ComparisonChart(reports).drawing
    try writeBytes(try drawing.bytes(for: path), to: path, overwrite: force, inputs: inputs)
  }

  private var style: Style {
    Style.detected(isTerminal: StandardOutput.isTerminal, environment: ProcessInfo.processInfo.environment)
  }
}
