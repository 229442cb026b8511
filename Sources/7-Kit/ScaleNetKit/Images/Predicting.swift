public import Classification
public import FileIO
import Images

extension ImageClassifier {
  /// Says what images show. One that can't be read does not keep the others from it: its entry says what is wrong.
  ///
  /// - Parameters:
  ///   - images: files, folders, whose images are found at any depth, and `-` for one image on standard input.
  ///   - top: how many classes of each image are wanted.
  ///   - progress: told how many images are done.
  /// - Throws: if a folder holds no images, or the network can't be run.
  public func predict(
    _ images: [String], top: Int = 5, progress: ProgressHandler? = nil
  ) throws(ScaleNetError) -> PredictionReport {
    try predict(images, top: top, ProgressReporter(progress))
  }

  /// The same in an asynchronous task, on a thread of its own; a task that is cancelled gets an error of the kind
  /// `cancelled`.
  public func predict(
    _ images: [String], top: Int = 5, progress: ProgressHandler? = nil
  ) async throws(ScaleNetError) -> PredictionReport {
    try await detached(progress) { (reporter) throws(ScaleNetError) in
      try self.predict(images, top: top, reporter)
    }
  }

  private func predict(
    _ images: [String], top: Int, _ reporter: ProgressReporter
  ) throws(ScaleNetError) -> PredictionReport {
    guard top >= 1 else { throw .invalidOption("top", expected: "at least 1", found: "\(top)") }
    let list = try ImageList(images)
    let count = list.images.count
    try reporter.report(.running, completed: 0, total: count)
    var entries: [PredictionReport.Entry] = []
    // A single image need not wait for a batch; what an answer is compared with is no other answer.
    let batch = input.batch ?? min(self.batch, count)
    let open: ImageClassifier.Opener = { (index) throws(ScaleNetError) in try list.open(index) }
    try forEach(count, batch: batch, open: open) {
      (index, result) throws(ScaleNetError) in
      switch result {
      case .success(let answer):
        entries.append(
          PredictionReport.Entry(
            image: list.images[index], size: [answer.size.width, answer.size.height],
            classes: answers(answer.scores, top: top)))
      case .failure(let error):
        entries.append(PredictionReport.Entry(image: list.images[index], error: Self.reason(error)))
      }
    } batchDone: { (done) throws(ScaleNetError) in
      try reporter.report(.running, completed: done, total: count)
    }
    return PredictionReport(
      model: path, architecture: architecture, preprocessing: preprocessing, images: entries, notes: notes)
  }

  /// A small JPEG of an image for a page; nil if it can't be read.
  public func thumbnail(_ path: String, side: Int = 160) -> [UInt8]? {
    guard path != "-" else { return nil }
    do throws(ScaleNetError) {
      let image = try Image(decoding: try ByteRegion.map(path: path), options: input.decoding)
      let longest = max(image.width, image.height)
      guard longest > side else { return try image.jpegData() }
      let size = Image.Size(
        width: max(1, image.width * side / longest), height: max(1, image.height * side / longest))
      return try image.resized(to: size, interpolation: .bilinear).jpegData()
    } catch {
      // The report of the image says why.
      return nil
    }
  }

  /// What is wrong with an image, without its path, which stands beside it.
  static func reason(_ error: ScaleNetError) -> String {
    var plain = error
    plain.path = nil
    return plain.description
  }
}
