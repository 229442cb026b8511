public import FileIO
public import Profiling

extension ReportFormat {
  /// What the layers of an engine took, as text that ends in a newline. JSON is as `schemas/profile.schema.json` has it; CSV
  /// is one table, of parts of the network or of layers.
  ///
  /// - Parameters:
  ///   - isPerLayer: whether every layer of the engine gets a row too; JSON always has them.
  ///   - style: for `table` alone.
  public func text(
    of report: ProfileReport, isPerLayer: Bool = false, style: Style = .plain
  ) throws(ScaleNetError) -> String {
    switch self {
    case .table: return ProfileTable(report, style).text(isPerLayer: isPerLayer)
    case .json: return try reportJSON(report, of: report.layersPath)
    case .csv: return isPerLayer ? report.csvOfLayers : report.csvOfParts
    case .markdown: return report.document(isPerLayer: isPerLayer).markdown
    case .latex: return report.document(isPerLayer: isPerLayer).latex
    }
  }
}

extension ProfileReport {
  /// What the network is called, on one line.
  var title: String { (architecture.isEmpty ? model : architecture).escapedWhole + " in TensorRT" }

  /// How long it took.
  var timeText: String {
    timeMs.map { "\($0.milliseconds) ms a run, mean of \((runs ?? 0).grouped) runs" } ?? "no times given"
  }

  /// The network and its time on one line.
  var headline: String { "\(title): \(timeText)" }

  /// How many layers of each kind there are, and what they took.
  var kindRows: [(name: String, value: String)] {
    LayerKind.allCases.compactMap { kind in
      let own = layers.filter { $0.kind == kind }
      guard !own.isEmpty else { return nil }
      let time = own.reduce(0) { $0 + ($1.timeMs ?? 0) }
      var text = own.count == 1 ? "1 layer" : "\(own.count.grouped) layers"
      if let timeMs {
        text += ", \(time.milliseconds) ms" + (timeMs > 0 ? ", \((time / timeMs).percent)" : "")
      }
      return (kind.title, text)
    }
  }

  /// TensorRT's own layers and those that match nothing, the longest first.
  var foreignLayers: [Layer] {
    layers.enumerated().filter { $0.element.kind != .node }.sorted {
      ($1.element.timeMs ?? 0, $0.offset) < ($0.element.timeMs ?? 0, $1.offset)
    }.map(\.element)
  }

  /// What the numbers of the tables mean.
  static let legend = [
    "ms: of all layers of a part, TensorRT's own (reformats, shuffles) among them, which stand in a column too",
    "ratio: share of the time over share of the multiply-accumulates",
  ]
  static let dividedLegend =
    "~: some layers have nodes of several parts; they are divided by multiply-accumulates"

  var hasDivided: Bool { (parts + scales).contains { ($0.dividedMs ?? 0) > 0 } }

  func document(isPerLayer: Bool) -> ReportDocument {
    var document = ReportDocument()
    document.addHeading(2, ReportDocument.Run(headline))
    document.addTable(["layers", "time"], kindRows.map { [$0.name, $0.value] })
    let titles = [
      "part", ">layers", ">ms", ">share", ">TensorRT's own ms", ">MACs", ">share of MACs", ">ratio",
    ]
    document.addHeading(3, "Time by part")
    document.addTable(titles, parts.map { $0.cells(exact: true) })
    if !scales.isEmpty {
      document.addHeading(3, "Time by scale")
      document.addTable(titles, scales.map { $0.cells(exact: true) })
    }
    if !fusions.isEmpty {
      document.addHeading(3, "Fused operators")
      document.addTable(
        ["operators", ">layers", ">ms"],
        fusions.map { [$0.text, "\($0.layers)", $0.timeMs.millisecondsText] })
    }
    if !foreignLayers.isEmpty {
      document.addHeading(3, "Layers of TensorRT's own, or of nothing known")
      document.addTable(
        ["layer", "kind", ">ms", "for"],
        foreignLayers.map {
          [$0.name.escapedWhole, $0.kind.rawValue, $0.timeMs.millisecondsText, $0.placeText]
        })
    }
    if !unclaimedNodes.isEmpty {
      document.addHeading(3, "Nodes that no layer names")
      document.addTable(
        ["node", "operator", "part", ">MACs"],
        unclaimedNodes.map {
          [$0.name.escapedWhole, $0.op, $0.place.escapedWhole, $0.macs.grouped]
        })
    }
    if isPerLayer {
      document.addHeading(3, "Layers")
      document.addTable(
        [">#", "layer", "kind", "type", "nodes", "part", ">ms", ">share"],
        layers.enumerated().map { index, layer in
          [
            "\(index + 1)", layer.name.escapedWhole, layer.kind.rawValue,
            (layer.type ?? "-").escapedWhole,
            layer.nodes.joined(separator: ", ").escapedWhole, layer.placeText,
            layer.timeMs.millisecondsText,
            layer.share.percentText,
          ]
        })
    }
    for note in notes { document.addParagraph("\(note)") }
    return document
  }

  fileprivate var csvOfParts: String {
    var table = CSVTable([
      "by", "name", "kind", "layers", "time_ms", "share", "inserted_ms", "divided_ms", "macs", "macs_share",
    ])
    func number(_ value: Double?) -> String { value.map { "\($0)" } ?? "" }
    for (by, list) in [("part", parts), ("scale", scales)] {
      for part in list {
        table.add([
          by, CSVTable.name(part.name), part.kind.rawValue, "\(part.layers)", number(part.timeMs),
          number(part.share),
          number(part.insertedMs), number(part.dividedMs), "\(part.macs)", "\(part.macsShare)",
        ])
      }
    }
    return table.text
  }

  fileprivate var csvOfLayers: String {
    var table = CSVTable([
      "name", "kind", "type", "tactic", "format", "stream", "nodes", "ops", "places", "scales", "time_ms",
      "median_ms", "share", "macs",
    ])
    func number(_ value: Double?) -> String { value.map { "\($0)" } ?? "" }
    for layer in layers {
      table.add(
        [layer.name, layer.kind.rawValue, layer.type ?? "", layer.tactic ?? "", layer.format ?? ""].map(
          CSVTable.name)
          + [layer.stream.map(String.init) ?? ""]
          + [layer.nodes, layer.ops, layer.places, layer.scales].map {
            CSVTable.name($0.joined(separator: " "))
          }
          + [number(layer.timeMs), number(layer.medianMs), number(layer.share), "\(layer.macs)"])
    }
    return table.text
  }
}

extension ProfileReport.LayerKind {
  var title: String {
    switch self {
    case .node: "of the network"
    case .reformat: "reformats"
    case .inserted: "inserted"
    case .constant: "constants"
    case .transfer: "transfers"
    case .unmatched: "match nothing"
    }
  }
}

extension ProfileReport.Part {
  /// The part's share of the time over its share of the multiply-accumulates; nil where it has no time, or next to none of
  /// them.
  var ratio: Double? { share.flatMap { macsShare >= 0.001 ? $0 / macsShare : nil } }

  /// Cells of the tables of parts.
  ///
  /// - Parameter exact: whether multiply-accumulates are written out.
  func cells(exact: Bool) -> [String] {
    let divided = (dividedMs ?? 0) > 0 ? "~" : ""
    return [
      name.escapedWhole, "\(layers)", timeMs.map { divided + $0.milliseconds } ?? "-", share.percentText,
      insertedMs.millisecondsText, macs == 0 ? "-" : exact ? macs.grouped : macs.short,
      macs == 0 ? "-" : macsShare.percent, ratio.map { $0.fixed(2) } ?? "-",
    ]
  }
}

extension ProfileReport.Fusion {
  /// `Conv + Add + Relu`.
  var text: String { ops.joined(separator: " + ") }
}

extension ProfileReport.Layer {
  /// The parts of the network that it is of or for, with its scale where it has one alone.
  var placeText: String {
    let place = places.joined(separator: ", ").escapedWhole
    return place.isEmpty ? "-" : scales.count == 1 ? "\(place), scale \(scales[0])" : place
  }
}

extension Double {
  /// Milliseconds to a microsecond.
  var milliseconds: String { fixed(3) }
  /// `12.3 %`.
  var percent: String { "\((self * 100).fixed(1)) %" }
}

extension Double? {
  var millisecondsText: String { self?.milliseconds ?? "-" }
  var percentText: String { self?.percent ?? "-" }
}
