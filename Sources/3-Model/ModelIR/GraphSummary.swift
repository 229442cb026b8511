/// What a file with a graph says of itself, before anything of it is computed, folded or left out.
public struct GraphSummary: Sendable, Hashable, Codable {
  /// An extent: a number, or open under a name. `?` stands for an open one without a name; two of these are not the same.
  public enum Extent: Sendable, Hashable, Codable, CustomStringConvertible {
    /// The number that the file has.
    case fixed(Int)
    /// The name of one that each run decides.
    case open(String)

    public init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let number = try? container.decode(Int.self) {
        self = .fixed(number)
      } else {
        self = .open(try container.decode(String.self))
      }
    }

    public func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      switch self {
      case .fixed(let number): try container.encode(number)
      case .open(let name): try container.encode(name)
      }
    }

    /// The number or the name.
    public var description: String {
      switch self {
      case .fixed(let number): "\(number)"
      case .open(let name): name
      }
    }
  }

  /// An input or output.
  public struct Port: Sendable, Hashable, Codable {
    /// The name in the file.
    public var name: String
    /// The element type, such as `float32`; nil where the file does not say.
    public var type: String?
    /// The extents in the file's order of axes; nil where the file does not say.
    public var shape: [Extent]?

    public init(name: String, type: String? = nil, shape: [Extent]? = nil) {
      self.name = name
      self.type = type
      self.shape = shape
    }
  }

  /// The version of a set of operators.
  public struct OperatorSet: Sendable, Hashable, Codable {
    /// Who defines them; `ai.onnx` for ONNX's own.
    public var domain: String
    /// The version that the graph is written in.
    public var version: Int

    public init(domain: String, version: Int) {
      self.domain = domain
      self.version = version
    }
  }

  /// How often an operator, or a class of layers, is in the graph.
  public struct OperatorCount: Sendable, Hashable, Codable {
    /// The operator's name, behind its domain and a point where that is not ONNX's own.
    public var name: String
    /// Nodes of the graph itself, without those of functions and branches.
    public var count: Int

    public init(name: String, count: Int) {
      self.name = name
      self.count = count
    }
  }

  /// A stored tensor.
  public struct Initializer: Sendable, Hashable, Codable {
    /// The name in the file.
    public var name: String
    /// The element type, such as `float32`.
    public var type: String
    /// The extents in the file's order of axes.
    public var shape: [Int]
    /// What the elements take in memory, one or more bytes each.
    public var bytes: Int

    public init(name: String, type: String, shape: [Int], bytes: Int) {
      self.name = name
      self.type = type
      self.shape = shape
      self.bytes = bytes
    }
  }

  /// A key and what stands under it.
  public struct Entry: Sendable, Hashable, Codable {
    /// The key.
    public var key: String
    /// The value.
    public var value: String

    public init(key: String, value: String) {
      self.key = key
      self.value = value
    }
  }

  /// The graph's or model's name; empty where it has none.
  public var name: String
  /// The program that wrote the file; nil if it does not say.
  public var producer: String?
  /// That program's version; nil if it does not say.
  public var producerVersion: String?
  /// The version of the file format (ONNX's IR version); nil where there is none.
  public var irVersion: Int?
  /// The versions of operators, in the order of the file.
  public var opsets: [OperatorSet]
  /// The inputs in the order of the file, without those that are initializers.
  public var inputs: [Port]
  /// The outputs in the order of the file.
  public var outputs: [Port]
  /// How often each operator is there: the most frequent first, then by name.
  public var operators: [OperatorCount]
  /// How many functions the file defines.
  public var functions: Int
  /// How many tensors are stored.
  public var initializerCount: Int
  /// What all of them take.
  public var initializerBytes: Int
  /// The largest of them, as many as `mostInitializers`, the largest first.
  public var largestInitializers: [Initializer]
  /// What the file says beside, in its order.
  public var metadata: [Entry]

  /// As many initializers are named.
  public static let mostInitializers = 10

  enum CodingKeys: String, CodingKey {
    case name, producer, opsets, inputs, outputs, operators, functions, metadata
    case producerVersion = "producer_version"
    case irVersion = "ir_version"
    case initializerCount = "initializer_count"
    case initializerBytes = "initializer_bytes"
    case largestInitializers = "largest_initializers"
  }

  /// - Parameters:
  ///   - operators: the name of each node's operator.
  ///   - initializers: all stored tensors.
  package init(
    name: String, inputs: [Port], outputs: [Port], operators: [String], initializers: [Initializer],
    metadata: [Entry]
  ) {
    self.name = name
    self.inputs = inputs
    self.outputs = outputs
    self.metadata = metadata
    opsets = []
    functions = 0
    var counts: [String: Int] = [:]
    for name in operators { counts[name, default: 0] += 1 }
    self.operators = counts.map { OperatorCount(name: $0.key, count: $0.value) }
      .sorted { ($1.count, $0.name) < ($0.count, $1.name) }
    initializerCount = initializers.count
    initializerBytes = initializers.reduce(0) { $0.saturatingAdded(to: $1.bytes) }
    // Of equal ones the first of the file stands first.
    largestInitializers = initializers.enumerated()
      .sorted { ($1.element.bytes, $0.offset) < ($0.element.bytes, $1.offset) }
      .prefix(Self.mostInitializers).map(\.element)
  }
}

/// What can be said of a file whose graph is not read: the summary, its tensors, and what stands in the way.
package struct GraphSurvey: Sendable {
  /// What the file says of itself.
  package var summary: GraphSummary
  /// Its stored tensors, in the file's own layout.
  package var tensors: StateDict
  /// Operators, or classes of layers, that are not known here, in the order of the file, each once.
  package var unknownOperators: [String]
  /// The names of open extents other than that of the batch, each once.
  package var openExtents: [String]

  package init(
    summary: GraphSummary, tensors: StateDict, unknownOperators: [String], openExtents: [String]
  ) {
    self.summary = summary
    self.tensors = tensors
    self.unknownOperators = unknownOperators
    self.openExtents = openExtents
  }
}
