import Reports
import ScaleNetKit

/// The report of `allocate`.
struct AllocationTable {
  private let allocation: ChannelAllocation
  private let notes: [String]

  init(_ allocation: Allocation) {
    self.allocation = allocation.channels
    notes = allocation.notes
  }

  func text(_ format: ReportFormat) throws -> String {
    switch format {
    case .table: return table
    case .json: return try reportJSON(AllocationJSON(allocation, notes: notes))
    case .csv: return csv
    case .markdown: return document.markdown
    case .latex: return document.latex
    }
  }

  private static let titles = ["block", ">1", ">2", ">4", ">7", ">kept", ">MACs before", ">after"]
  private static let meaning = "channels kept - lost at each scale (1, 2, 4, 7)"

  private var rows: [[String]] {
    allocation.blocks.map { block in
      let scales = zip(block.channels, block.lost).map { kept, lost in
        kept + lost == 0 ? "-" : "\(kept)-\(lost)"
      }
      let kept = block.channels.reduce(0, +)
      return [block.name] + scales
        + ["\(kept)/\(kept + block.lost.reduce(0, +))", block.macsBefore.grouped, block.macsAfter.grouped]
    }
  }

  private var totals: [(name: String, value: String)] {
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
    // All digits: rounded, r could give some block another channel when it is given back as --width.
    if let width = allocation.width { rows.append(("width r", "\(width)")) }
    return rows
  }

  private var table: String {
    var table = TextTable(
      Self.titles.map { title in
        title.hasPrefix(">") ? .init(String(title.dropFirst()), isNumber: true) : .init(title)
      })
    for row in rows { table.add(row) }
    return Self.meaning + "\n" + table.text + "\n"
      + totals.map { name, value in name + String(repeating: " ", count: 10 - name.count) + value + "\n" }
      .joined()
  }

  private var document: ReportDocument {
    var document = ReportDocument()
    document.addParagraph("\(Self.meaning)")
    document.addTable(Self.titles, rows)
    document.addTable(["quantity", "value"], totals.map { [$0.name, $0.value] })
    document.addList(notes)
    return document
  }

  private var csv: String {
    func scales(_ name: String) -> [String] { [1, 2, 4, 7].map { "\(name)_\($0)" } }
    var table = CSVTable(
      ["block", "planes"] + scales("kept") + scales("lost") + ["macs_before", "macs_after"])
    for block in allocation.blocks {
      let numbers = [block.planes] + block.channels + block.lost + [block.macsBefore, block.macsAfter]
      table.add([CSVTable.name(block.name)] + numbers.map(String.init))
    }
    return table.text
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
  var notes: [String]

  enum CodingKeys: String, CodingKey {
    case width, structure, blocks, notes
    case inputSize = "input_size"
    case macsBefore = "macs_before"
    case macsAfter = "macs_after"
    case macsBudget = "macs_budget"
  }

  init(_ allocation: ChannelAllocation, notes: [String]) {
    self.notes = notes
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
