import Testing

@testable import Reports

@Suite struct TableTests {
  /// Columns of a line, for text whose wide characters are known: those of `hostileName`.
  private func columns(_ line: Substring) -> Int {
    line.unicodeScalars.reduce(0) { $0 + ((0x3000...0x9FFF).contains($1.value) ? 2 : 1) }
  }

  @Test(arguments: Samples.released + Samples.residual)
  func fitsEightyColumns(name: String) throws {
    let text = try ReportFormat.table.text(of: [try Samples.report(name)], isPerLayer: true)
    #expect(text.split(separator: "\n").allSatisfy { columns($0) <= 80 })
    #expect(text.hasSuffix("\n"))
  }

  @Test func hostileNamesStayOnTheirLine() throws {
    let reports = [try Samples.hostile(), try Samples.report("scalenet50")]
    for text in [
      try ReportFormat.table.text(of: [reports[0]], isPerLayer: true),
      try ReportFormat.table.text(of: reports, isPerLayer: true),
    ] {
      #expect(text.split(separator: "\n").allSatisfy { columns($0) <= 80 })
      #expect(text.unicodeScalars.allSatisfy { $0 == "\n" || $0.properties.generalCategory != .control })
      #expect(!text.contains("\u{202e}"))
    }
  }

  @Test func showsThePublishedNumbers() throws {
    let text = try ReportFormat.table.text(of: [try Samples.report("scalenet50")])
    #expect(text.contains("MACs              3,818,372,352"))
    #expect(text.contains("FLOPs             7,636,744,704  2 x MACs"))
    #expect(text.contains("31,483,618  learnable"))
    // The row of a block: its structure row is [237, 354, 106, 0, 7], in 20 characters of bar.
    let row = try #require(text.split(separator: "\n").first { $0.hasPrefix("layer4.0") })
    #expect(row.split(separator: " ").prefix(6) == ["layer4.0", "7", "237", "354", "106", "-"])
    let bar = try #require(row.split(separator: " ").first { $0.hasPrefix("11") })
    let counts = "1247".map { digit in bar.count { $0 == digit } }
    for (count, channels) in zip(counts, [237.0, 354, 106, 0]) {
      #expect(abs(Double(count) - channels / 697 * Double(bar.count)) < 1)
    }
  }

  @Test func residualBlocksShowTheirKind() throws {
    let text = try ReportFormat.table.text(of: [try Samples.report("grouped_gated_linear")])
    let row = try #require(text.split(separator: "\n").first { $0.hasPrefix("layer2.0") })
    #expect(
      row.split(separator: " ").prefix(9)
        == ["layer2.0", "bottleneck", "4", "16", "32", "3", "4", "8", "(1/4)"])
  }

  @Test func severalModelsAreARowEach() throws {
    let names = Samples.released
    let text = try ReportFormat.table.text(of: try names.map(Samples.report))
    let lines = text.split(separator: "\n")
    #expect(lines.allSatisfy { $0.count <= 80 })
    #expect(lines.dropFirst(2).prefix(4).map { String($0.split(separator: " ")[0]) } == names)
    #expect(lines[5].contains("11.2G"))
  }

  @Test func coloursOnlyDecorate() throws {
    let report = try Samples.report("scalenet152")
    let plain = try ReportFormat.table.text(of: [report])
    let colored = try ReportFormat.table.text(of: [report], style: Style(isColored: true))
    #expect(!plain.contains("\u{1b}"))
    #expect(colored.contains("\u{1b}[38;5;"))
    #expect(colored.replacing(/\u{1b}\[[0-9;]*m/, with: "") == plain)
  }

  @Test func detectsWhereColourIsWelcome() {
    #expect(Style.detected(isTerminal: true, environment: ["TERM": "xterm"]).isColored)
    #expect(Style.detected(isTerminal: true, environment: ["NO_COLOR": ""]).isColored)
    #expect(!Style.detected(isTerminal: true, environment: ["NO_COLOR": "1"]).isColored)
    #expect(!Style.detected(isTerminal: true, environment: ["TERM": "dumb"]).isColored)
    #expect(!Style.detected(isTerminal: false, environment: ["TERM": "xterm"]).isColored)
  }
}
