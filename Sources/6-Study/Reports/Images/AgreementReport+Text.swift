public import Classification
public import FileIO

extension DiffReportFormat {
  /// How two networks answer on the same images, as text that ends in a newline. JSON is as
  /// `schemas/diff-images.schema.json` has it; CSV is a row for each of the images on which they part most.
  ///
  /// - Parameter style: for `table` alone.
  public func text(of report: AgreementReport, style: Style = .plain) throws(ScaleNetError) -> String {
    switch self {
    case .table: return report.text(style)
    case .json: return try report.json()
    case .csv: return report.csv
    case .markdown: return report.document.markdown
    case .latex: return report.document.latex
    }
  }
}

extension AgreementReport {
  /// As `schemas/diff-images.schema.json` has it.
  public func json() throws(ScaleNetError) -> String { try reportJSON(self, of: left.path) }

  /// Both sides, and how often they agree.
  private var rows: [(name: String, value: String)] {
    func percent(_ count: Int) -> String {
      images > 0 ? "\((Double(count) / Double(images) * 100).fixed(2)) %  (\(count.grouped))" : "-"
    }
    func side(_ side: Side) -> String {
      "\(side.path.escapedWhole): \(side.architecture.escapedWhole); \(side.preprocessing.text)"
    }
    var rows = [
      ("left", side(left)), ("right", side(right)),
      ("images", images.grouped + (unreadable.isEmpty ? "" : ", \(unreadable.count.grouped) not read")),
      ("same top-1", percent(top1)), ("same top-5", percent(top5)),
      ("distance", "\(meanDistance.scientific) on average: half the sum over all probabilities"),
    ]
    if images == 0 { rows.removeLast() }
    return rows
  }

  /// For a terminal: how often both agree, and where they part most.
  public func text(_ style: Style) -> String {
    var text = rows.map { name, value in
      value.wrapped(to: max(20, style.width - 12)).enumerated().map { index, line in
        (index == 0 ? name : "").padded(to: 12) + line + "\n"
      }.joined()
    }.joined()
    if !worst.isEmpty {
      var table = TextTable([
        .init("distance", isNumber: true), .init("output error", isNumber: true),
        .init("left", isFlexible: true),
        .init("right", isFlexible: true), .init("image", isFlexible: true),
      ])
      for entry in worst {
        table.add([
          entry.distance.scientific, entry.outputError.scientific, "\(entry.left.name) \(entry.left.percent)",
          "\(entry.right.name) \(entry.right.percent)", entry.image.escapedWhole,
        ])
      }
      text += "\n" + style.bold("images on which they part most") + "\n" + table.text(style)
    }
    if !unreadable.isEmpty {
      text += "\n" + style.bold("not read") + "\n"
      for entry in unreadable.prefix(10) { text += "  \(entry.image.escapedWhole): \(entry.reason)\n" }
      if unreadable.count > 10 { text += "  and \((unreadable.count - 10).grouped) more\n" }
    }
    return text
  }
}

extension AgreementReport {
  fileprivate var csv: String {
    var table = CSVTable([
      "image", "distance", "output_error", "left_index", "left_label", "left_probability", "right_index",
      "right_label", "right_probability", "error",
    ])
    func cells(_ score: ClassScore) -> [String] {
      ["\(score.index)", CSVTable.name(score.label ?? ""), "\(score.probability)"]
    }
    for entry in worst {
      table.add(
        [CSVTable.name(entry.image), "\(entry.distance)", "\(entry.outputError)"] + cells(entry.left)
          + cells(entry.right) + [""])
    }
    for entry in unreadable {
      table.add(
        [CSVTable.name(entry.image)] + [String](repeating: "", count: 8) + [CSVTable.name(entry.reason)])
    }
    return table.text
  }

  fileprivate var document: ReportDocument {
    var document = ReportDocument()
    document.addHeading(2, "Answers of two models")
    document.addTable(["quantity", "value"], rows.map { [$0.name, $0.value] })
    if !worst.isEmpty {
      document.addHeading(3, "Images on which they part most")
      document.addTable(
        [">distance", ">output error", "left", "right", "image"],
        worst.map { entry in
          [
            entry.distance.scientific, entry.outputError.scientific,
            "\(entry.left.name) \(entry.left.percent)", "\(entry.right.name) \(entry.right.percent)",
            entry.image.escapedWhole,
          ]
        })
    }
    if !unreadable.isEmpty {
      document.addHeading(3, "Not read")
      document.addList(unreadable.map { "\($0.image.escapedWhole): \($0.reason)" })
    }
    return document
  }
}
