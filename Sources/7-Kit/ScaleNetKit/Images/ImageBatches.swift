import FileIO
import Images
import Synchronization

/// Images that several threads decode, a batch ahead of the network.
final class DecodingBatch: Sendable {
  typealias Prepared = (elements: ImageInput.Elements, size: Image.Size)

  private let next = Atomic(0)
  private let results: Locked<[Result<Prepared, ScaleNetError>?]>
  private let tasks = Locked([BackgroundTask<Void>]())

  /// Begins to decode.
  init(
    _ count: Int, threads: Int, _ prepare: @escaping @Sendable (Int) throws(ScaleNetError) -> Prepared
  ) {
    results = Locked(Array(repeating: nil, count: count))
    let tasks = (0..<min(threads, count)).map { _ in
      BackgroundTask {
        while true {
          let index = self.next.wrappingAdd(1, ordering: .relaxed).oldValue
          guard index < count else { return }
          let result: Result<Prepared, ScaleNetError>
          do throws(ScaleNetError) { result = .success(try prepare(index)) } catch {
            result = .failure(error)
          }
          self.results.withLock { $0[index] = result }
        }
      }
    }
    self.tasks.withLock { $0 = tasks }
  }

  /// Waits for all images, and gives each or what is wrong with it.
  func wait() -> [Result<Prepared, ScaleNetError>] {
    let tasks = tasks.withLock { tasks in
      defer { tasks = [] }
      return tasks
    }
    for task in tasks { task.value() }
    return results.withLock { results in results.compactMap { $0 } }
  }
}

extension ImageClassifier {
  /// Gives the bytes of an image by its number, on any thread.
  typealias Opener = @Sendable (Int) throws(ScaleNetError) -> ByteRegion

  /// Shows images to the network, batch by batch; the next batch is decoded meanwhile.
  ///
  /// - Parameters:
  ///   - count: how many images there are.
  ///   - batch: images that are run at a time; nil for the classifier's.
  ///   - open: gives the bytes of an image; called from several threads.
  ///   - thumbnails: gets a small picture of each image that can be decoded.
  ///   - body: called for each image in order, with its scores or what is wrong with it.
  ///   - batchDone: called after each batch with the number of images so far.
  func forEach(
    _ count: Int, batch: Int? = nil, open: @escaping Opener, thumbnails: Thumbnails? = nil,
    _ body: (Int, Result<(scores: [Float], size: Image.Size), ScaleNetError>) throws(ScaleNetError) -> Void,
    batchDone: ((Int) throws(ScaleNetError) -> Void)? = nil
  ) throws(ScaleNetError) {
    let batch = batch ?? self.batch
    let computing = try GraphRunner.threads(options.threads)
    let threads = options.decodingThreads ?? computing
    func decode(_ start: Int) -> DecodingBatch? {
      guard start < count else { return nil }
      return DecodingBatch(min(batch, count - start), threads: threads) { (index) throws(ScaleNetError) in
        try self.prepare(try open(start + index), start + index, thumbnails)
      }
    }
    var start = 0
    var pending = decode(0)
    while let current = pending {
      let images = current.wait()
      pending = decode(start + images.count)
      let elements = images.map { result -> ImageInput.Elements? in
        if case .success(let image) = result { image.elements } else { nil }
      }
      var scores: [[Float]] = []
      if elements.contains(where: { $0 != nil }) { scores = try self.scores(elements, batch: batch) }
      for (index, result) in images.enumerated() {
        switch result {
        case .success(let image): try body(start + index, .success((scores[index], image.size)))
        case .failure(let error): try body(start + index, .failure(error))
        }
      }
      start += images.count
      try batchDone?(start)
    }
  }
}
