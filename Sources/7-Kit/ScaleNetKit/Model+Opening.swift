public import Architectures
import FileIO
import KerasFormat
import ModelIR
import ONNXFormat

/// How a model file is read.
public struct OpeningOptions: Sendable {
  /// Where the state dict stands in a PyTorch checkpoint, with points between the keys of several levels
  /// (`ema.state_dict`); nil for the usual places.
  public var key: String?
  /// What the names of the weights begin with, to choose one of several networks in a file (`student.`); nil for all
  /// names, of which a prefix that is common to them is taken off.
  public var prefix: String?
  /// The path of a structure file that the weights are checked against; nil for no check.
  public var structurePath: String?
  /// Height and width for the images of an ONNX or Keras model that leaves them open; nil leaves them open in an ONNX
  /// model, and is an error with a Keras model.
  public var inputSize: InputSize?
  /// Whether what an ONNX or Keras file says of itself is read too (`Model.summary`), so that a model whose operators are
  /// not all known here, or whose images have no size yet, opens as its tensors. Such a model can be looked at, and every
  /// other use is refused with the reason.
  public var surveys = false
  /// The arrays that the model will run on and no others; an ONNX or Keras model is read for these. Nil for any.
  var arrays: InputArrays?
  /// Whether nothing but shapes is needed, so that a built-in architecture gets no weights.
  var shapesOnly = false

  /// Nothing asked for: what the file says by itself.
  public init(
    key: String? = nil, prefix: String? = nil, structurePath: String? = nil, inputSize: InputSize? = nil
  ) {
    self.key = key
    self.prefix = prefix
    self.structurePath = structurePath
    self.inputSize = inputSize
  }

  /// The same, for running on these arrays and no others.
  package func reading(for arrays: InputArrays) -> OpeningOptions {
    var options = self
    options.arrays = arrays
    return options
  }

  /// The same, where nothing but shapes is needed.
  package func readingShapesOnly() -> OpeningOptions {
    var options = self
    options.shapesOnly = true
    return options
  }
}

extension Model {
  /// What stands before the name of a built-in architecture in place of a path.
  static let builtInPrefix = "arch:"

  /// Opens a model file; the format is told from the content. `arch:NAME` stands for a built-in architecture with fresh
  /// weights, a directory for the index of shards or the file of weights in it, and `-` for standard input (`./-` for a
  /// file of that name).
  ///
  /// - Throws: if there is no such file, or it is damaged, of no known format, or holds what is not supported.
  public static func open(
    _ path: String, _ options: OpeningOptions = OpeningOptions()
  ) throws(ScaleNetError) -> Model {
    if path.hasPrefix(builtInPrefix) { return try builtIn(path, options) }
    if path == StandardStreams.path {
      return try open(try StandardStreams.region(), path: StandardStreams.inputName, options)
    }
    let path = try WeightsFile.inDirectory(path) ?? path
    let file = try ByteRegion.map(path: path)
    return try [file].whileUnchanged { () throws(ScaleNetError) in
      try open(file, path: path, options).configured()
    }
  }

  /// Opens a file that is mapped already.
  static func open(
    _ file: ByteRegion, path: String, _ options: OpeningOptions
  ) throws(ScaleNetError) -> Model {
    let structure = try options.structurePath.map { (path) throws(ScaleNetError) in try readStructure(path) }
    let format = FileFormat.detect(file)
    let files = [file] + (structure.map { [$0.file] } ?? [])
    if let weights = try WeightsFile(file, format, path: path, key: options.key) {
      if weights.format != .pytorch { try refuse("key", options.key, weights.format) }
      let content = try recognize(
        weights.weights, prefix: options.prefix, source: path, structure: structure?.structure,
        structureName: options.structurePath ?? "")
      return Model(
        path: path, format: weights.format, content: content,
        notes: notes(content),
        files: files + weights.files.dropFirst())
    }
    guard let format, format == .onnx || format == .keras else {
      throw .unknownFormat(
        path: path, expected: "a PyTorch checkpoint, safetensors, an ONNX or a Keras model",
        found: format == .numpy ? "a numpy array" : describe(file))
    }
    try refuse("key", options.key, format)
    try refuse("prefix", options.prefix, format)
    if options.structurePath != nil {
      throw .invalidOption("structure", expected: "weights", found: "a \(format.displayName) model")
    }
    let stored: StoredModel
    do throws(ScaleNetError) {
      stored = try readGraph(file, format, path: path, options)
    } catch {
      // What cannot be surveyed either is damaged, which the first error tells.
      guard options.surveys, let found = try? survey(file, format, path: path),
        let refusal = found.refusal(after: error, path: path)
      else { throw error }
      return Model(
        path: path, format: format, content: .tensors(found.tensors, refusal), files: files,
        summary: found.summary)
    }
    let open = options.surveys ? stored.graph.openImageExtents : []
    if !open.isEmpty {
      let found = try survey(file, format, path: path)
      return Model(
        path: path, format: format, content: .tensors(found.tensors, .openSize(open, path: path)),
        files: files,
        summary: found.summary)
    }
    return Model(
      path: path, format: format, content: .graph(stored), notes: stored.notes,
      files: stored.files.isEmpty ? files : stored.files, summary: stored.summary)
  }

  /// Fails if an option was given that only other formats have.
  private static func refuse(_ option: String, _ value: String?, _ format: FileFormat) throws(ScaleNetError) {
    guard let value else { return }
    throw .invalidOption(
      option, expected: option == "key" ? "a PyTorch checkpoint" : "weights",
      found: "\(format.displayName) (\(value.escapedForMessage))")
  }

  /// A built-in architecture with fresh weights, or with none.
  private static func builtIn(_ path: String, _ options: OpeningOptions) throws(ScaleNetError) -> Model {
    let name = String(path.dropFirst(builtInPrefix.count))
    guard let builtIn = BuiltInArchitecture(name: name) else {
      let names = BuiltInArchitecture.allCases.map(\.name).joined(separator: ", ")
      throw .invalidOption("arch:", expected: "one of \(names)", found: name.escapedForMessage)
    }
    let given = [
      ("key", options.key), ("prefix", options.prefix), ("structure", options.structurePath),
    ]
    if let option = given.first(where: { $0.1 != nil })?.0 {
      throw .invalidOption(option, expected: "a file", found: "a built-in architecture")
    }
    let architecture = builtIn.architecture()
    let weights =
      options.shapesOnly ? architecture.placeholderWeights() : architecture.initialWeights(seed: 0)
    return Model(path: path, format: .builtIn, content: .weights(weights, architecture))
  }

  private static func survey(
    _ file: ByteRegion, _ format: FileFormat, path: String
  ) throws(ScaleNetError) -> GraphSurvey {
    try format == .keras ? KerasReader.survey(file) : ONNXReader.survey(file, path: path)
  }

  private static func readGraph(
    _ file: ByteRegion, _ format: FileFormat, path: String, _ options: OpeningOptions
  ) throws(ScaleNetError) -> StoredModel {
    if format == .keras {
      var keras = KerasReader.Options(imageSize: options.inputSize.map { ($0.height, $0.width) })
      keras.surveys = options.surveys
      keras.onlyShape = options.arrays?.only?.shape.dimensions
      for array in options.arrays?.arrays ?? [] { keras.shapes[array.name] = array.tensor.shape.dimensions }
      return try KerasReader.read(file, keras)
    }
    var onnx = ONNXReader.Options(
      imageSize: options.inputSize.map { ONNXReader.ImageSize(height: $0.height, width: $0.width) },
      given: options.arrays?.given ?? .none)
    onnx.surveys = options.surveys
    do throws(ScaleNetError) {
      return try ONNXReader.read(file, path: path, options: onnx)
    } catch {
      throw options.arrays?.blamed(for: error, of: path) ?? error
    }
  }

  /// Reads and parses a structure file.
  static func readStructure(
    _ path: String
  ) throws(ScaleNetError) -> (structure: Structure, file: ByteRegion) {
    let file = path == StandardStreams.path ? try StandardStreams.region() : try ByteRegion.map(path: path)
    guard file.count <= 1 << 20 else {
      throw .unknownFormat(
        path: path, expected: "a structure file of at most 1 MiB", found: "\(file.count) bytes")
    }
    let bytes = file.array()
    try file.checkIntact()
    return (try Structure(json: bytes, path: path), file)
  }

  /// A few words on a file that is nothing known.
  static func describe(_ file: ByteRegion) -> String { FileDescription.of(file) }
}

extension GraphSurvey {
  /// Operators that a message names.
  private static let mostNames = 20

  /// Why a file's graph is not read, where that is no damage: operators that are not known, or images without a size.
  /// Nil where the file itself is at fault.
  fileprivate func refusal(after error: ScaleNetError, path: String) -> ScaleNetError? {
    if !unknownOperators.isEmpty {
      // More than any network has that somebody reads is a count.
      let more = unknownOperators.count - Self.mostNames
      let names =
        unknownOperators.prefix(Self.mostNames).map(\.escapedForMessage).joined(separator: ", ")
        + (more > 0 ? " and \(more) more" : "")
      return ScaleNetError(
        path: path,
        reason:
          "operators that are not known here: \(names); what they compute, and so MACs and shapes, can't be shown"
      )
    }
    // Other errors are of the file, whatever else is open in it.
    switch error.remedy {
    case .closeExtents?, .setInputSize?: break
    default: return nil
    }
    guard !openExtents.isEmpty else { return nil }
    var inner = error
    (inner.path, inner.remedy) = (nil, nil)
    let hasOpenImages = summary.inputs.contains { port in
      guard let shape = port.shape, shape.count == 4 else { return false }
      return shape[1...].contains { if case .open = $0 { true } else { false } }
    }
    let refusal = ScaleNetError.openSize(openExtents, path: path, because: inner.description)
    return hasOpenImages ? refusal : refusal.advising(.closeExtents)
  }
}
