import FoundationEssentials
import Inspection
import Testing

@testable import Reports

@Suite struct DataFormatTests {
  @Test func jsonHoldsTheWholeReport() throws {
    let report = try Samples.hostile()
    let text = try ReportFormat.json.text(of: [report])
    #expect(try JSONDecoder().decode(InspectionReport.self, from: Data(text.utf8)) == report)
    let both = try ReportFormat.json.text(of: [report, report])
    #expect(try JSONDecoder().decode([InspectionReport].self, from: Data(both.utf8)) == [report, report])
  }

  /// The fields of RFC 4180: split at commas that stand outside quotes.
  private func fields(_ line: Substring) -> [String] {
    var fields = [""]
    var isQuoted = false
    for character in line {
      switch character {
      case "\"": isQuoted.toggle()
      case "," where !isQuoted: fields.append("")
      default: fields[fields.count - 1].append(character)
      }
    }
    return fields
  }

  @Test func csvHasARowForEachBlock() throws {
    let report = try Samples.report("scalenet101")
    let rows = try ReportFormat.csv.text(of: [report]).split(separator: "\n").map(fields)
    #expect(rows.count == 34)
    #expect(rows.allSatisfy { $0.count == rows[0].count })
    let first = Dictionary(uniqueKeysWithValues: zip(rows[0], rows[1]))
    #expect(
      ["channels_1", "channels_2", "channels_4", "channels_7"].map { first[$0] } == ["61", "11", "7", "7"])
    #expect(
      first["name"] == "layer1.0" && first["kind"] == "scale_aggregation" && first["squeeze_channels"] == "")
    let macs = try #require(rows[0].firstIndex(of: "macs"))
    #expect(rows.dropFirst().compactMap { Int($0[macs]) } == report.blocks.map(\.macs))
  }

  @Test func csvHasARowForEachModelOrLayer() throws {
    let reports = try ["scalenet50", "grouped"].map(Samples.report)
    let models = try ReportFormat.csv.text(of: reports).split(separator: "\n").map(fields)
    #expect(models.count == 3 && models[1].contains("3818372352") && models[1].contains("31483618"))
    let layers = try ReportFormat.csv.text(of: reports, isPerLayer: true).split(separator: "\n").map(fields)
    #expect(layers.count == 1 + reports.reduce(0) { $0 + $1.layers.count })
    #expect(layers.allSatisfy { $0.count == layers[0].count })
  }

  @Test func csvNamesAreDataAndStayInTheirField() throws {
    let text = try ReportFormat.csv.text(of: [try Samples.hostile()])
    let rows = text.split(separator: "\n").map(fields)
    #expect(rows.count == 17)
    #expect(rows.allSatisfy { $0.count == rows[0].count })
    #expect(rows.dropFirst().allSatisfy { $0[0].hasPrefix("=") && $0[1].hasPrefix("=") })
    #expect(!text.contains("\u{1b}"))
  }

  @Test func markdownEscapesNames() throws {
    let report = try Samples.hostile()
    let text = try ReportFormat.markdown.text(of: [report], isPerLayer: true)
    #expect(!text.contains("<script"))
    #expect(text.contains("&lt;script>"))
    let widths = text.split(separator: "\n").filter { $0.hasPrefix("|") }.map { line in
      line.replacing(/\\\\/, with: "").replacing(/\\\|/, with: "").count { $0 == "|" }
    }
    #expect(Set(widths) == [4, 12, 7])
  }

  @Test func markdownHasExactNumbers() throws {
    let text = try ReportFormat.markdown.text(of: try Samples.released.map(Samples.report))
    #expect(text.contains("| 77,220,070 | 11,211,951,616 | 22,423,903,232 |"))
    // A row each in the table of costs and in that of scales.
    #expect(text.split(separator: "\n").count == 12)
  }

  /// What CommonMark (0.31) and GitHub's dialect would change is escaped, and nothing else.
  @Test(arguments: [
    ("layer1_0_conv1", "layer1_0_conv1"), ("_init", "\\_init"), ("a * b", "a * b"),
    ("**a**", "\\*\\*a\\*\\*"),
    ("[1, 3, 224]", "[1, 3, 224]"), ("[a](b)", "[a\\](b)"), ("`x`", "\\`x\\`"), ("a < b", "a < b"),
    ("<b>", "&lt;b>"), ("R&D", "R&amp;D"), ("a & b", "a & b"), ("~~x~~", "\\~\\~x\\~\\~"),
    ("path/to-file.onnx", "path/to-file.onnx"), ("https://a", "https\\://a"), ("input: x", "input: x"),
    ("(1/16)", "(1/16)"), ("a\\b", "a\\b"), ("a\\*b", "a\\\\\\*b"), ("a|b", "a|b"),
  ])
  func markdownEscapesOnlyWhatItWouldChange(text: String, expected: String) {
    #expect(ReportDocument.escaped(text) == expected)
  }

  @Test func barsEndCellsOnly() {
    #expect(ReportDocument.escaped("a|b", isCell: true) == "a\\|b")
  }

  @Test func latexEscapesNames() throws {
    let text = try ReportFormat.latex.text(of: [try Samples.hostile()], isPerLayer: true)
    let cells = text.split(separator: "\n").filter { $0.hasSuffix("\\\\") }
    let widths = cells.map { $0.replacing("\\&", with: "").count { $0 == "&" } + 1 }
    #expect(Set(widths) == [3, 11, 6])
    #expect(
      ReportDocument.latexEscaped("a_b 5% #1 {x} $y ~^\\ <&>")
        == "a\\_b 5\\% \\#1 \\{x\\} \\$y \\textasciitilde{}\\textasciicircum{}\\textbackslash{} "
        + "\\textless{}\\&\\textgreater{}")
  }
}
