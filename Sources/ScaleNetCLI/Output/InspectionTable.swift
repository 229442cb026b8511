import ScaleNetKit

/// The report of `inspect` as text.
struct InspectionTable {
  private let inspection: ModelInspection
  private let perLayer: Bool

  init(_ inspection: ModelInspection, perLayer: Bool) {
    self.inspection = inspection
    self.perLayer = perLayer
  }

  var text: String {
    var text = header
    if !inspection.blocks.isEmpty { text += "\n" + blocks }
    if perLayer { text += "\n" + layers }
    return text + "\n" + totals
  }

  private var header: String {
    let name = inspection.variant ?? inspection.architecture
    let format = FileFormat(rawValue: inspection.format)?.displayName ?? inspection.format
    let classes = inspection.classes.map { ", \($0) classes" } ?? ", no final layer"
    return "\(inspection.path): \(name) (\(format))\(classes)\n"
      + "input \(inspection.input.name) \(inspection.input.shape) (NCHW)\n"
  }

  private var blocks: String {
    var table = Table([
      ("block", .left), ("size", .right), ("1", .right), ("2", .right), ("4", .right), ("7", .right),
      ("kernels", .left), ("resize", .left), ("parameters", .right), ("MACs", .right),
    ])
    var stage = inspection.blocks.first?.stage
    for block in inspection.blocks {
      if block.stage != stage {
        table.addRule()
        stage = block.stage
      }
      let size =
        block.featureSize.count == 2 && block.featureSize[0] == block.featureSize[1]
        ? "\(block.featureSize[0])" : block.featureSize.map(String.init).joined(separator: "x")
      let kernels = block.kernelSizes.map { $0 == 0 ? "-" : String($0) }.joined(separator: " ")
      let modes = block.resize.dropFirst().map { ["nearest": "n", "linear": "b"][$0] ?? "-" }
      table.add(
        [block.name, size] + block.channels.map { $0 == 0 ? "-" : String($0) }
          + [kernels, modes.joined(separator: " "), block.parameters.grouped, block.macs.grouped])
    }
    return "channels of each scale (1, 2, 4, 7); resize of scales 2, 4, 7: n nearest, b bilinear\n"
      + table.text
  }

  private var layers: String {
    var table = Table([
      ("layer", .left), ("op", .left), ("output", .left), ("parameters", .right), ("MACs", .right),
    ])
    for layer in inspection.layers {
      table.add([
        layer.name, layer.op, layer.outputShape.map(String.init).joined(separator: "x"),
        layer.parameters.grouped, layer.macs.grouped,
      ])
    }
    return table.text
  }

  private var totals: String {
    let totals = inspection.totals
    let rows = [
      ("parameters", totals.parameters.grouped),
      ("buffers", "\(totals.buffers.grouped)  (running mean and variance)"),
      ("MACs", "\(totals.macs.grouped)  (convolutions and final layer; the paper's \"FLOPs\")"),
      ("FLOPs", "\(totals.flops.grouped)  (2 x MACs)"),
      ("other operations", "\(totals.otherOperations.grouped)  (pools, resizes, normalisation, additions)"),
      ("weights", totals.weightBytes.byteText),
      ("peak activations", totals.peakActivationBytes.byteText),
    ]
    return rows.map { title, value in
      title + String(repeating: " ", count: 18 - title.count) + value + "\n"
    }.joined()
  }
}
