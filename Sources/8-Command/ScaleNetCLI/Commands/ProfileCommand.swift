import ArgumentParser
import FileIO
import FoundationEssentials
import Reports
import ScaleNetKit

struct ProfileCommand: VerboseCommand {
  static let configuration = CommandConfiguration(
    commandName: "profile",
    abstract: "Say where the time of a TensorRT engine goes, by block and scale of the network.",
    discussion: """
      Reads what trtexec of TensorRT 8.6 to 11 tells of an engine: its layers (--exportLayerInfo), and how long they took \
      (--exportProfile). The model is the ONNX file that the engine was built from, or the weights that this file was \
      converted from. Layers that match no node are listed, as are nodes that no layer names. Without a profile there are \
      no times.

      Examples:
        trtexec --onnx=model.onnx --profilingVerbosity=detailed --separateProfileRun --exportLayerInfo=layers.json --exportProfile=profile.json
        scalenet profile layers.json profile.json --model model.onnx
        scalenet profile layers.json profile.json --model model.onnx --chart time.svg --html time.html
        scalenet profile layers.json --model model.onnx --per-layer
      """)

  @Argument(
    help: ArgumentHelp("What trtexec --exportLayerInfo wrote.", valueName: "layers.json"),
    completion: .engine)
  var layers: String

  @Argument(
    help: ArgumentHelp("What trtexec --exportProfile wrote.", valueName: "profile.json"), completion: .engine)
  var profile: String?

  @Option(
    help: ArgumentHelp("The model that the engine was built from.", valueName: "model"), completion: .model)
  var model: String

  @Option(
    help: ArgumentHelp("Check the weights against this structure file.", valueName: "file"),
    completion: .structure)
  var structure: String?

  @OptionGroup var weights: WeightsArguments

  @OptionGroup(title: "Graph Options") var graph: GraphArguments

  @Flag(help: "A row for every layer of the engine too.")
  var perLayer = false

  @OptionGroup var tables: TableOptions

  @Option(
    help: ArgumentHelp("Draw the time of every part; .svg or .png.", valueName: "file"), completion: .chart)
  var chart: String?

  @Option(
    help: ArgumentHelp("Write one page with everything, which needs no network.", valueName: "file"),
    completion: .page)
  var html: String?

  @Flag(help: "Replace existing files.")
  var force = false

  @OptionGroup var messages: MessageOptions

  func validate() throws { try validateChart(chart) }

  func run() throws {
    let opening = OpeningOptions(
      key: weights.key, prefix: weights.prefix, structurePath: structure, inputSize: graph.inputSize)
    let opened = try Model.open(model, opening)
    let read = try [layers, profile].compactMap { $0 }.map { try ByteRegion.map(path: $0) }
    try OutputSet.check(
      [chart, html].compactMap { $0 }, texts: [html].compactMap { $0 }, overwrite: force,
      inputs: opened.files + read)
    var options = ProfileOptions()
    options.graph = graph.options
    let report = try opened.profile(layers: layers, times: profile, options)
    let outputs = OutputSet(overwrite: force, inputs: opened.files + read)
    if let chart { try outputs.add(chart, try ProfileChart(report).drawing.bytes(for: chart)) }
    if let html { try outputs.add(html, Array(try ProfilePage(report).text().utf8), isText: true) }
    try outputs.commit()
    let style = Style.detected(
      isTerminal: StandardOutput.isTerminal, environment: ProcessInfo.processInfo.environment)
    let text = try tables.chosen.text(of: report, isPerLayer: perLayer, style: style)
    if tables.chosen == .table {
      for note in report.notes { StandardError.write("scalenet: note: \(note)\n") }
    }
    try StandardOutput.write(text)
  }
}
