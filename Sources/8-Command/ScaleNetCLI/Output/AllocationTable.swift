import Reports
import ScaleNetKit

/// The report of `allocate` as text.
struct AllocationTable {
  private let allocation: ChannelAllocation

  init(_ allocation: ChannelAllocation) {
    self.allocation = allocation
  }

  var text: String {
    var table = TextTable([
      .init("block"), .init("1", isNumber: true), .init("2", isNumber: true), .init("4", isNumber: true),
      .init("7", isNumber: true), .init("kept", isNumber: true),
      .init("MACs before", isNumber: true), .init("after", isNumber: true),
    ])
    for block in allocation.blocks {
      let scales = zip(block.channels, block.lost).map { kept, lost in
        kept + lost == 0 ? "-" : "\(kept)-\(lost)"
      }
      let kept = block.channels.reduce(0, +)
      table.add(
        [block.name] + scales
          + ["\(kept)/\(kept + block.lost.reduce(0, +))", block.macsBefore.grouped, block.macsAfter.grouped])
    }
    var rows = [
      (
        "MACs",
        "\(allocation.macsBefore.grouped) -> \(allocation.macsAfter.grouped) at \(allocation.inputSize)"
      )
    ]
    if let budget = allocation.macsBudget {
      let share = Double(allocation.macsAfter) / Double(max(budget, 1)) * 100
      rows.append(("budget", "\(budget.grouped), of which \(share.rounded(toPlaces: 2)) % are used"))
    }
    if let width = allocation.width { rows.append(("width r", "\(width.rounded(toPlaces: 6))")) }
    return "channels kept - lost at each scale (1, 2, 4, 7)\n" + table.text + "\n"
      + rows.map { name, value in name + String(repeating: " ", count: 10 - name.count) + value + "\n" }
      .joined()
  }
}

/// The report of `allocate` as JSON; `schemas/allocate.schema.json` describes it.
struct AllocationJSON: Encodable {
  struct Block: Encodable {
    var name: String
    var planes: Int
    var kept: [Int]
    var lost: [Int]
    var macsBefore: Int
    var macsAfter: Int

    enum CodingKeys: String, CodingKey {
      case name, planes, kept, lost
      case macsBefore = "macs_before"
      case macsAfter = "macs_after"
    }
  }

  var inputSize: [Int]
  var width: Double?
  var macsBefore: Int
  var macsAfter: Int
  var macsBudget: Int?
  var structure: [[Int]]
  var blocks: [Block]

  enum CodingKeys: String, CodingKey {
    case width, structure, blocks
    case inputSize = "input_size"
    case macsBefore = "macs_before"
    case macsAfter = "macs_after"
    case macsBudget = "macs_budget"
  }

  init(_ allocation: ChannelAllocation) {
    inputSize = [allocation.inputSize.height, allocation.inputSize.width]
    width = allocation.width
    macsBefore = allocation.macsBefore
    macsAfter = allocation.macsAfter
    macsBudget = allocation.macsBudget
    structure = allocation.structure.rows.map { $0.channels + [$0.side] }
    blocks = allocation.blocks.map { block in
      Block(
        name: block.name, planes: block.planes, kept: block.channels, lost: block.lost,
        macsBefore: block.macsBefore, macsAfter: block.macsAfter)
    }
  }
}
