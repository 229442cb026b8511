/// What the layers of an engine were made of and how long they took, by block and scale of the network that it was built
/// from; `schemas/profile.schema.json` describes its JSON.
///
/// Times are milliseconds of one run, means over the runs of the profile; all are nil without one.
public struct ProfileReport: Sendable, Codable, Hashable {
  /// What a layer of an engine is.
  public enum LayerKind: String, Sendable, Codable, CaseIterable {
    /// It computes nodes of the network.
    case node
    /// TensorRT's copy of a tensor into another format or type.
    case reformat
    /// Another layer of TensorRT's own: a shuffle, reshape or copy.
    case inserted
    /// A constant of the network.
    case constant
    /// It moves data between processor and device, or waits for that.
    case transfer
    /// It matches nothing.
    case unmatched
  }

  /// One layer of the engine.
  public struct Layer: Sendable, Codable, Hashable {
    /// TensorRT's.
    public var name: String
    /// What it is.
    public var kind: LayerKind
    /// `CaskConvolution`, `kgen`, ...; nil where the engine does not say it, as the next three are.
    public var type: String?
    /// The kernel.
    public var tactic: String?
    /// Element type and order of its first output.
    public var format: String?
    /// The stream that it runs in.
    public var stream: Int?
    /// The network's nodes that it computes, in the order of the graph; those that it serves, where it computes none.
    public var nodes: [String]
    /// ONNX's `op_type` of each.
    public var ops: [String]
    /// Parts of its name that nothing has the name of.
    public var unknown: [String]
    /// Blocks, or parts outside of them, of these nodes.
    public var places: [String]
    /// Scales of these nodes; empty for none.
    public var scales: [String]
    /// Mean milliseconds.
    public var timeMs: Double?
    /// Median milliseconds.
    public var medianMs: Double?
    /// Of the time of all layers, from 0 to 1.
    public var share: Double?
    /// Multiply-accumulates of its nodes; those of a node that several layers compute stand with the first.
    public var macs: Int

    enum CodingKeys: String, CodingKey {
      case name, kind, type, tactic, format, stream, nodes, ops, unknown, places, scales, share, macs
      case timeMs = "time_ms"
      case medianMs = "median_ms"
    }

    public func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      // A reader finds every key.
      try container.encode(name, forKey: .name)
      try container.encode(kind, forKey: .kind)
      try container.encode(type, forKey: .type)
      try container.encode(tactic, forKey: .tactic)
      try container.encode(format, forKey: .format)
      try container.encode(stream, forKey: .stream)
      try container.encode(nodes, forKey: .nodes)
      try container.encode(ops, forKey: .ops)
      try container.encode(unknown, forKey: .unknown)
      try container.encode(places, forKey: .places)
      try container.encode(scales, forKey: .scales)
      try container.encode(timeMs, forKey: .timeMs)
      try container.encode(medianMs, forKey: .medianMs)
      try container.encode(share, forKey: .share)
      try container.encode(macs, forKey: .macs)
    }
  }

  /// What one part of the network took.
  public struct Part: Sendable, Codable, Hashable {
    /// What a part is.
    public enum Kind: String, Sendable, Codable, CaseIterable {
      /// A residual block.
      case block
      /// What stands before, between or behind the blocks.
      case outside
      /// All nodes of an operator, in a network without blocks that are known.
      case op
      /// One scale of all scale-aggregation blocks: its pools, convolutions and resizes.
      case scale
      /// What all scales of these blocks share: 1x1 convolutions, concatenations, sums.
      case shared
      /// TensorRT's own layers that serve no node.
      case inserted
      /// Layers that match nothing.
      case unmatched
    }

    /// `layer1.0`, `before the blocks`, `Conv`, `scale 2`.
    public var name: String
    /// What it is.
    public var kind: Kind
    /// Layers that compute or serve nodes of the part.
    public var layers: Int
    /// Milliseconds of these layers, TensorRT's own among them.
    public var timeMs: Double?
    /// Of the time of all layers, from 0 to 1.
    public var share: Double?
    /// Milliseconds of that which TensorRT's own layers took: reformats, shuffles, copies.
    public var insertedMs: Double?
    /// Milliseconds of that which were divided: of layers that compute nodes of several parts each part gets what its
    /// multiply-accumulates are of the layer's.
    public var dividedMs: Double?
    /// Milliseconds that a block's scales 1, 2, 4 and 7 took, without TensorRT's own layers; empty for parts without.
    public var scaleMs: [Double]
    /// Multiply-accumulates of one image, or of the batch that the graph has.
    public var macs: Int
    /// Of those of the whole network, from 0 to 1.
    public var macsShare: Double

    enum CodingKeys: String, CodingKey {
      case name, kind, layers, share, macs
      case timeMs = "time_ms"
      case insertedMs = "inserted_ms"
      case dividedMs = "divided_ms"
      case scaleMs = "scale_ms"
      case macsShare = "macs_share"
    }

    public func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(name, forKey: .name)
      try container.encode(kind, forKey: .kind)
      try container.encode(layers, forKey: .layers)
      try container.encode(timeMs, forKey: .timeMs)
      try container.encode(share, forKey: .share)
      try container.encode(insertedMs, forKey: .insertedMs)
      try container.encode(dividedMs, forKey: .dividedMs)
      try container.encode(scaleMs, forKey: .scaleMs)
      try container.encode(macs, forKey: .macs)
      try container.encode(macsShare, forKey: .macsShare)
    }
  }

  /// Operators that were fused into one layer, and how often.
  public struct Fusion: Sendable, Codable, Hashable {
    /// ONNX's `op_type`s, in the order of the graph.
    public var ops: [String]
    /// Layers of these.
    public var layers: Int
    /// Milliseconds of all of them.
    public var timeMs: Double?

    enum CodingKeys: String, CodingKey {
      case ops, layers
      case timeMs = "time_ms"
    }

    public func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(ops, forKey: .ops)
      try container.encode(layers, forKey: .layers)
      try container.encode(timeMs, forKey: .timeMs)
    }
  }

  /// A node that no layer has in its name.
  public struct Node: Sendable, Codable, Hashable {
    /// The node's.
    public var name: String
    /// ONNX's `op_type`.
    public var op: String
    /// Its block, or the part outside of all.
    public var place: String
    /// Its multiply-accumulates.
    public var macs: Int
  }

  /// The model's path, or its name in memory.
  public var model: String
  /// The published network that it is, or its family.
  public var architecture: String
  /// The file of layers.
  public var layersPath: String
  /// The file of times; nil for none.
  public var profilePath: String?
  /// Runs that the times are means of; nil without a profile.
  public var runs: Int?
  /// Milliseconds of all layers.
  public var timeMs: Double?
  /// The blocks, in the order in which they run, with what stands outside of them; then what belongs nowhere.
  public var parts: [Part]
  /// Of a network of scale-aggregation blocks the same time by scale; empty for others.
  public var scales: [Part]
  /// What was fused, the longest time first.
  public var fusions: [Fusion]
  /// The engine's layers, in the order in which they run.
  public var layers: [Layer]
  /// Nodes that no layer computes, in the order of the graph.
  public var unclaimedNodes: [Node]
  /// What a user should know, one sentence each.
  public var notes: [String]

  enum CodingKeys: String, CodingKey {
    case model, architecture, runs, parts, scales, fusions, layers, notes
    case layersPath = "layers_path"
    case profilePath = "profile_path"
    case timeMs = "time_ms"
    case unclaimedNodes = "unclaimed_nodes"
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(model, forKey: .model)
    try container.encode(architecture, forKey: .architecture)
    try container.encode(layersPath, forKey: .layersPath)
    try container.encode(profilePath, forKey: .profilePath)
    try container.encode(runs, forKey: .runs)
    try container.encode(timeMs, forKey: .timeMs)
    try container.encode(parts, forKey: .parts)
    try container.encode(scales, forKey: .scales)
    try container.encode(fusions, forKey: .fusions)
    try container.encode(layers, forKey: .layers)
    try container.encode(unclaimedNodes, forKey: .unclaimedNodes)
    try container.encode(notes, forKey: .notes)
  }
}
