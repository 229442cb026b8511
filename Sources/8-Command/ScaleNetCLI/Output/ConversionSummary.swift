import FileIO
import Reports
import ScaleNetKit

/// The report of `convert` as text.
struct ConversionSummary {
  private let report: ConversionReport

  init(_ report: ConversionReport) {
    self.report = report
  }

  /// The summary as tables of a page.
  var document: ReportDocument {
    var document = ReportDocument()
    document.addParagraph("\(title)")
    document.addTable(["quantity", "value"], rows.map { [$0.name, $0.value] })
    if let weightNames = report.weightNames {
      document.addTable(
        ["weight", "dataset", "shape"], weightNames.map { [$0.source, $0.dataset, "\($0.shape)"] })
    }
    document.addList(report.notes)
    return document
  }

  /// The names of weights, where these alone were written; otherwise the summary.
  var csv: String {
    guard let weightNames = report.weightNames else {
      var table = CSVTable(["quantity", "value"])
      for row in rows { table.add([row.name, CSVTable.name(row.value)]) }
      return table.text
    }
    var table = CSVTable(["weight", "layer", "dataset", "shape"])
    for name in weightNames {
      let shape = name.shape.map(String.init).joined(separator: "x")
      table.add([name.source, name.layer, name.dataset].map(CSVTable.name) + [shape])
    }
    return table.text
  }

  private var title: String {
    "\(report.input) -> \(report.output == "-" ? "standard output" : report.output)"
  }

  private var rows: [(name: String, value: String)] {
    var rows: [(name: String, value: String)] = [
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
      default: rows += Self.rows(verification)
      }
    } else {
      rows.append(("verified", "no (--no-verify)"))
    }
    if let kept = report.keptFloat32, !kept.isEmpty {
      rows.append(("float32", "\(kept.count) layers are kept in it, listed below"))
    }
    if !report.assumptions.isEmpty {
      rows.append(("assumed", report.assumptions.text + Self.proof(report.reference)))
    } else if let reference = report.reference {
      rows.append(("reference", "reproduces \(reference.text)"))
    }
    if let preprocessing = report.preprocessing { rows.append(("images", preprocessing.text)) }
    return rows
  }

  var text: String {
    var names = ""
    if let weightNames = report.weightNames {
      var table = TextTable([.init("weight"), .init("dataset"), .init("shape")])
      for name in weightNames { table.add([name.source, name.dataset, "\(name.shape)"]) }
      names = "\n" + table.text
    }
    if let kept = report.keptFloat32, !kept.isEmpty {
      var table = TextTable([.init("kept in float32"), .init("op"), .init("why")])
      for layer in kept { table.add([layer.name.escapedForMessage, layer.op, layer.reason]) }
      names += "\n" + table.text
    }
    return title + "\n"
      + rows.map { name, value in
        "  " + name + String(repeating: " ", count: 14 - name.count) + value + "\n"
      }.joined() + names
  }

  /// How source and file were shown to be the same.
  private static func rows(_ verification: VerificationReport) -> [(String, String)] {
    let (compared, all) = (verification.comparedWeights ?? 0, verification.weights ?? 0)
    let weights = compared == all ? "all \(all.grouped)" : "\(compared.grouped) of \(all.grouped)"
    let exact = verification.exactError ?? 0
    let times = verification.amplification ?? 0
    let own =
      "\((verification.sourceError ?? 0).scientific), as it amplifies rounding \(times.fixed(times < 10 ? 1 : 0)) times"
    let limit =
      verification.limit == .sourceRounding
      ? "4 times the source's own error of \(own)" : "the source's own is \(own)"
    return [
      (
        "verified",
        "read back: \(weights) weights are the source's but for rounding; in Double "
          + (exact == 0 ? "exactly the same" : "the same to \(exact.scientific)")
      ),
      (
        "run",
        "largest error \(verification.largestRelativeError.scientific) of the largest output "
          + "(limit \(verification.tolerance.scientific); \(limit))"
      ),
    ]
  }

  /// What shows that assumptions hold, or would.
  static func proof(_ reference: ReferenceReport?) -> String {
    reference.map { "; confirmed: reproduces \($0.text)" } ?? "; only --reference can show it"
  }
}
