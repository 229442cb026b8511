public import FileIO
public import ModelIR

/// Writes models as ONNX. Everything is checked and every size is known before the first byte is written.
///
/// The parts around the weights are packed by protobuf-c; the weights themselves are framed here and go from their
/// tensors to the file in pieces, so that no copy of them is made.
public struct ONNXWriter: Sendable {
  /// Where the model will stand, for messages.
  public let path: String
  /// The bytes of the model's file.
  public let byteCount: Int
  /// The data file beside the model; nil if the weights are in the model.
  public let externalData: ExternalData?

  /// A file of weights beside the model.
  public struct ExternalData: Sendable, Hashable {
    /// The file's name, which the model refers to: the model's, a hash of the contents, and `data`.
    public let location: String
    /// Bytes of the data file.
    public let byteCount: Int
  }

  /// One initializer: its message without elements, and what follows.
  struct Initializer {
    let name: String
    /// The elements as the file has them.
    let tensor: Tensor
    let message: [UInt8]
    /// Where the elements begin in the data file; nil if they follow the message.
    let dataOffset: Int?

    /// The tag and length of `raw_data`, if the elements follow.
    var rawHeader: [UInt8] { dataOffset == nil ? Wire.header(field: 9, length: tensor.byteCount) : [] }

    /// The bytes of the whole message.
    var byteCount: Int {
      dataOffset == nil ? message.count + rawHeader.count + tensor.byteCount : message.count
    }
  }

  /// The model's fields before the graph, the graph's before its initializers and after them, the model's after it.
  private let beginning: [UInt8]
  private let graphBeginning: [UInt8]
  let initializers: [Initializer]
  private let graphEnd: [UInt8]
  private let end: [UInt8]

  /// Prepares a model for writing.
  ///
  /// - Parameter path: where the model will stand, for messages and for the name of a data file.
  public init(_ model: StoredModel, path: String, options: Options = Options()) throws(ScaleNetError) {
    try options.validate(path: path)
    let graph: Graph
    do throws(ScaleNetError) {
      try model.graph.validate()
      graph = try model.graph.separatingPadding()
    } catch { throw error.inFile(path) }
    try Self.checkNames(model, options, path: path)
    var nodes: [NodeWriter] = []
    for node in graph.nodes {
      nodes.append(try NodeWriter(node, in: graph, opset: options.opset, path: path))
    }

    let arena = MessageArena()
    self.path = path
    (beginning, end) = Self.packModel(model, options, arena)
    (graphBeginning, graphEnd) = Self.packGraph(graph, nodes, arena)

    let weights = graph.initializers.map { (name: graph[$0].name, tensor: graph.initializer($0)!) }
    let constants = nodes.flatMap(\.constants)
    let parts = [beginning, graphBeginning, graphEnd, end]
    var initializers = try Self.inline(weights + constants, arena, path: path)
    var size = Self.size(parts, initializers)
    var data: ExternalData?
    if options.externalData == .always
      || options.externalData == .automatic && size > ONNXReader.largestFile
    {
      guard !path.hasEscapedBytes else {
        throw .cannotCreate(
          path: path, reason: "the name is not UTF-8, and a model can refer to no such file of weights")
      }
      let layout = try ExternalDataLayout(weights, path: path)
      let location = "\(Self.lastComponent(path)).\(try layout.hash(path: path)).data"
      initializers =
        layout.initializers(location: location, arena) + (try Self.inline(constants, arena, path: path))
      data = ExternalData(location: location, byteCount: layout.byteCount)
      size = Self.size(parts, initializers)
    }
    guard size <= ONNXReader.largestFile else {
      throw .invalidModel(
        path: path, place: "model",
        expected: "at most \(ONNXReader.largestFile) bytes, or weights in a file of their own",
        found: "\(size)")
    }
    self.initializers = initializers
    byteCount = size
    externalData = data?.byteCount == 0 ? nil : data
  }

  /// Writes a model whose weights are in the file itself.
  package static func write(
    _ model: StoredModel, to output: inout OutputFile, options: Options = Options()
  ) throws(ScaleNetError) {
    var options = options
    options.externalData = .never
    try ONNXWriter(model, path: output.path, options: options).write(to: &output)
  }

  /// Writes the model's file.
  package func write(to output: inout OutputFile) throws(ScaleNetError) {
    try output.write(beginning)
    try output.write(Wire.header(field: 7, length: Self.graphSize(graphBeginning, initializers, graphEnd)))
    try output.write(graphBeginning)

    for initializer in initializers {
      try output.write(Wire.header(field: 5, length: initializer.byteCount))
      try output.write(initializer.message)
      try output.write(initializer.rawHeader)
      if initializer.dataOffset == nil { try writeElements(of: initializer, to: &output) }
    }
    try output.write(graphEnd)
    try output.write(end)
  }

  func writeElements(of initializer: Initializer, to output: inout OutputFile) throws(ScaleNetError) {
    do throws(ScaleNetError) {
      try initializer.tensor.streamBytes { (bytes) throws(ScaleNetError) in try output.write(bytes) }
    } catch {
      throw .unreadableTensor(path: path, tensor: initializer.name, error: error)
    }
  }

  static func lastComponent(_ path: String) -> String { path.splitPath.name }

  // MARK: Sizes

  private static func inline(
    _ tensors: [(name: String, tensor: Tensor)], _ arena: MessageArena, path: String
  ) throws(ScaleNetError) -> [Initializer] {
    var result: [Initializer] = []
    for (name, tensor) in tensors {
      result.append(
        Initializer(
          name: name, tensor: try stored(tensor, name: name, path: path),
          message: arena.packedTensor(name, tensor), dataOffset: nil))
    }
    return result
  }

  /// A tensor's elements as a file has them.
  static func stored(_ tensor: Tensor, name: String, path: String) throws(ScaleNetError) -> Tensor {
    do throws(ScaleNetError) {
      return try ElementPacking.stored(tensor)
    } catch {
      throw .unreadableTensor(path: path, tensor: name, error: error)
    }
  }

  private static func graphSize(_ beginning: [UInt8], _ initializers: [Initializer], _ end: [UInt8]) -> Int {
    initializers.reduce(beginning.count + end.count) { sum, initializer in
      sum + Wire.header(field: 5, length: initializer.byteCount).count + initializer.byteCount
    }
  }

  /// The size of a model of the four parts around its initializers.
  private static func size(_ parts: [[UInt8]], _ initializers: [Initializer]) -> Int {
    let graph = graphSize(parts[1], initializers, parts[2])
    return parts[0].count + Wire.header(field: 7, length: graph).count + graph + parts[3].count
  }
}
