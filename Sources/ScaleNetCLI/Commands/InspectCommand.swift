import ArgumentParser
import ScaleNetKit

struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Print channels, parameters, MACs and FLOPs of each block.",
    discussion: """
      Only headers and shapes are read, never the weights. MACs are multiply-accumulates of convolutions and of the
      final layer; 1 MAC is 2 FLOPs, and what the paper calls FLOPs are MACs.

      Examples:
        scalenet inspect weights.pth
        scalenet inspect model.onnx --per-layer
        scalenet inspect weights.pth --input-size 288x416 --format json
      """)

  enum Format: String, ExpressibleByArgument, CaseIterable { case table, json }

  @OptionGroup var model: ModelOptions
  @OptionGroup var graph: GraphOptions

  @Flag(help: "A row for every layer too.")
  var perLayer = false

  @Option(help: "How the report is printed.")
  var format = Format.table

  func run() throws {
    let opened = try model.open()
    if case .graph = opened.content, let option = graph.explicit.first {
      throw ScaleNetError.invalidOption(
        option: option, expected: "weights to make a graph of", found: "a graph of its own in \(opened.path)")
    }
    var options = BuildOptions()
    graph.apply(to: &options)
    let inspection = try ModelInspection(opened, options: options)
    switch format {
    case .table:
      for note in inspection.notes { StandardError.write("scalenet: note: \(note)\n") }
      try StandardOutput.write(InspectionTable(inspection, perLayer: perLayer).text)
    case .json:
      try StandardOutput.write(try encodeJSON(inspection))
    }
  }
}
