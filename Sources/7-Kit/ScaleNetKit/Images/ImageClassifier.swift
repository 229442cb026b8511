public import Classification
public import FileIO
public import Images
import ModelIR

/// A network that says what images show, ready to run.
///
/// ```swift
/// let classifier = try Model.open("scalenet50.onnx").imageClassifier()
/// for answer in try classifier.classify(Image(decoding: .map(path: "photo.jpg"))) { print(answer.label ?? "") }
/// ```
///
/// Images are decoded, resized and normalised as the model's metadata or the options say. A classifier may be shared
/// between threads.
public final class ImageClassifier: Sendable {
  /// The path of the model.
  public let path: String
  /// The network's name.
  public let architecture: String
  /// How many classes it tells apart.
  public let classCount: Int
  /// Their names; nil if nobody says them.
  public let labels: [String]?
  /// How images are brought to the network.
  public let preprocessing: PreprocessingReport
  /// What was assumed, one sentence each.
  public let notes: [String]
  let model: Model
  /// What is run.
  let graph: Graph
  let input: ImageInput
  let options: ImageOptions
  /// Images in every batch that is run.
  let batch: Int
  private let session: Session
  private let output: String
  /// Whether the outputs are probabilities as they are.
  private let isNormalized: Bool

  init(_ model: Model, _ options: ImageOptions) throws(ScaleNetError) {
    try Limits.check(options.batch, Limits.batch, "batch")
    try Limits.check(options.threads, Limits.threads, "threads")
    try Limits.check(options.decodingThreads, Limits.threads, "decodingThreads")
    try options.preprocessing.check()
    let metadata = try model.imageMetadata()
    var graphOptions = options.graph
    if case .weights = model.content {
      graphOptions.inputSize =
        options.graph.inputSize ?? options.preprocessing.crop ?? metadata.preprocessing.crop
    }
    graph = try model.graph(graphOptions)
    input = try ImageInput(graph, metadata: metadata, options: options, path: model.path)
    (path, architecture, self.options) = (model.path, model.architecture, options)
    self.model = model
    preprocessing = input.report
    notes = input.notes
    let scores = try Self.scores(graph, path: model.path)
    (output, classCount, isNormalized) = (graph[scores.id].name, scores.classes, scores.isNormalized)
    labels = options.labels ?? metadata.labels
    if let labels, labels.count != classCount {
      throw .invalidOption(
        "labels", expected: "\(classCount) names, one for each class", found: "\(labels.count)")
    }
    if let fixed = input.batch, let asked = options.batch, asked != fixed {
      throw .invalidOption("batch", expected: "\(fixed), the batch of the model", found: "\(asked)")
    }
    batch = input.batch ?? options.batch ?? 16
    session = try Session(
      graph, path: model.path, files: model.files, options: RunOptions(threads: options.threads))
  }

  /// The most probable classes of an image, the first of equals the one of the lower index.
  ///
  /// - Parameters:
  ///   - image: of any size; it is brought to the network as `ImageOptions` say.
  ///   - top: how many; all if there are fewer.
  public func classify(_ image: Image, top: Int = 5) throws(ScaleNetError) -> [ClassScore] {
    let scores = try scores([try input.elements(of: image)], batch: input.batch ?? 1)
    return answers(scores[0], top: top)
  }

  /// The outputs of at most a batch of images. A batch is always run in full, so that what an image gets does not depend
  /// on those beside it.
  func scores(_ images: [ImageInput.Elements?], batch: Int) throws(ScaleNetError) -> [[Float]] {
    precondition(images.count <= batch)
    let result: [String: Tensor] = try session.run([input.name: input.tensor(images, batch: batch)])
    guard let tensor = result[output], tensor.elementCount == batch * classCount else {
      throw .unsupported(
        path: path, operation: "classify images", reason: "the output has another shape than \(batch) rows")
    }
    let values = try tensor.floats()
    return images.indices.map { Array(values[$0 * classCount..<($0 + 1) * classCount]) }
  }

  /// From 0 to 1.
  func probabilities(_ scores: [Float]) -> [Double] {
    isNormalized ? scores.map { Double($0) } : softmax(scores)
  }

  /// The most probable classes.
  func answers(_ scores: [Float], top: Int) -> [ClassScore] {
    let probabilities = probabilities(scores)
    return largest(top, of: scores).map { index in
      ClassScore(index: index, label: labels?[index], probability: probabilities[index])
    }
  }

  /// Decodes an image as the network takes it, and adds a small picture of it under its number.
  func prepare(
    _ bytes: ByteRegion, _ index: Int, _ thumbnails: Thumbnails?
  ) throws(ScaleNetError) -> (elements: ImageInput.Elements, size: Image.Size) {
    let image = try Image(decoding: bytes, options: input.decoding)
    do throws(ScaleNetError) {
      try thumbnails?.add(image, index)
      return (try input.elements(of: image), image.size)
    } catch {
      throw error.inFile(bytes.origin)
    }
  }

  /// The output that has a number for each class, and whether the numbers are probabilities.
  private static func scores(
    _ graph: Graph, path: String
  ) throws(ScaleNetError) -> (id: ValueID, classes: Int, isNormalized: Bool) {
    // Some networks keep height and width of 1.
    let candidates = graph.outputs.compactMap { id -> (id: ValueID, classes: Int)? in
      let dimensions = graph[id].type.dimensions
      guard dimensions.count >= 2, let classes = dimensions[1].value, classes > 1,
        dimensions.dropFirst(2).allSatisfy({ $0 == .fixed(1) }), graph[id].type.dataType.isFloatingPoint
      else { return nil }
      return (id, classes)
    }
    guard candidates.count == 1, let found = candidates.first else {
      let outputs = graph.outputs.map { "\(graph[$0].name) \(graph[$0].type)" }.joined(separator: ", ")
      throw .unsupported(
        path: path, operation: "classify images",
        reason:
          "expected one output [N, classes], found \(candidates.count) among \(outputs.escapedForMessage)")
    }
    let producers = graph.producers()
    var id = found.id
    while let index = producers[id.index] {
      let node = graph.nodes[index]
      switch node.op {
      case .softmax, .unary(.sigmoid): return (found.id, found.classes, true)
      case .identity, .reshape, .flatten, .cast, .squeeze, .unsqueeze:
        guard let input = node.inputs.first ?? nil else { return (found.id, found.classes, false) }
        id = input
      // Whatever else computes the output gives no probabilities by itself.
      default: return (found.id, found.classes, false)
      }
    }
    return (found.id, found.classes, false)
  }
}

extension Model {
  /// Makes the model ready to say what images show.
  ///
  /// - Throws: if the model does not take images or give a number for each class; if options do not fit it.
  public func imageClassifier(
    _ options: ImageOptions = ImageOptions()
  ) throws(ScaleNetError) -> ImageClassifier {
    try ImageClassifier(self, options)
  }

  /// Height and width of the images that a graph of its own takes; nil for weights, and where they are open.
  package var imageInputSize: InputSize? {
    guard case .graph(let stored) = content, let metadata = try? imageMetadata() else { return nil }
    return (try? ImagePlace(stored.graph, layout: metadata.inGraph?.layout, path: path))?.size
  }

  /// Opens a model that images are shown to. Height and width that it leaves open become those of the crop, 224 if
  /// nothing says it.
  public static func open(
    _ path: String, _ options: OpeningOptions = OpeningOptions(), forImages images: ImageOptions
  ) throws(ScaleNetError) -> Model {
    let model = try open(path, options)
    guard case .graph(let stored) = model.content, model.format == .onnx, options.inputSize == nil,
      let place = try? ImagePlace(stored.graph, layout: nil, path: path), place.size == nil
    else { return model }
    let stated = try model.imageMetadata().preprocessing
    var opening = options
    opening.inputSize =
      images.preprocessing.crop ?? images.graph.inputSize ?? stated.crop ?? InputSize(height: 224, width: 224)
    return try open(path, opening)
  }
}
