import Architectures
import FileIO
import Inspection
import ModelIR

/// Reports as comma-separated values: a header and a row for each block of one model, or for each scale of each block,
/// for each of several models, or for each layer.
struct CSVReport {
  private let reports: [InspectionReport]

  init(_ reports: [InspectionReport]) {
    self.reports = reports
  }

  func text(isPerLayer: Bool) -> String {
    let rows =
      isPerLayer ? layers : reports.count > 1 ? models : reports[0].ownScales == nil ? blocks : scales
    var table = CSVTable(rows[0])
    for row in rows.dropFirst() { table.add(row) }
    return table.text
  }

  private var models: [[String]] {
    let header = [
      "path", "format", "architecture", "variant", "classes", "input_shape", "parameters", "buffers", "macs",
      "flops", "other_operations", "weight_bytes", "peak_activation_bytes", "memory_traffic_bytes",
      "arithmetic_intensity", "scales_by", "scales_joined_by", "most_scales", "producer", "versions",
      "inputs",
      "outputs", "operators",
    ]
    return [header]
      + reports.map { report in
        let totals = report.totals
        var row = [report.path, report.format, report.architecture, report.variant ?? ""].map(Self.name)
        row += [report.classes.map(String.init) ?? "", report.input.shape.shapeText]
        row += [totals.parameters, totals.buffers, totals.macs, totals.flops, totals.otherOperations].map(
          String.init)
        row += [totals.weightBytes, totals.peakActivationBytes, totals.memoryTrafficBytes].map(String.init)
        row.append("\(totals.arithmeticIntensity)")
        return row + [
          report.scales?.originText ?? "", report.scales?.join.rawValue ?? "",
          report.scales.map { "\($0.mostScales)" } ?? "",
        ] + graph(report.graph)
      }
  }

  /// What the file says of its graph; empty cells for one without.
  private func graph(_ summary: GraphSummary?) -> [String] {
    guard let summary else { return [String](repeating: "", count: 5) }
    let producer = [summary.producer, summary.producerVersion].compactMap { $0 }.joined(separator: " ")
    return [
      producer, summary.versions, summary.inputs.map { $0.text() }.joined(separator: "; "),
      summary.outputs.map { $0.text() }.joined(separator: "; "),
      summary.operators.map { "\($0.count) \($0.name)" }.joined(separator: "; "),
    ].map(Self.name)
  }

  /// A row for each scale of each block, for networks whose scales are not those of a scale-aggregation block.
  private var scales: [[String]] {
    [["path", "name", "scale", "channels", "scales_by", "scales_joined_by"]]
      + reports.flatMap { report in
        guard let table = report.ownScales else { return [[String]]() }
        return table.blocks.flatMap { block in
          zip(table.scales, block.channels).filter { $0.1 > 0 }.map { scale, channels in
            [
              Self.name(report.path), Self.name(block.name), Self.name(scale), "\(channels)",
              Self.name(table.originText), table.join.rawValue,
            ]
          }
        }
      }
  }

  private var blocks: [[String]] {
    func scales(_ name: String) -> [String] { ShareBar.scales.map { "\(name)_\($0)" } }
    let header =
      ["path", "name", "kind", "stage", "height", "width"] + scales("channels") + scales("kernel_size")
      + scales("resize") + ["groups", "output_channels", "squeeze_channels", "parameters", "macs"]
    return [header]
      + reports.flatMap { report in
        report.blocks.map { block in
          var row = [Self.name(report.path), Self.name(block.name), block.kind.rawValue, "\(block.stage)"]
          row += (block.featureSize + [0, 0]).prefix(2).map(String.init)
          row += block.channels.map(String.init) + block.kernelSizes.map(String.init) + block.resize
          row += ["\(block.groups)", "\(block.outputChannels)", block.squeezeChannels.map(String.init) ?? ""]
          return row + ["\(block.parameters)", "\(block.macs)"]
        }
      }
  }

  private var layers: [[String]] {
    let header = [
      "path", "name", "op", "input_shapes", "output_shape", "parameters", "buffers", "macs",
      "other_operations",
      "memory_traffic_bytes",
    ]
    return [header]
      + reports.flatMap { report in
        report.layers.map { layer in
          var row = [Self.name(report.path), Self.name(layer.name), layer.op]
          row += [layer.inputShapes.map(\.shapeText).joined(separator: " "), layer.outputShape.shapeText]
          row += [layer.parameters, layer.buffers, layer.macs].map(String.init)
          return row + [layer.otherOperations, layer.memoryTrafficBytes].map(String.init)
        }
      }
  }

  static func name(_ text: String) -> String { CSVTable.name(text) }
}
