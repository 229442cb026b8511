import Comparison
import FileIO

/// What lower precision costs, as rows of tables.
struct DiffPrecision {
  private let precision: DiffReport.Precision

  init(_ precision: DiffReport.Precision) {
    self.precision = precision
  }

  /// `lower precision: int8 on the right, outputs off by 1.2e-02`.
  var title: String {
    "lower precision: \(precision.type) on the \(precision.side), outputs off by \(precision.outputError.errorText)"
  }

  /// What the numbers of the table are.
  static let legend =
    "adds: error of the outputs if only this layer is in lower precision; found: its own error on values of float32; "
    + "steps: what of it the steps explain; in the run: its error in the whole; all as root mean squares, of the "
    + "reference's; weight step: the largest error of a weight, in steps, those of a half type being a unit in the last "
    + "place of the largest weight; clipped: what lies outside of what the type holds"

  static let columns = ["layer", "op", "adds", "found", "steps", "in the run", "weight step", "clipped"]

  /// A row for each layer: those of `columns`, and whether its error is more than its steps explain.
  var rows: [(cells: [String], isUnexplained: Bool)] {
    precision.layers.map { layer in
      func text(_ error: Double?) -> String { error.map(\.scientific) ?? "-" }
      let error = layer.weight.flatMap { weight -> String? in
        guard weight.halfStep > 0, let largest = weight.largestError else { return nil }
        return "\((largest / (2 * weight.halfStep)).fixed(2))"
      }
      return (
        [
          layer.name.escapedWhole, layer.op, text(layer.outputError), text(layer.foundError),
          text(layer.explainedError), text(layer.accumulatedError), error ?? "-", clipped(layer),
        ], layer.isExplained == false
      )
    }
  }

  /// `12 of 4,096 weights, 3 of 25,088 results`.
  private func clipped(_ layer: DiffReport.PrecisionLayer) -> String {
    let parts = [(layer.weight, "weights"), (layer.activation, "results")].compactMap { rounded, word in
      rounded.flatMap { rounded in
        rounded.clippedCount > 0
          ? "\(rounded.clippedCount.grouped) of \(rounded.elementCount.grouped) \(word)" : nil
      }
    }
    return parts.joined(separator: ", ")
  }

  /// What is advised: label and text.
  var adviceRows: [(name: String, value: String)] {
    let advice = precision.advice
    var rows: [(name: String, value: String)] = []
    // A list of all layers says no more than that it is all of them, and a command no more than the float32 side.
    let isAll = advice.keep.count == precision.layers.count { $0.op != "input" } && advice.keep.count > 1
    if isAll {
      rows.append(("keep in float32", "all of them"))
    } else if !advice.keep.isEmpty {
      rows.append(("keep in float32", advice.keep.map(\.escapedWhole).joined(separator: ", ")))
    }
    rows.append(("outcome", advice.explanation))
    let steps = advice.steps.map { step in
      "\(step.count) kept: \(step.outputError.errorText)\(step.isWithinTolerance ? ", within" : "")"
    }
    if advice.steps.count > 1 { rows.append(("runs, worst first", steps.joined(separator: "; "))) }
    if let command = advice.command, !isAll { rows.append(("command", command)) }
    return rows
  }
}

extension DiffReport.Amplification {
  /// What was found, and a row for each node: label and text.
  var rows: [(name: String, value: String)] {
    [("in short", explanation)]
      + nodes.map { node in
        let reason = node.reason.map { ": \($0)" } ?? ""
        return (
          "\(node.factor.scientific) times",
          "\(node.name.escapedWhole) (\(node.op)), from \(node.inputError.scientific) to "
            + "\(node.outputError.scientific)\(reason)"
        )
      }
  }
}
