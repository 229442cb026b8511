import Reports
import ScaleNetKit

/// The report of `convert` as text.
struct ConversionSummary {
  private let report: ConversionReport

  init(_ report: ConversionReport) {
    self.report = report
  }

  var text: String {
    var rows: [(String, String)] = [
      ("architecture", report.architecture),
      ("parameters", report.parameters.grouped),
    ]
    if !report.inputs.isEmpty {
      rows.append(("inputs", report.inputs.joined(separator: ", ")))
      rows.append(("outputs", report.outputs.joined(separator: ", ")))
      rows.append(("nodes", report.nodes.grouped))
    }
    let companions =
      report.companionFiles.isEmpty ? "" : ", with " + report.companionFiles.joined(separator: ", ")
    rows.append(("written", report.bytes.byteText + companions))
    if let verification = report.verification {
      switch verification.method {
      case "bits":
        rows.append(
          ("verified", "read back, \(verification.comparedValues.grouped) values equal bit for bit"))
      default:
        rows.append(
          (
            "verified",
            "read back and run: largest error \(verification.largestRelativeError.scientific) of the largest output "
              + "(limit \(verification.tolerance.scientific))"
          ))
      }
    } else {
      rows.append(("verified", "no (--no-verify)"))
    }
    var names = ""
    if let weightNames = report.weightNames {
      var table = TextTable([.init("weight"), .init("dataset"), .init("shape")])
      for name in weightNames { table.add([name.source, name.dataset, "\(name.shape)"]) }
      names = "\n" + table.text
    }
    let title = "\(report.input) -> \(report.output)\n"
    return title
      + rows.map { name, value in
        "  " + name + String(repeating: " ", count: 14 - name.count) + value + "\n"
      }.joined() + names
  }
}
