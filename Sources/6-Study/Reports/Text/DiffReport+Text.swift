import Comparison
import FileIO
import ModelIR

extension DiffReport {
  /// `MATCH` or `DIFFER`, and how a difference is told apart.
  var headline: String {
    let word = verdict == .match ? "MATCH" : "DIFFER"
    if provesNothing { return "\(word): nothing is proved" }
    if kind == .real, isLowerPrecisionAlone {
      return
        "\(word): \(verdict == .match ? "within the tolerance; " : "")lower precision differs, and nothing else"
    }
    switch kind {
    case .identical: return "\(word): every element is the same"
    case .rounding:
      return "\(word): "
        + (left.isRecording || right.isRecording
          ? "no more than rounding differs" : "the same function, rounded differently")
    case .real where verdict == .match: return "\(word): within the tolerance, but more than rounding differs"
    case .real: return "\(word): a real difference of weights or semantics"
    case nil: return word
    }
  }

  /// What is compared with what: label and text.
  var sideRows: [(name: String, value: String)] {
    func side(_ side: Side.Info) -> String {
      let kind = side.isRecording ? "recorded outputs" : side.architecture?.escapedWhole ?? ""
      return side.path.escapedWhole + ": \(side.format)" + (kind.isEmpty ? "" : ", \(kind)")
    }
    return [("left", side(left)), ("right", side(right))] + inputs.map { ("input", $0.text) }
      + (batches == 1 ? [] : [("batches", "\(batches)")]) + [("tolerance", tolerance.text)]
  }

  /// How a cause was confirmed, if it was.
  func certainty(of cause: Cause) -> String {
    guard cause.confirmed else { return "not confirmed" }
    if cause.kind == .rounding { return "confirmed in Double" }
    return left.isRecording || right.isRecording
      ? "confirmed by computing it so" : "confirmed by undoing it"
  }

  /// Whether the sides' names of layers differ anywhere.
  var hasOtherNames: Bool { layers.contains { $0.name != $0.otherName } }

  /// The place of the first divergence among the layers; nil if it is not there.
  var firstDivergenceIndex: Int? {
    guard let first = firstDivergence else { return nil }
    return layers.firstIndex { $0.name == first.name && $0.otherName == first.otherName }
  }
}

extension DiffReport.Input {
  /// `input [1, 3, 224, 224], seed 0; left takes NCHW, right NHWC`.
  var text: String {
    let names = otherName == nil || otherName == name ? name : "\(name) = \(otherName ?? "")"
    var result = "\(names.escapedWhole) \(shape), \(source.escapedWhole)"
    switch (layout, otherLayout) {
    case ("any", "any"): break
    case _ where layout == otherLayout: result += "; \(layout)"
    default: result += "; left takes \(layout), right \(otherLayout)"
    }
    return result
  }
}

extension Tolerance {
  /// `float32: 1.0e-05 of the largest + 1.0e-04 * |right|`.
  var text: String {
    if absolute == 0 && relative == 0 { return "\(name): none, every element the same" }
    return
      "\(name): \(absolute.scientific)\(scaled ? " of the largest" : "") + \(relative.scientific) * |right|"
  }

  /// What the largest element may differ by, as a part of it; nil where that depends on its magnitude or is nothing.
  var shareOfLargest: Double? {
    let share = absolute + relative
    return (scaled || absolute == 0) && share > 0 ? share : nil
  }
}

extension DiffReport.Output {
  /// Both names, or the one.
  var names: String {
    (name == otherName ? name : "\(name) = \(otherName)").escapedWhole
  }

  /// Whether it is within the tolerance.
  var outcome: String {
    if provesNothing { return "nothing is proved, as no element is finite on both sides" }
    return isWithinTolerance ? "within the tolerance" : "outside the tolerance"
  }

  /// Whether its elements are integers or truth values on a side.
  private var isWhole: Bool {
    [type, otherType].contains { DataType(rawValue: $0)?.isFloatingPoint == false }
  }

  /// The element with the largest error on each side, with as many digits as it takes to tell them apart.
  private func text(_ worst: TensorMetrics.Worst) -> (left: String, right: String) {
    func text(_ value: Double?, _ integer: Int128?, _ digits: (Double) -> String) -> String {
      if let integer { return "\(integer)" }
      guard let value else { return "not finite" }
      if isWhole, let integer = Int128(exactly: value) { return "\(integer)" }
      return digits(value)
    }
    func both(_ digits: (Double) -> String) -> (left: String, right: String) {
      (text(worst.left, worst.leftInteger, digits), text(worst.right, worst.rightInteger, digits))
    }
    let short = both(\.shortest)
    return short.left == short.right ? both { "\($0)" } : short
  }

  /// Metrics by what they are called.
  var metricRows: [(name: String, value: String)] {
    if metrics.elementCount == 0 { return [("elements", "none")] }
    if provesNothing {
      return [("not finite", "all \(metrics.elementCount.grouped) elements on both sides alike")]
    }
    var rows = [
      (
        "absolute error",
        "max \(metrics.maxAbsoluteError.errorText), mean \(metrics.meanAbsoluteError.errorText), "
          + "RMSE \(metrics.rmse.errorText)"
      ),
      (
        "relative error",
        metrics.largestMagnitude == 0 && metrics.mismatchedCount > 0
          ? "none, as the right has no element that is finite and not 0"
          : "max \(metrics.maxRelativeError.errorText), mean \(metrics.meanRelativeError.errorText)"
      ),
      (
        "outside",
        "\(metrics.mismatchedCount.grouped) of \(metrics.elementCount.grouped) elements, absolute tolerance "
          + "\(absoluteTolerance.scientific)"
      ),
    ]
    if let cosine = metrics.cosineSimilarity { rows.append(("cosine", cosine.fixed(9))) }
    if let psnr = metrics.psnr { rows.append(("PSNR", "\(psnr.fixed(1)) dB")) }
    if metrics.nonFiniteCount > 0 {
      let noun = metrics.nonFiniteCount == 1 ? "element" : "elements"
      rows.append(("not finite", "\(metrics.nonFiniteCount.grouped) \(noun) on both sides alike"))
    }
    if let worst = metrics.worst {
      let (left, right) = text(worst)
      rows.append(("worst element", "\(worst.index): left \(left), right \(right)"))
    }
    if !isWhole {
      let ulp = metrics.ulp
      rows.append(
        (
          "ULP distance",
          "median \(ulp.median.short), 90 % \(ulp.p90.short), 99 % \(ulp.p99.short), max \(ulp.max.short)"
        ))
    }
    if let one = topOneAgreement {
      let five = topFiveAgreement.map { ", top-5 in \(($0 * 100).fixed(1)) %" } ?? ""
      rows.append(("agreement", "top-1 in \((one * 100).fixed(1)) %\(five) of rows"))
    }
    if let rounding {
      rows.append(
        (
          "in Double",
          "left is off by \(rounding.leftError.errorText), right by \(rounding.rightError.errorText)"
            // A recording is held against the other side's result: it has none of its own.
            + (rounding.doubleError.map { "; they differ by \($0.scientific)" } ?? "")
        ))
    }
    return rows
  }
}

extension DiffReport.FirstDivergence {
  /// Both nodes, or the one where they are called alike.
  var nodeText: String {
    func text(_ name: String?, _ op: String?, _ side: String) -> String {
      name.map { "\($0.escapedWhole) (\(op ?? ""))" } ?? "nothing on the \(side)"
    }
    let (node, other) = (text(name, op, "left"), text(otherName, otherOp, "right"))
    return node == other ? node : "\(node) = \(other)"
  }

  var errorText: String {
    "inputs " + (inputError.map { "differ by \($0.scientific)" } ?? "are not aligned")
      + (outputError.map { ", output by \($0.scientific) of the largest" } ?? ", output cannot be compared")
  }
}
