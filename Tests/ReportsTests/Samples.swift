import Architectures
import FileIO
import Inspection
import ModelIR
import ONNXFormat
import TestSupport

/// Reports that the tests look at.
enum Samples {
  static let released = ["scalenet50_light", "scalenet50", "scalenet101", "scalenet152"]
  static let residual = [
    "basic", "basic_gated", "bottleneck", "grouped", "gated_convolution", "grouped_gated_linear",
  ]
  /// What a file could be called to break out of a page, a terminal, a table or a spreadsheet.
  static let hostileName = "=cmd|<script>alert(1)</script>\"'&\u{1b}[31m\n\u{202e}`,日本語"

  static func graph(_ name: String) throws -> Graph {
    if released.contains(name) {
      let weights = try Fixtures.shapeOnlyWeights("full/\(name).spec.json")
      return try ScaleNetConfiguration(recognizing: weights, source: name).graph(weights).binding(batch: 1)
    }
    let path = Fixtures.path("blocks/\(name).onnx")
    return try ONNXReader.read(try ByteRegion.map(path: path), path: path).graph.binding(batch: 1)
  }

  static func report(_ name: String) throws -> InspectionReport {
    try InspectionReport(
      try graph(name), format: released.contains(name) ? "pytorch" : "onnx", path: "models/\(name)",
      architecture: "ScaleNet", variant: name, classes: 1000)
  }

  /// A report in which every name is hostile.
  static func hostile() throws -> InspectionReport {
    var report = try report("scalenet50_light")
    report.path = hostileName
    report.architecture = hostileName
    report.variant = hostileName
    report.input.name = hostileName
    report.notes = [hostileName]
    for index in report.blocks.indices { report.blocks[index].name = hostileName }
    for index in report.layers.indices { report.layers[index].name = hostileName + "\(index)" }
    return report
  }
}
