import Comparison
import FoundationEssentials
import Testing

@testable import Reports

@Suite struct DiffReportTests {
  @Test func tableBeginsWithTheVerdict() throws {
    let text = try DiffReportFormat.table.text(of: DiffSamples.differing)
    #expect(
      text == """
        DIFFER: a real difference of weights or semantics
        1 of 1 outputs differ by up to 0.4, which is not within the tolerance float32.

        left       models/weights.pth: pytorch, ScaleNet-50
        right      model.onnx: onnx, main_graph
        input      input = x [1, 3, 224, 224], seed 0; left takes NCHW, right NHWC
        batches    2
        tolerance  float32: 1.0e-05 of the largest + 1.0e-04 * |right|

        output output = logits [1, 1000]: OUTSIDE the tolerance
        absolute error  max 4.0e-01, mean 1.0e-01, RMSE 2.0e-01
        relative error  max 4.0e+00, mean 4.0e-01
        outside         777 of 1,000 elements, absolute tolerance 1.3e-04
        cosine          0.998765432
        PSNR            41.3 dB
        worst element   [0, 17]: left 1.1, right 1.5
        ULP distance    median 2, 90 % 16, 99 % 4.10k, max 3.36M
        agreement       top-1 in 50.0 %, top-5 in 100.0 % of rows
        in Double       left is off by 1.3e-07, right by 2.5e-07; they differ by 3.2e-02

        first divergence
        node     layer1.0.upsample2.3 (Resize) = /layer1/layer1.0/upsample2.3/Resize
                 (Resize)
        errors   inputs differ by 3.2e-08, output by 5.0e-02 of the largest
        meaning  Its inputs agree and its output does not.

        cause
        kind     align_corners, confirmed by undoing it
        node     layer1.0.upsample2.3
        meaning  The right resizes with align_corners.

        layers: 4 aligned, 2 outside the tolerance
        > first divergence, x outside the tolerance; error: of the largest magnitude
          layer                on the right             op     by        error decades
        --------------------------------------------------------------------------------
          conv1                conv1                    Conv   name          0
          relu                 /relu/Relu               Relu   content 3.2e-08 ##
        > layer1.0.upsample2.3 /layer1/lay…le2.3/Resize Resize content 5.0e-02 ########
        x fc                   fc                       Gemm   name        inf #########

        on one side only: 1 left, 1 right
        left   bn1 (BatchNormalization): folded into conv1 on the other side
        right  /Cast (Cast): no value of this content

        weights: 161 compared, 2 not equal, 1 rounded differently
        weight                  shape     status     error note
        -----------------------------------------------------------------------------
        fc.weight = fc.weight_t 1000x2048 transposed     0 axes 0 and 1 are exchanged
        fc.bias                 1000      left only      -

        """)
  }

  @Test func moreThanThreeOutputsAreARowEach() throws {
    let text = try DiffReportFormat.table.text(of: DiffSamples.matching)
    #expect(
      text == """
        MATCH
        The outputs agree within the tolerance float16.

        left       trt.json: trtexec, recorded outputs
        right      model.onnx: onnx, g
        input      input [1, 8], x.npy
        tolerance  float16: 1.0e-02 of the largest + 1.0e-02 * |right|

        x: outside the tolerance
           output  shape   max abs  max rel    cosine  outside
        ------------------------------------------------------
           y0      1x1000        0        0  0.998765        0
           y1      1x1000        0        0  0.998765        0
           y2      1x1000        0        0  0.998765        0
           y3      1x1000        0        0  0.998765        0

        """)
  }

  /// Columns of a line, for text whose wide characters are known: those of `hostileName`.
  private func columns(_ line: Substring) -> Int {
    line.unicodeScalars.reduce(0) { $0 + ((0x3000...0x9FFF).contains($1.value) ? 2 : 1) }
  }

  @Test func hostileNamesStayOnTheirLine() throws {
    let text = try DiffReportFormat.table.text(of: DiffSamples.hostile)
    #expect(text.split(separator: "\n").allSatisfy { columns($0) <= 80 })
    #expect(text.unicodeScalars.allSatisfy { $0 == "\n" || $0.properties.generalCategory != .control })
    #expect(!text.contains("\u{202e}"))
    let markdown = try DiffReportFormat.markdown.text(of: DiffSamples.hostile)
    #expect(markdown.unicodeScalars.allSatisfy { $0 == "\n" || $0.properties.generalCategory != .control })
    #expect(!markdown.contains("<script") && !markdown.contains("\u{202e}"))
    for line in markdown.split(separator: "\n") where line.hasPrefix("|") { #expect(line.hasSuffix(" |")) }
  }

  @Test func colourChangesNoCharacters() throws {
    let plain = try DiffReportFormat.table.text(of: DiffSamples.differing)
    let colored = try DiffReportFormat.table.text(of: DiffSamples.differing, style: Style(isColored: true))
    #expect(!plain.contains("\u{1b}") && colored.contains("\u{1b}[1mDIFFER"))
    var stripped = ""
    var isEscape = false
    for character in colored {
      if character == "\u{1b}" { isEscape = true }
      if !isEscape { stripped.append(character) }
      if character == "m" { isEscape = false }
    }
    #expect(stripped == plain)
  }

  @Test(arguments: [DiffSamples.differing, DiffSamples.matching, DiffSamples.hostile])
  func jsonHoldsTheWholeReport(report: DiffReport) throws {
    let text = try DiffReportFormat.json.text(of: report)
    #expect(try JSONDecoder().decode(DiffReport.self, from: Data(text.utf8)) == report)
    // What is nil is said.
    #expect(text.contains("\"cause\" : ") && text.contains("\"weights\" : ") && text.contains("\"kind\" : "))
  }

  @Test func markdownHasEverySection() throws {
    let text = try DiffReportFormat.markdown.text(of: DiffSamples.differing)
    let titles = text.split(separator: "\n").filter { $0.hasPrefix("#") }
    #expect(
      titles == [
        "## DIFFER: a real difference of weights or semantics",
        "### Output output = logits [1, 1000]: **outside the tolerance**", "### First divergence",
        "### Cause: align_corners (confirmed)", "### Layers", "### On one side only", "### Weights",
        "### Notes",
      ])
    #expect(text.contains("| **first outside** |"))
    // Every row of a table has as many cells as its header.
    var cells: Int?
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      guard line.hasPrefix("|") else {
        cells = nil
        continue
      }
      var bars = 0
      var isEscaped = false
      for character in line {
        if character == "|" && !isEscaped { bars += 1 }
        isEscaped = character == "\\" && !isEscaped
      }
      #expect(cells == nil || bars == cells, "\(line)")
      cells = bars
    }
  }
}
