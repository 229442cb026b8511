public import FileIO
public import ModelIR

/// Reads ONNX models, opsets 7 to 28, into graphs.
///
/// Weights stay in the mapped file. Nodes that only compute shapes are evaluated while reading and do not appear in
/// the graph; an operator, attribute, element type or field that is not known is an error.
public struct ONNXReader {
  /// What a caller can choose.
  public struct Options: Sendable {
    /// Extents for open ones, by their names (`batch`, or `<input>_dim_<axis>` for one without a name).
    public var dimensions: [String: Int]
    /// Files that stand for locations of external data; others are opened by the rules of containment.
    public var externalData: [String: ByteRegion]
    /// Height and width for images, inputs [N, C, H, W], that leave them open.
    public var imageSize: ImageSize?
    /// Arrays that the graph's inputs are known to have.
    public var given: Given
    /// Whether the model gets a summary of what its file says (`StoredModel.summary`).
    public var surveys = false

    public init(
      dimensions: [String: Int] = [:], imageSize: ImageSize? = nil, given: Given = .none,
      externalData: [String: ByteRegion] = [:]
    ) {
      self.dimensions = dimensions
      self.imageSize = imageSize
      self.given = given
      self.externalData = externalData
    }
  }

  /// Extents of an image.
  public struct ImageSize: Hashable, Sendable {
    /// Rows of the image.
    public var height: Int
    /// Columns of the image.
    public var width: Int

    public init(height: Int, width: Int) {
      self.height = height
      self.width = width
    }
  }

  /// Arrays for the inputs of a graph that will run on these and no others: open extents become theirs, inputs of
  /// integers and truth values become constants, so that what is computed of them is known while reading, and inputs of
  /// real numbers are taken for constants where an operator needs one. Arrays fit as `Tensor.fitted(to:)` has it.
  public enum Given: Sendable {
    /// Nothing is known of the inputs.
    case none
    /// For the only input.
    case only(Tensor)
    /// For every input, by its name.
    case named([String: Tensor])
    /// Those of an archive by its names: a single one of any name is for the only input, and what is of no input is left
    /// aside.
    case archive([String: Tensor])
  }

  /// The most that a message of protocol buffers may have.
  static let largestFile = Int(Int32.max)

  /// Whether the bytes begin like a `ModelProto`: known fields, among them the version of the format.
  public static func recognizes(_ file: ByteRegion) -> Bool {
    file.withBytes { bytes in
      var position = 0
      for _ in 0..<16 where position < bytes.byteCount {
        guard let tag = Wire.varint(in: bytes, at: &position, end: bytes.byteCount),
          let value = Wire.varint(in: bytes, at: &position, end: bytes.byteCount)
        else { return false }
        switch (tag >> 3, tag & 7) {
        case (1, 0): return (1...255).contains(value)
        case (5, 0): continue
        case (2, 2), (3, 2), (4, 2), (6, 2), (7, 2), (8, 2), (14, 2), (20, 2), (25, 2), (26, 2):
          guard value <= UInt64(bytes.byteCount - position) else { return false }
          position += Int(value)
        default: return false
        }
      }
      return false
    }
  }

  /// Reads a model.
  ///
  /// - Parameters:
  ///   - file: the mapped file; tensors of the result are views of it.
  ///   - path: the file's path, for messages, and for external data beside it.
  public static func read(
    _ file: ByteRegion, path: String, options: Options = Options()
  ) throws(ScaleNetError) -> StoredModel {
    guard file.count <= largestFile else {
      throw .invalidModel(
        path: path, place: "file", expected: "at most \(largestFile) bytes", found: "\(file.count)")
    }
    let context = ParseContext(path: path, fileSize: file.count)
    let message = try file.withBytes { (bytes) throws(ScaleNetError) in
      try ModelMessage(bytes, context: context)
    }
    let opset = try opset(of: message, path: path)
    guard let graphMessage = message.graph else {
      throw .invalidModel(path: path, place: "model", expected: "a graph", found: "none")
    }
    let external = ExternalDataReader(path: path, known: options.externalData)
    let loader = TensorLoader(file: file, context: context, external: external)
    var functions: [FunctionMessage.Key: FunctionMessage] = [:]
    for function in message.functions {
      guard functions.updateValue(function, forKey: function.key) == nil else {
        throw .invalidModel(
          path: path, place: function.place, expected: "a function of its own name",
          found: "a second \(function.name)")
      }
    }
    var reader = GraphReader(
      graphMessage, opset: opset, functions: functions, context: context, loader: loader, options: options)
    try reader.read()
    let graph = reader.graph
    do throws(ScaleNetError) { try graph.validate() } catch { throw error.inFile(path) }
    let files = [file] + external.files
    for file in files { try file.checkIntact() }
    var model = StoredModel(graph: graph, metadata: message.metadata, notes: reader.notes, files: files)
    let producer = [message.producer.name, message.producer.version].filter { !$0.isEmpty }.joined(
      separator: " ")
    model.versions = ONNXVersions(
      opset: opset, ir: Int(message.irVersion ?? 0),
      domains: message.opsets.filter { !$0.domain.isEmpty && $0.domain != "ai.onnx" }.map {
        "\($0.domain) \($0.version)"
      }, producer: producer.isEmpty ? nil : producer)
    if options.surveys { model.summary = summary(of: message, graphMessage) }
    return model
  }

  /// The version of ONNX's own operators, after a check of the versions that the model states.
  static func opset(of message: ModelMessage, path: String) throws(ScaleNetError) -> Int {
    guard let version = message.irVersion, ONNXVersion.irVersions.contains(Int(version)) else {
      throw .invalidModel(
        path: path, place: "ir_version", expected: ONNXVersion.text(ONNXVersion.irVersions),
        found: message.irVersion.map { "\($0)" } ?? "none")
    }
    let own = message.opsets.filter { $0.domain.isEmpty || $0.domain == "ai.onnx" }
    guard let opset = own.first?.version, own.allSatisfy({ $0.version == opset }),
      ONNXVersion.readableOpsets.contains(Int(opset))
    else {
      throw .invalidModel(
        path: path, place: "opset_import", expected: "opset \(ONNXVersion.text(ONNXVersion.readableOpsets))",
        found: own.isEmpty ? "none" : own.map { "\($0.version)" }.joined(separator: " and "))
    }
    return Int(opset)
  }
}
