/// Counts answers, and gives the report of what it has counted. Counting is the same whatever the order, and counters
/// of parts add up.
public struct EvaluationCounter: Sendable {
  /// A pair of classes.
  private struct Pair: Hashable {
    var truth: Int
    var predicted: Int
  }

  private var report: EvaluationReport
  private var classes: [Int: EvaluationReport.ClassCount] = [:]
  private var confusions: [Pair: Int] = [:]

  /// Goes on from a report, which may be an empty one.
  public init(_ report: EvaluationReport) {
    self.report = report
    for entry in report.classes { classes[entry.index] = entry }
    for entry in report.confusions {
      confusions[Pair(truth: entry.truth, predicted: entry.predicted)] = entry.images
    }
  }

  /// Counts an image that was read.
  ///
  /// - Parameters:
  ///   - truth: the classes that it shows, each of which is right; the first is the one it is counted under.
  ///   - label: the name of that class.
  ///   - scores: the network's output.
  public mutating func count(truth: [Int], label: String?, scores: [Float]) {
    report.processed += 1
    guard let first = truth.first else {
      report.withoutClass += 1
      return
    }
    let isFinite = scores.allSatisfy { !$0.isNaN }
    let answers = isFinite ? largest(5, of: scores) : []
    if !isFinite { report.notFinite += 1 }
    let isTop1 = answers.first.map(truth.contains) ?? false
    let isTop5 = answers.contains(where: truth.contains)
    var entry = classes[first] ?? EvaluationReport.ClassCount(index: first, label: label)
    entry.images += 1
    entry.top1 += isTop1 ? 1 : 0
    entry.top5 += isTop5 ? 1 : 0
    classes[first] = entry
    report.images += 1
    report.top1 += isTop1 ? 1 : 0
    report.top5 += isTop5 ? 1 : 0
    if let answer = answers.first, !isTop1 {
      confusions[Pair(truth: first, predicted: answer), default: 0] += 1
    }
  }

  /// Counts an image that could not be read.
  public mutating func countUnreadable(_ image: String, reason: String) {
    report.processed += 1
    report.unreadable.append(EvaluationReport.Unreadable(image: image, reason: reason))
  }

  /// Counts an image whose ground truth names no class.
  public mutating func countWithoutClass() {
    report.processed += 1
    report.withoutClass += 1
  }

  /// Adds what another part of the same evaluation counted.
  public mutating func add(_ other: EvaluationReport) {
    report.processed += other.processed
    report.total += other.total
    report.images += other.images
    report.withoutClass += other.withoutClass
    report.notFinite += other.notFinite
    report.top1 += other.top1
    report.top5 += other.top5
    report.unreadable += other.unreadable
    for entry in other.classes {
      var sum = classes[entry.index] ?? EvaluationReport.ClassCount(index: entry.index, label: entry.label)
      sum.images += entry.images
      sum.top1 += entry.top1
      sum.top5 += entry.top5
      classes[entry.index] = sum
    }
    for entry in other.confusions {
      confusions[Pair(truth: entry.truth, predicted: entry.predicted), default: 0] += entry.images
    }
  }

  /// What was counted so far.
  public var current: EvaluationReport {
    var result = report
    result.classes = classes.values.sorted { $0.index < $1.index }
    result.confusions = confusions.map {
      EvaluationReport.Confusion(truth: $0.key.truth, predicted: $0.key.predicted, images: $0.value)
    }.sorted { ($1.images, $0.truth, $0.predicted) < ($0.images, $1.truth, $1.predicted) }
    result.unreadable.sort { $0.image < $1.image }
    return result
  }
}
