import Architectures
import FileIO
import Inspection

extension ScaleTable {
  /// `kernels and pools`
  var originText: String { origins.map(\.rawValue).joined(separator: " and ") }

  /// `scales by kernels and pools, joined by concat, at most 4 in a block`
  var summary: String {
    "scales by \(originText), joined by \(join.rawValue), at most \(mostScales) in a block"
  }

  /// The channels of every scale; `-` for one that the block does not have.
  func texts(_ block: Block) -> [String] { block.channels.map { $0 == 0 ? "-" : "\($0)" } }

  /// A row for each block, with a column for each scale.
  var text: TextTable {
    var table = TextTable(
      [.init("block", isFlexible: true)] + scales.map { TextTable.Column($0, isNumber: true) })
    for block in blocks { table.add([block.name.escapedWhole] + texts(block)) }
    return table
  }
}

extension InspectionReport {
  /// The scales, where the table of blocks does not show them already.
  var ownScales: ScaleTable? { blocks.isEmpty || !hasScalesOnly ? scales : nil }
}
