public import Deployment
import FileIO

extension DeploymentReport {
  /// For a terminal: the verdict, then a paragraph a finding.
  public func table(_ style: Style = .plain) -> String {
    var result = style.bold(headline) + "\n"
    for finding in findings {
      result += "\n" + style.bold(finding.title) + "\n"
      for (name, text) in [("found", finding.message), ("to do", finding.remedy), ("source", finding.source)] {
        let lines = text.escapedForMessage.wrapped(to: max(20, style.width - 8))
        for (index, line) in lines.enumerated() {
          result += (index == 0 ? name : "").padded(to: 8) + line + "\n"
        }
      }
    }
    return result
  }

  /// A row a finding.
  public var csv: String {
    CSVReport.text(
      ["severity", "rule", "node", "op", "message", "remedy", "source"],
      findings.map { [$0.severity.rawValue, $0.rule, $0.node ?? "", $0.op ?? "", $0.message, $0.remedy, $0.source] })
  }

  /// The verdict and a table.
  public var markdown: String {
    func text(_ text: String) -> String { MarkdownReport.escaped(text.onOneLine) }
    var result = "## \(text(headline))\n"
    if !findings.isEmpty {
      result +=
        "\n"
        + MarkdownReport.table(
          ["severity", "rule", "node", "found", "to do", "source"],
          findings.map { finding in
            [
              finding.severity.rawValue, finding.rule, text(finding.place), text(finding.message),
              text(finding.remedy), text(finding.source),
            ]
          })
    }
    return result
  }

  private var headline: String {
    let errors = findings.count { $0.severity == .error }
    let name = model.escapedForMessage
    let count = "\(checkedNodes.grouped) nodes checked, \(findings.count) findings"
    return passes
      ? "\(target.title) takes \(name), by its rules: \(count)"
      : "\(target.title) refuses \(name): \(count), \(errors) of them errors"
  }
}

extension DeploymentReport.Finding {
  /// `Resize up1`, or nothing.
  fileprivate var place: String {
    [op, node?.escapedForMessage].compactMap { $0 }.joined(separator: " ")
  }

  fileprivate var title: String {
    "\(severity.rawValue): \(rule)" + (place.isEmpty ? "" : ", \(place)")
  }
}
