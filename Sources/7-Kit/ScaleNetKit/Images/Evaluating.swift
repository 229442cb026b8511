public import Classification
public import FileIO
import FoundationEssentials
import JSONText
import Reports

/// How a network is evaluated. What is nil is not asked for.
public struct EvaluationOptions: Sendable {
  /// How images are brought to the network; they are not turned by their Exif data unless that is asked for, as neither
  /// torchvision nor timm does it.
  public var images: ImageOptions
  /// A file that says what the images of the folder show; nil for a folder for each class.
  public var groundTruth: String?
  /// What the numbers of that file count; nil for what its name says.
  public var numbers: GroundTruthNumbers?
  /// A file with the folders of the classes, one a line in the order of the network's output; nil for WordNet's numbers,
  /// the network's labels, or the order of the names.
  public var classMap: String?
  /// A part of the images; nil for all.
  public var shard: EvaluationReport.Shard?
  /// A file that what was counted goes to every second, and from which an evaluation that was interrupted goes on.
  public var resume: String?

  /// All images of a folder for each class.
  public init() {
    images = ImageOptions()
    images.appliesOrientation = false
  }
}

extension ImageClassifier {
  /// Seconds between two writes of what was counted.
  private static let timeBetweenWrites = Duration.seconds(1)

  /// Counts how often the network is right. Images that can't be read are counted and named, and change nothing else.
  ///
  /// - Parameters:
  ///   - folder: a folder for each class, or with `options.groundTruth` images in any folders.
  ///   - options: `images` is that of the classifier and not looked at.
  ///   - progress: told how many images are done.
  /// - Throws: if folders or ground truth do not fit the network, or the file to resume from is of something else.
  public func evaluate(
    _ folder: String, _ options: EvaluationOptions = EvaluationOptions(), progress: ProgressHandler? = nil
  ) throws(ScaleNetError) -> (report: EvaluationReport, notes: [String]) {
    try evaluate(folder, options, ProgressReporter(progress))
  }

  /// The same in an asynchronous task, on a thread of its own; a task that is cancelled gets an error of the kind
  /// `cancelled`, and what was counted stands in the file of `options.resume`.
  public func evaluate(
    _ folder: String, _ options: EvaluationOptions = EvaluationOptions(), progress: ProgressHandler? = nil
  ) async throws(ScaleNetError) -> (report: EvaluationReport, notes: [String]) {
    try await detached(progress) { (reporter) throws(ScaleNetError) in
      try self.evaluate(folder, options, reporter)
    }
  }

  private func evaluate(
    _ folder: String, _ options: EvaluationOptions, _ reporter: ProgressReporter
  ) throws(ScaleNetError) -> (report: EvaluationReport, notes: [String]) {
    if let shard = options.shard {
      try Limits.check(shard.count, 1...65_536, "shard")
      try Limits.check(shard.index, 1...shard.count, "shard")
    }
    try reporter.report(.reading)
    let dataset = try ImageDataset(folder, options: options, labels: labels, classCount: classCount)
    let members = dataset.images.indices.filter { index in
      options.shard.map { index % $0.count == $0.index - 1 } ?? true
    }
    var report = EvaluationReport(
      model: path.split(separator: "/").last.map(String.init) ?? path,
      modelDigest: try model.files.first.map { (file) throws(ScaleNetError) in try sha256(of: file) },
      networkDigest: try sha256(of: graph), architecture: architecture,
      parameters: try model.parameterCount(), classCount: classCount,
      dataset: EvaluationReport.Dataset(
        name: dataset.name, groundTruth: dataset.groundTruth, images: dataset.images.count,
        digest: try dataset.digest()),
      preprocessing: preprocessing, shard: options.shard, total: members.count)
    if let path = options.resume, FileIdentity.of(path: path) != nil {
      report = try Self.resumed(path, expecting: report)
    }
    // Whether it can be written is known before the work, and what a killed run has left there is told of.
    if let path = options.resume { try OutputSet.check([path], overwrite: true, inputs: model.files) }
    let rest = members.dropFirst(report.processed).map { $0 }
    var counter = EvaluationCounter(report)
    let done = report.processed
    try reporter.report(.running, completed: done, total: members.count)
    // The first batch is kept at once, as it may be hours until the next.
    var written: ContinuousClock.Instant?
    let open: ImageClassifier.Opener = { (index) throws(ScaleNetError) in
      try ByteRegion.map(path: dataset.path(rest[index]))
    }
    try forEach(rest.count, open: open) { (index, result) throws(ScaleNetError) in
      let image = dataset.images[rest[index]]
      switch result {
      case .success(let answer):
        let label = image.classes.first.flatMap { labels?[$0] ?? dataset.classNames[$0] }
        counter.count(truth: image.classes, label: label, scores: answer.scores)
      case .failure(let error): counter.countUnreadable(image.path, reason: Self.reason(error))
      }
    } batchDone: { (count) throws(ScaleNetError) in
      try reporter.report(.running, completed: done + count, total: members.count)
      if let path = options.resume,
        written.map({ ContinuousClock.now - $0 > Self.timeBetweenWrites }) ?? true
      {
        try writeText(try counter.current.json(), to: path, overwrite: true)
        written = ContinuousClock.now
      }
    }
    let result = counter.current
    if let path = options.resume, done < members.count || FileIdentity.of(path: path) == nil {
      try writeText(try result.json(), to: path, overwrite: true)
    }
    var notes = self.notes + dataset.notes
    if done > 0 { notes.append("\(done) of \(members.count) images were counted before") }
    return (result, notes)
  }

  private static func resumed(
    _ path: String, expecting report: EvaluationReport
  ) throws(ScaleNetError) -> EvaluationReport {
    let found = try EvaluationReport.read(path)
    FilesRead.forget(path)
    func other(_ what: String, _ expected: String, _ found: String) -> ScaleNetError {
      ScaleNetError(path: path, place: what, expected: "\(expected), as it is to be resumed", found: found)
    }
    if let difference = report.difference(to: found) {
      throw other(difference.what, difference.left, difference.right)
    }
    func text(_ shard: EvaluationReport.Shard?) -> String {
      shard.map { "\($0.index)/\($0.count)" } ?? "all images"
    }
    guard found.shard == report.shard, found.total == report.total else {
      throw other("shard", text(report.shard), text(found.shard))
    }
    return found
  }
}

extension EvaluationReport {
  /// Reads a report that `eval` wrote.
  ///
  /// - Throws: if the file is something else, or its numbers contradict each other.
  public static func read(_ path: String) throws(ScaleNetError) -> EvaluationReport {
    let bytes = try SmallFile.bytes(path)
    guard bytes.first(where: { ![0x20, 0x09, 0x0a, 0x0d].contains($0) }) == UInt8(ascii: "{") else {
      throw .unknownFormat(
        path: path, expected: "a report of eval in JSON",
        found: bytes.isEmpty ? "an empty file" : "no JSON object")
    }
    let json: JSON
    do throws(ScaleNetError) { json = try JSONParser.parse(bytes) } catch { throw error.inFile(path) }
    guard json["format"]?.string == formatName else {
      throw .unknownFormat(
        path: path, expected: "a report of eval, \"format\": \"\(formatName)\"",
        found: json["format"]?.kind ?? "JSON without it")
    }
    let report: EvaluationReport
    do {
      report = try JSONDecoder().decode(EvaluationReport.self, from: Data(bytes))
    } catch let error as DecodingError {
      throw .unknownFormat(path: path, expected: "a report of eval", found: Self.place(error))
    } catch {
      throw .unknownFormat(path: path, expected: "a report of eval", found: "\(error)")
    }
    try report.check(path: path)
    return report
  }

  /// Adds the reports of all shards of an evaluation up: to the same, to the last byte, as without shards.
  public static func merge(_ paths: [String]) throws(ScaleNetError) -> EvaluationReport {
    var reports: [(path: String, report: EvaluationReport)] = []
    for path in paths { reports.append((path, try read(path))) }
    return try merging(reports)
  }

  private static func place(_ error: DecodingError) -> String {
    func path(_ context: DecodingError.Context) -> String {
      context.codingPath.map { $0.intValue.map(String.init) ?? $0.stringValue }.joined(separator: ".")
    }
    switch error {
    case .keyNotFound(let key, let context):
      return "no \((context.codingPath.isEmpty ? "" : path(context) + ".") + key.stringValue)"
    case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
      return "another kind of value at \(path(context))"
    @unknown default: return "\(error)"
    }
  }
}
