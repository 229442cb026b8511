import ArgumentParser
import FoundationEssentials
import Reports
import ScaleNetKit

struct CheckCommand: VerboseCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Say whether a runtime will take a model, and what stands in the way.",
    discussion: """
      Static rules, from the runtimes' own documents and sources: versions, operators, types, attributes, open extents. \
      Nothing is run, and no runtime is asked. Of an ONNX file its own graph is looked at, of everything else the graph \
      that convert would write. Exit status: 0 if the target takes it, 1 if not.

      Examples:
        scalenet check model.onnx --target tensorrt-10
        scalenet check weights.pth --target keras
        scalenet check model.onnx --target onnxruntime-1.17 --format json
      """)

  @OptionGroup var model: ModelOptions

  @Option(help: ArgumentHelp("What the model is to be deployed with.", valueName: "target"))
  var target: DeploymentTarget

  @OptionGroup(title: "Graph Options") var graph: GraphArguments

  @OptionGroup var tables: TableOptions

  @OptionGroup var messages: MessageOptions

  func run() throws {
    let source = try Model.open(model.input, model.opening(inputSize: graph.inputSize))
    var options = DeploymentOptions()
    options.graph = graph.options
    let report = try source.check(for: target, options)
    let style = Style.detected(
      isTerminal: StandardOutput.isTerminal, environment: ProcessInfo.processInfo.environment)
    try StandardOutput.write(try tables.chosen.text(of: report, style: style))
    if !report.passes { throw ExitCode(ExitStatus.difference) }
  }
}
