public import Classification
public import FileIO

extension ImageClassifier {
  /// How many images are shown to both networks before they are compared, which bounds the memory for outputs.
  private static let imagesAtATime = 1024

  /// Compares the answers of two networks on the same images, each of which gets them as it wants them.
  ///
  /// - Parameters:
  ///   - reference: the right, which the left is held against; it must tell as many classes apart.
  ///   - images: files and folders.
  ///   - worst: how many of the images on which they part most are listed.
  ///   - progress: told how many images are done.
  public func agreement(
    with reference: ImageClassifier, on images: [String], worst: Int = 10, progress: ProgressHandler? = nil
  ) throws(ScaleNetError) -> AgreementReport {
    guard classCount == reference.classCount else {
      throw .unsupported(
        path: path, operation: "compare answers",
        reason: "\(classCount) classes on the left, \(reference.classCount) on the right")
    }
    let list = try ImageList(images)
    let count = list.images.count
    let reporter = ProgressReporter(progress)
    var unreadable: [EvaluationReport.Unreadable] = []
    var entries: [AgreementReport.Entry] = []
    var (compared, top1, top5, sum) = (0, 0, 0, 0.0)
    for start in stride(from: 0, to: count, by: Self.imagesAtATime) {
      let part = min(Self.imagesAtATime, count - start)
      var scores: [[Float]?] = []
      let open: ImageClassifier.Opener = { (index) throws(ScaleNetError) in try list.open(start + index) }
      try forEach(part, open: open) {
        (index, result) throws(ScaleNetError) in
        switch result {
        case .success(let answer): scores.append(answer.scores)
        case .failure(let error):
          scores.append(nil)
          unreadable.append(
            EvaluationReport.Unreadable(image: list.images[start + index], reason: Self.reason(error)))
        }
      }
      try reporter.report(.running, completed: start + part / 2, total: count)
      try reference.forEach(part, open: open) {
        (index, result) throws(ScaleNetError) in
        guard let left = scores[index] else { return }
        switch result {
        case .success(let answer):
          let entry = entry(list.images[start + index], left, answer.scores, reference)
          compared += 1
          sum += entry.distance
          top1 += entry.left.index == entry.right.index ? 1 : 0
          top5 += Set(largest(5, of: left)) == Set(largest(5, of: answer.scores)) ? 1 : 0
          let place = entries.firstIndex { $0.distance < entry.distance } ?? entries.count
          if place < worst { entries.insert(entry, at: place) }
          if entries.count > worst { entries.removeLast() }
        case .failure(let error):
          unreadable.append(
            EvaluationReport.Unreadable(image: list.images[start + index], reason: Self.reason(error)))
        }
      }
      try reporter.report(.running, completed: start + part, total: count)
    }
    func side(_ classifier: ImageClassifier) -> AgreementReport.Side {
      AgreementReport.Side(
        path: classifier.path, architecture: classifier.architecture, preprocessing: classifier.preprocessing)
    }
    return AgreementReport(
      left: side(self), right: side(reference), images: compared, top1: top1, top5: top5,
      meanDistance: compared > 0 ? sum / Double(compared) : 0, worst: entries, unreadable: unreadable,
      notes: notes.map { "left: \($0)" } + reference.notes.map { "right: \($0)" })
  }

  private func entry(
    _ image: String, _ left: [Float], _ right: [Float], _ reference: ImageClassifier
  ) -> AgreementReport.Entry {
    let (p, q) = (probabilities(left), reference.probabilities(right))
    let distance = zip(p, q).reduce(0) { $0 + abs($1.0 - $1.1) } / 2
    let error = zip(left, right).reduce(0) { max($0, abs(Double($1.0) - Double($1.1))) }
    let magnitude = right.reduce(0) { max($0, abs(Double($1))) }
    // What is no number is as far away as can be.
    let isFinite = distance.isFinite && error.isFinite && magnitude.isFinite
    return AgreementReport.Entry(
      image: image, distance: isFinite ? distance : 1,
      outputError: isFinite ? (magnitude > 0 ? error / magnitude : error) : 1,
      left: answers(left, top: 1)[0], right: reference.answers(right, top: 1)[0])
  }
}
