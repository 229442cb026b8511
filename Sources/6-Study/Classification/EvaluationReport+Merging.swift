package import FileIO

extension EvaluationReport {
  /// The report of a whole set from those of all its shards: the same, to the last byte of its JSON, as that of an
  /// evaluation that was not cut up.
  ///
  /// - Parameter reports: with the paths of their files, for messages, in any order.
  /// - Throws: if a shard is missing, not finished or there twice, or if they are of different models or sets.
  package static func merging(
    _ reports: [(path: String, report: EvaluationReport)]
  ) throws(ScaleNetError) -> EvaluationReport {
    guard let first = reports.first else {
      throw .invalidOption("merge", expected: "reports of shards", found: "none")
    }
    let count = first.report.shard?.count ?? 1
    var places: [Int: String] = [:]
    for (path, report) in reports {
      guard let shard = report.shard else {
        throw .notAShard(path: path, expected: "the report of a shard", found: "that of a whole set")
      }
      if let difference = first.report.difference(to: report) {
        throw .notAShard(
          path: path, expected: "a shard of the same evaluation as \(first.path.escapedForMessage)",
          found: "another \(difference.what): \(difference.right) in place of \(difference.left)")
      }
      guard shard.count == count else {
        throw .notAShard(path: path, expected: "one of \(count) shards", found: "one of \(shard.count)")
      }
      guard report.isFinished else {
        throw .notAShard(
          path: path, expected: "a finished report; evaluate it again with the same file to resume",
          found: "\(report.processed) of \(report.total) images")
      }
      if let other = places[shard.index] {
        throw .notAShard(
          path: path, expected: "each shard once",
          found: "shard \(shard.index), which \(other.escapedForMessage) is too")
      }
      places[shard.index] = path
    }
    let missing = (1...count).filter { places[$0] == nil }
    guard missing.isEmpty else {
      let names =
        missing.prefix(3).map(String.init).joined(separator: ", ") + (missing.count > 3 ? ", ..." : "")
      throw .invalidOption(
        "merge", expected: "all \(count) shards", found: "\(places.count); missing: \(names)")
    }
    var whole = first.report
    whole.shard = nil
    (whole.processed, whole.total, whole.images, whole.withoutClass, whole.notFinite) = (0, 0, 0, 0, 0)
    (whole.top1, whole.top5) = (0, 0)
    (whole.classes, whole.confusions, whole.unreadable) = ([], [], [])
    var counter = EvaluationCounter(whole)
    for (_, report) in reports.sorted(by: { ($0.report.shard?.index ?? 0) < ($1.report.shard?.index ?? 0) }) {
      counter.add(report)
    }
    return counter.current
  }

  /// Fails if the numbers of a report that was read from a file contradict each other.
  package func check(path: String) throws(ScaleNetError) {
    func invalid(_ place: String, _ expected: String, _ found: String) -> ScaleNetError {
      ScaleNetError(path: path, place: place, expected: expected, found: found)
    }
    guard format == Self.formatName else {
      throw invalid("format", "\"\(Self.formatName)\"", "\"\(format.escapedForMessage)\"")
    }
    let limit = 1 << 40
    let counts = [
      parameters, classCount, dataset.images, processed, total, images, withoutClass, notFinite, top1, top5,
    ]
    let nested =
      classes.flatMap { [$0.images, $0.top1, $0.top5] } + confusions.map(\.images)
    guard (counts + nested).allSatisfy({ (0...limit).contains($0) }), classes.count <= classCount,
      confusions.count <= limit
    else { throw invalid("counts", "0 to \(limit)", "another number") }
    if let shard, !(1...65_536).contains(shard.count) || !(1...shard.count).contains(shard.index) {
      throw invalid("shard", "a number of at most 65536 shards", "\(shard.index) of \(shard.count)")
    }
    let isValid = classes.allSatisfy { (0..<classCount).contains($0.index) && $0.top1 <= $0.top5 }
    guard isValid, Set(classes.map(\.index)).count == classes.count else {
      throw invalid("classes", "each of \(classCount) classes once", "others")
    }
    guard
      confusions.allSatisfy({ (0..<classCount).contains($0.truth) && (0..<classCount).contains($0.predicted) }
      ),
      Set(confusions.map { [$0.truth, $0.predicted] }).count == confusions.count
    else { throw invalid("confusions", "each pair of \(classCount) classes once", "others") }
    guard classes.reduce(0, { $0 + $1.images }) == images, classes.reduce(0, { $0 + $1.top1 }) == top1,
      classes.reduce(0, { $0 + $1.top5 }) == top5,
      confusions.reduce(0, { $0 + $1.images }) + notFinite == images - top1
    else { throw invalid("counts", "sums over the classes that are the totals", "others") }
    guard images + withoutClass + unreadable.count == processed, processed <= total else {
      throw invalid(
        "processed", "\(images + withoutClass + unreadable.count) images, at most \(total)", "\(processed)")
    }
  }
}

extension ScaleNetError {
  /// A report that does not belong to those it is to be added to.
  static func notAShard(path: String, expected: String, found: String) -> ScaleNetError {
    ScaleNetError(path: path, expected: expected, found: found)
  }
}
