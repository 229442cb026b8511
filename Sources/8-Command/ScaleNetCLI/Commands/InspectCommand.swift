import ArgumentParser
import FileIO
import FoundationEssentials
import Reports
import ScaleNetKit

struct InspectCommand: VerboseCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Print channels, parameters, MACs and FLOPs of each block, or what tensors any file holds.",
    discussion: """
      Only headers and shapes are read, never the weights, unless --per-tensor asks for them. Weights of no known \
      architecture, of Keras alone and in .npz are shown as a tree of modules; so are ONNX and Keras models with \
      operators that are not known here, beside what the file says of its graph: inputs, outputs, versions, producer, \
      metadata, counts of operators, the largest initializers. MACs are multiply-accumulates of convolutions and of the \
      final layer; 1 MAC is 2 FLOPs, and what the paper calls FLOPs are MACs. Several models are shown side by side. \
      arch:NAME stands for a built-in architecture. A bad input among several is named, and the others are shown.

      Examples:
        scalenet inspect weights.pth
        scalenet inspect model.onnx --per-layer
        scalenet inspect anything.safetensors --per-tensor
        scalenet inspect weights.pth --input-size 288x416 --format json
        scalenet inspect weights.pth --chart channels.svg --html report.html
        scalenet inspect weights.pth arch:resnet50 arch:seresnext50-32x4d
      """)

  @Argument(
    help: ArgumentHelp(
      "PyTorch checkpoints, safetensors, ONNX or Keras models, .npz, directories of shards, or arch:NAME.",
      valueName: "input"), completion: .model)
  var inputs: [String]

  @Option(
    help: ArgumentHelp("Check the weights against this structure file.", valueName: "file"),
    completion: .structure)
  var structure: String?

  @OptionGroup var weights: WeightsArguments

  @OptionGroup var reference: ReferenceOptions

  @OptionGroup var graph: GraphArguments

  @Flag(help: "A row for every layer too.")
  var perLayer = false

  @Flag(
    help: "A row for every stored tensor instead, with minimum, maximum, mean and what is not finite.")
  var perTensor = false

  @OptionGroup var table: TableOptions

  @Option(
    help: ArgumentHelp(
      "Draw the channels of every block, or several models' MACs and parameters; .svg or .png.",
      valueName: "file"), completion: .chart)
  var chart: String?

  @Option(
    help: ArgumentHelp("Write one page with everything, which needs no network.", valueName: "file"),
    completion: .page)
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
    var tensors: [TensorReport] = []
    let recording = try reference.read()
    let (_, failure) = try forEach(inputs) { input in
      var options = OpeningOptions(
        key: weights.key, prefix: weights.prefix, structurePath: structure, inputSize: graph.inputSize)
      options.surveys = true
      let opened = try Model.open(input, perTensor ? options : options.readingShapesOnly())
      files += opened.files
      if perTensor || opened.isTensorsOnly {
        try refuseWithoutNetwork(opened)
        tensors.append(try opened.inspectTensors(readsElements: perTensor))
      } else {
        inspections.append(try opened.inspect(graph.options, reference: recording))
      }
    }
    try OutputSet.check(
      [chart, html].compactMap { $0 }, texts: [html].compactMap { $0 }, overwrite: force, inputs: files)
    try show(inspections, tensors, files)
    if let failure { throw failure }
  }

  private func show(_ inspections: [Inspection], _ tensors: [TensorReport], _ files: [ByteRegion]) throws {
    let reports = inspections.map(\.report)
    let outputs = OutputSet(overwrite: force, inputs: files)
    if let chart {
      let drawing =
        reports.count == 1
        ? try AllocationChart(reports[0]).drawing : try ComparisonChart(reports).drawing
      try outputs.add(chart, try drawing.bytes(for: chart))
    }
    if let html {
      let page = try HTMLPage(inspections.map { HTMLPage.Entry($0.report, block: $0.block) }).text()
      try outputs.add(html, Array(page.utf8), isText: true)
    }
    try outputs.commit()
    let format = table.chosen
    let text = try format.text(
      of: reports, and: tensors, isPerLayer: perLayer, isPerTensor: perTensor, style: style)
    if format == .table {
      for note in reports.flatMap(\.notes) + tensors.flatMap(\.notes) {
        StandardError.write("scalenet: note: \(note)\n")
      }
    }
    try StandardOutput.write(text)
  }

  /// Fails for what only a network can give.
  private func refuseWithoutNetwork(_ model: Model) throws {
    let asked: [(option: String, isGiven: Bool)] = [
      ("perLayer", perLayer), ("chart", chart != nil), ("html", html != nil), ("features", graph.features),
      ("softmax", graph.softmax), ("stridePlacement", graph.stridePlacement != nil),
      ("inputSize", graph.inputSize != nil && model.isTensorsOnly),
    ]
    guard let option = asked.first(where: \.isGiven)?.option else { return }
    throw ScaleNetError.invalidOption(
      option, expected: perTensor ? "no --per-tensor" : "a network that is known",
      found: perTensor ? "both" : "tensors of none in \(model.path.escapedForMessage)")
  }

  private var style: Style {
    Style.detected(isTerminal: StandardOutput.isTerminal, environment: ProcessInfo.processInfo.environment)
  }
}
