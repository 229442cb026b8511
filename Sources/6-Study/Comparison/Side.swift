import Execution
public import FileIO
public import ModelIR

/// One side of a comparison: a model that is run, or the outputs that something else computed.
public struct Side: Sendable {
  /// What a report says of it.
  public struct Info: Sendable, Codable, Hashable {
    /// The path of the file, or what stands in messages in its place.
    public var path: String
    /// The format's short name, such as `onnx`, `trtexec` or `polygraphy`.
    public var format: String
    /// nil for a recording.
    @ExplicitNull public var architecture: String?
    /// Whether it holds outputs that something else computed.
    public var isRecording: Bool

    public init(path: String, format: String, architecture: String? = nil, isRecording: Bool) {
      self.path = path
      self.format = format
      self.architecture = architecture
      self.isRecording = isRecording
    }

    enum CodingKeys: String, CodingKey {
      case path, format, architecture
      case isRecording = "is_recording"
    }
  }

  /// What is compared of it.
  package enum Content: Sendable {
    /// A graph all of whose extents are known.
    case graph(Graph)
    /// The outputs of each batch.
    case recording([[NamedTensor]])
  }

  /// What a report says of it.
  package var info: Info
  /// What is compared of it.
  package var content: Content
  /// The most significant digits of a recording's numbers, where these are fewer than float32 needs.
  package var digits: Int?

  package init(info: Info, content: Content) {
    self.info = info
    self.content = content
  }

  /// nil for a recording.
  var graph: Graph? {
    if case .graph(let graph) = content { graph } else { nil }
  }
}

/// An input that both sides have, and the array that both are given there in one batch.
public struct ComparisonInput: Sendable {
  /// The left's name of it; where the left is a recording, the right's.
  public var name: String
  /// The right's name; nil where one side is a recording.
  public var otherName: String?
  /// Images are NCHW.
  public var tensor: Tensor
  /// What the left's file takes: `NCHW` or `NHWC`; `any` for what is no image.
  public var layout: String
  /// What the right's file takes.
  public var otherLayout: String
  /// Where the array comes from, for the report: `seed 0`, or a path.
  public var source: String

  public init(
    name: String, otherName: String? = nil, tensor: Tensor, layout: String = "any",
    otherLayout: String = "any", source: String = ""
  ) {
    self.name = name
    self.otherName = otherName
    self.tensor = tensor
    self.layout = layout
    self.otherLayout = otherLayout
    self.source = source
  }

  /// The array as a graph's input takes it: in its type, and with channels last where the graph has them there.
  package static func arranged(_ tensor: Tensor, for id: ValueID, of graph: Graph) -> Tensor {
    let type = graph[id].type
    let cast = tensor.dataType == type.dataType ? tensor : tensor.cast(to: type.dataType)
    guard tensor.shape.rank == 4, tensor.shape != type.shape else { return cast }
    return cast.transposed([0, 2, 3, 1])
  }
}

extension [ComparisonInput] {
  /// What a graph is given. `isLeft`: whether it is the left's, whose names come first.
  func arrays(for graph: Graph, isLeft: Bool) -> [String: Tensor] {
    var result: [String: Tensor] = [:]
    for input in self {
      let name = isLeft ? input.name : input.otherName ?? input.name
      guard let id = graph.value(named: name) else { continue }
      result[name] = ComparisonInput.arranged(input.tensor, for: id, of: graph)
    }
    return result
  }
}
