import Classification
import FileIO
import Testing

/// Counting, and adding counts up.
@Suite struct EvaluationTests {
  private static let preprocessing = PreprocessingReport(
    inputSize: [8, 8], resize: [9, 9], cropPercentage: 0.875, cropMode: "center", interpolation: "bilinear",
    divisor: 255, mean: [0], standardDeviation: [1], channelOrder: "rgb", isInGraph: false,
    appliesOrientation: false,
    background: nil)

  private func empty(shard: EvaluationReport.Shard? = nil, total: Int, digest: String = "d")
    -> EvaluationReport
  {
    EvaluationReport(
      model: "m.onnx", modelDigest: "a", networkDigest: "b", architecture: "M", parameters: 3, classCount: 7,
      dataset: EvaluationReport.Dataset(name: "set", groundTruth: "folders", images: 40, digest: digest),
      preprocessing: Self.preprocessing, shard: shard, total: total)
  }

  /// Scores whose largest is at an index, then the next ones.
  private func scores(_ best: Int) -> [Float] { (0..<7).map { Float(-((($0 - best) % 7 + 7) % 7)) } }

  private func count(_ numbers: [Int], into report: EvaluationReport) -> EvaluationReport {
    var counter = EvaluationCounter(report)
    for number in numbers {
      if number % 11 == 5 {
        counter.countUnreadable("\(number)", reason: "cut")
      } else if number % 13 == 4 {
        counter.count(truth: [], label: nil, scores: scores(0))
      } else {
        counter.count(truth: [number % 7], label: "c\(number % 7)", scores: scores((number * number) % 7))
      }
    }
    return counter.current
  }

  @Test("Answers and ties")
  func answers() {
    #expect(largest(3, of: [1, 5, 5, 2, 5]) == [1, 2, 4])
    #expect(largest(9, of: [1, .nan, 2]) == [2, 0, 1])
    #expect(largest(1, of: [-.infinity, -.infinity]) == [0])
    let sums = softmax([1000, 1000, -1000])
    #expect(sums == [0.5, 0.5, 0])
  }

  @Test("Top-1, top-5 and confusions of a few images")
  func counts() {
    var counter = EvaluationCounter(empty(total: 4))
    counter.count(truth: [2], label: "two", scores: scores(2))
    // The answers are 3, 4, 5, 6 and 0.
    counter.count(truth: [2], label: "two", scores: scores(3))
    counter.count(truth: [2], label: "two", scores: [.nan, 1, 2, 3, 4, 5, 6])
    counter.count(truth: [1, 5], label: "one", scores: scores(5))
    let report = counter.current
    #expect((report.images, report.top1, report.top5, report.notFinite) == (4, 2, 2, 1))
    #expect(report.confusions == [EvaluationReport.Confusion(truth: 2, predicted: 3, images: 1)])
    #expect(report.classes.map(\.index) == [1, 2])
    #expect(report.classes[1].images == 3)
    #expect(report.isFinished)
    #expect(throws: Never.self) { try report.check(path: "report") }
  }

  @Test("Shards of any number add up to the whole", arguments: [1, 2, 3, 7])
  func merging(_ shards: Int) throws {
    let numbers = Array(0..<40)
    let whole = count(numbers, into: empty(total: 40))
    var parts: [(path: String, report: EvaluationReport)] = []
    for index in 1...shards {
      let part = numbers.filter { $0 % shards == index - 1 }
      let shard = EvaluationReport.Shard(index: index, count: shards)
      parts.append(("\(index).json", count(part, into: empty(shard: shard, total: part.count))))
    }
    #expect(try EvaluationReport.merging(parts.reversed()) == whole)
    #expect(throws: ScaleNetError.self) { try EvaluationReport.merging(parts + [parts[0]]) }
    if shards > 1 {
      #expect(throws: ScaleNetError.self) { try EvaluationReport.merging(Array(parts.dropLast())) }
      var other = parts
      other[1].report.dataset.digest = "another"
      #expect(throws: ScaleNetError.self) { try EvaluationReport.merging(other) }
      other = parts
      other[1].report.networkDigest = "another"
      #expect(throws: ScaleNetError.self) { try EvaluationReport.merging(other) }
      other = parts
      other[1].report.processed -= 1
      #expect(throws: ScaleNetError.self) { try EvaluationReport.merging(other) }
    }
    #expect(throws: ScaleNetError.self) { try EvaluationReport.merging([("whole.json", whole)]) }
  }

  @Test("Numbers that contradict each other are no report")
  func contradictions() {
    let report = count(Array(0..<40), into: empty(total: 40))
    #expect(throws: Never.self) { try report.check(path: "report") }
    for change: (inout EvaluationReport) -> Void in [
      { $0.top1 += 1 }, { $0.images = -1 }, { $0.processed = 41 }, { $0.classes[0].top5 = 0 },
      { $0.classes[0].index = 7 }, { $0.confusions[0].predicted = -1 },
      { $0.confusions.append($0.confusions[0]) },
      { $0.format = "other" }, { $0.shard = EvaluationReport.Shard(index: 3, count: 2) }, { $0.total = .max },
    ] {
      var changed = report
      change(&changed)
      #expect(throws: ScaleNetError.self) { try changed.check(path: "report") }
    }
  }
}
