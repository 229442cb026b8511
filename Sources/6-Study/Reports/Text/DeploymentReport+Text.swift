public import Deployment
public import FileIO

extension ReportFormat {
  /// What a check found, as text that ends in a newline. JSON is as `schemas/check.schema.json` has it.
  ///
  /// - Parameter style: for `table` alone.
  public func text(of report: DeploymentReport, style: Style = .plain) throws(ScaleNetError) -> String {
    switch self {
    case .table: return report.table(style)
    case .json:
      return try reportJSON(report, of: report.model)
    case .csv: return report.csv
    case .markdown: return report.document.markdown
    case .latex: return report.document.latex
    }
  }
}

extension DeploymentReport {
  /// The verdict, then a paragraph a finding.
  fileprivate func table(_ style: Style) -> String {
    var result = style.bold(headline) + "\n"
    for finding in findings {
      result += "\n" + style.bold(finding.title) + "\n"
      for (name, text) in [("found", finding.message), ("to do", finding.remedy), ("source", finding.source)]
      {
        let lines = text.escapedWhole.wrapped(to: max(20, style.width - 8))
        for (index, line) in lines.enumerated() {
          result += (index == 0 ? name : "").padded(to: 8) + line + "\n"
        }
      }
    }
    return result
  }

  fileprivate var csv: String {
    var table = CSVTable(["severity", "rule", "node", "op", "message", "remedy", "source"])
    for finding in findings {
      table.add(
        [
          finding.severity.rawValue, finding.rule, finding.node ?? "", finding.op ?? "", finding.message,
          finding.remedy, finding.source,
        ].map(CSVTable.name))
    }
    return table.text
  }

  fileprivate var document: ReportDocument {
    var document = ReportDocument()
    document.addHeading(2, ReportDocument.Run(headline))
    guard !findings.isEmpty else { return document }
    document.addTable(
      ["severity", "rule", "node", "found", "to do", "source"],
      findings.map { [$0.severity.rawValue, $0.rule, $0.place, $0.message, $0.remedy, $0.source] })
    return document
  }

  private var headline: String {
    let errors = findings.count { $0.severity == .error }
    let name = model.escapedWhole
    let found = findings.count == 1 ? "1 finding" : "\(findings.count) findings"
    let count = "\(checkedNodes.grouped) nodes checked, \(found)"
    return passes
      ? "\(target.title) takes \(name), by its rules: \(count)"
      : "\(target.title) refuses \(name): \(count), \(errors) of them errors"
  }
}

extension DeploymentReport.Finding {
  /// `Resize up1`, or nothing.
  fileprivate var place: String {
    [op, node?.escapedWhole].compactMap { $0 }.joined(separator: " ")
  }

  fileprivate var title: String {
    "\(severity.rawValue): \(rule)" + (place.isEmpty ? "" : ", \(place)")
  }
}
