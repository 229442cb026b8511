import Architectures
import FileIO
import Inspection

/// Several models side by side: a row each.
struct ComparisonTable {
  private let reports: [InspectionReport]
  private let style: Style

  init(_ reports: [InspectionReport], _ style: Style) {
    self.reports = reports
    self.style = style
  }

  var text: String {
    var table = TextTable([
      .init("model", isFlexible: true),
      .init("input", isNumber: true), .init("params", isNumber: true),
      .init("MACs", isNumber: true), .init("FLOPs", isNumber: true),
      .init("weights", isNumber: true), .init("peak", isNumber: true),
      .init("FLOPs/B", isNumber: true),
    ])
    for (report, label) in zip(reports, reports.labels) {
      let totals = report.totals
      table.add([
        label, report.input.shape.dropFirst().map { $0 }.shapeText,
        totals.parameters.short, totals.macs.short, totals.flops.short, totals.weightBytes.byteText,
        totals.peakActivationBytes.byteText, totals.arithmeticIntensity.fixed(1),
      ])
    }
    return table.text(style)
      + "MACs: of convolutions and final layer, the paper's \"FLOPs\"; FLOPs: 2 x MACs\n"
      + "peak: of activations alive at one time\n"
      + "FLOPs/B: FLOPs per byte moved if each layer reads and writes once\n" + scales
  }

  /// How the models come to several scales; nothing where none does.
  private var scales: String {
    guard reports.contains(where: { $0.scales != nil }) else { return "" }
    var table = TextTable([
      .init("model", isFlexible: true), .init("scales by"), .init("joined by"),
      .init("at most", isNumber: true),
    ])
    for (report, label) in zip(reports, reports.labels) {
      let scales = report.scales
      table.add([
        label, scales?.originText ?? "-", scales?.join.rawValue ?? "-", "\(scales?.mostScales ?? 1)",
      ])
    }
    return "\n" + table.text(style) + "at most: scales in a block\n"
  }
}
