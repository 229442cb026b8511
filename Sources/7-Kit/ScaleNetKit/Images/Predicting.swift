public import Classification
public import FileIO
import Images

extension ImageClassifier {
  /// Says what images show. One that can't be read does not keep the others from it: its entry says what is wrong.
  ///
  /// - Parameters:
  ///   - images: files, folders, whose images are found at any depth, and `-` for one image on standard input.
  ///   - top: how many classes of each image are wanted.
  ///   - thumbnails: gets a small picture of each image that can be read.
  ///   - progress: told how many images are done.
  /// - Throws: if a folder holds no images, or the network can't be run.
  public func predict(
    _ images: [String], top: Int = 5, thumbnails: Thumbnails? = nil, progress: ProgressHandler? = nil
  ) throws(ScaleNetError) -> PredictionReport {
    try predict(images, top: top, thumbnails, ProgressReporter(progress))
  }

  /// The same in an asynchronous task, on a thread of its own; a task that is cancelled gets an error of the kind
  /// `cancelled`.
  public func predict(
    _ images: [String], top: Int = 5, thumbnails: Thumbnails? = nil, progress: ProgressHandler? = nil
  ) async throws(ScaleNetError) -> PredictionReport {
    try await detached(progress) { (reporter) throws(ScaleNetError) in
      try self.predict(images, top: top, thumbnails, reporter)
    }
  }

  private func predict(
    _ images: [String], top: Int, _ thumbnails: Thumbnails?, _ reporter: ProgressReporter
  ) throws(ScaleNetError) -> PredictionReport {
    guard top >= 1 else { throw .invalidOption("top", expected: "at least 1", found: "\(top)") }
    let list = try ImageList(images)
    let count = list.images.count
    try reporter.report(.running, completed: 0, total: count)
    var entries: [PredictionReport.Entry] = []
    // A single image need not wait for a batch; what an answer is compared with is no other answer.
    let batch = input.batch ?? min(self.batch, count)
    let open: ImageClassifier.Opener = { (index) throws(ScaleNetError) in try list.open(index) }
    try forEach(count, batch: batch, open: open, thumbnails: thumbnails) {
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

  /// What is wrong with an image, without its path, which stands beside it.
  static func reason(_ error: ScaleNetError) -> String {
    var plain = error
    plain.path = nil
    return plain.description
  }
}

/// Small pictures of images that were classified, for a page: made of the very bytes that the answers are about.
public final class Thumbnails: Sendable {
  private let side: Int
  private let pictures = Locked([Int: [UInt8]]())

  /// - Parameter side: pixels of a picture's longer side, at most.
  public init(side: Int = 160) {
    self.side = side
  }

  /// A JPEG of an image, by its place in the report; nil of one that could not be read.
  public subscript(_ index: Int) -> [UInt8]? { pictures.withLock { $0[index] } }

  func add(_ image: Image, _ index: Int) throws(ScaleNetError) {
    let longest = max(image.width, image.height)
    let picture: [UInt8]
    if longest > side {
      let size = Image.Size(
        width: max(1, image.width * side / longest), height: max(1, image.height * side / longest))
      picture = try image.resized(to: size, interpolation: .bilinear).jpegData()
    } else {
      picture = try image.jpegData()
    }
    pictures.withLock { $0[index] = picture }
  }
}
