import Comparison
import FileIO

/// A comparison as comma-separated values: a row for each aligned layer, each parameter that is not equal, or each output.
struct DiffCSV {
  private let report: DiffReport

  init(_ report: DiffReport) {
    self.report = report
  }

  /// Fails where layers and weights were both compared, which are two tables.
  func text() throws(ScaleNetError) -> String {
    if report.weights != nil, !report.layers.isEmpty {
      throw .invalidOption("format", "layers and weights are two tables, and CSV is one: ask for one of them")
    }
    if let weights = report.weights { return table(weights) }
    return report.layers.isEmpty ? outputs : layers
  }

  private var outputs: String {
    var table = CSVTable([
      "name", "other_name", "shape", "other_shape", "within_tolerance", "elements", "outside",
      "max_absolute_error",
      "mean_absolute_error", "max_relative_error", "mean_relative_error", "rmse", "cosine_similarity",
    ])
    for output in report.outputs {
      let metrics = output.metrics
      let isCompared = output.otherShape == nil
      let numbers = [
        metrics.maxAbsoluteError, metrics.meanAbsoluteError, metrics.maxRelativeError,
        metrics.meanRelativeError,
        metrics.rmse, metrics.cosineSimilarity,
      ]
      table.add(
        [CSVTable.name(output.name), CSVTable.name(output.otherName), output.shape.shapeText]
          + [(output.otherShape ?? output.shape).shapeText, "\(output.isWithinTolerance)"]
          + [metrics.elementCount, metrics.mismatchedCount].map { isCompared ? "\($0)" : "" }
          + numbers.map { isCompared ? Self.number($0) : "" })
    }
    return table.text
  }

  private var layers: String {
    var table = CSVTable([
      "name", "other_name", "op", "other_op", "alignment", "shape", "within_tolerance", "is_first_divergence",
      "max_absolute_error", "relative_error", "cosine_similarity", "input_error",
    ])
    let first = report.firstDivergenceIndex
    for (index, layer) in report.layers.enumerated() {
      table.add(
        [layer.name, layer.otherName, layer.op, layer.otherOp, layer.alignment.rawValue].map(CSVTable.name)
          + [layer.shape.shapeText, "\(layer.isWithinTolerance)", "\(index == first)"]
          + [layer.maxAbsoluteError, layer.relativeError].map(Self.number)
          + [layer.cosineSimilarity, layer.inputError].map { $0.map { "\($0)" } ?? "" })
    }
    return table.text
  }

  private func table(_ weights: [DiffReport.Weight]) -> String {
    var table = CSVTable([
      "name", "other_name", "shape", "status", "max_absolute_error", "relative_error", "note",
    ])
    for weight in weights {
      table.add(
        [CSVTable.name(weight.name ?? ""), CSVTable.name(weight.otherName ?? ""), weight.shape.shapeText]
          + [CSVTable.name(weight.status.rawValue)]
          + [weight.maxAbsoluteError, weight.relativeError].map { $0.map { "\($0)" } ?? "" }
          + [CSVTable.name(weight.note ?? "")])
    }
    return table.text
  }

  /// An error that is no number is infinite.
  private static func number(_ value: Double?) -> String { value.map { "\($0)" } ?? "inf" }
}
