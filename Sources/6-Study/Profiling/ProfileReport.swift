public import FileIO

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
    @ExplicitNull public var type: String?
    /// The kernel.
    @ExplicitNull public var tactic: String?
    /// Element type and order of its first output.
    @ExplicitNull public var format: String?
    /// The stream that it runs in.
    @ExplicitNull public var stream: Int?
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
    @ExplicitNull public var timeMs: Double?
    /// Median milliseconds.
    @ExplicitNull public var medianMs: Double?
    /// Of the time of all layers, from 0 to 1.
    @ExplicitNull public var share: Double?
    /// Multiply-accumulates of its nodes; those of a node that several layers compute stand with the first.
    public var macs: Int

    enum CodingKeys: String, CodingKey {
      case name, kind, type, tactic, format, stream, nodes, ops, unknown, places, scales, share, macs
      case timeMs = "time_ms"
      case medianMs = "median_ms"
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
    @ExplicitNull public var timeMs: Double?
    /// Of the time of all layers, from 0 to 1.
    @ExplicitNull public var share: Double?
    /// Milliseconds of that which TensorRT's own layers took: reformats, shuffles, copies.
    @ExplicitNull public var insertedMs: Double?
    /// Milliseconds of that which were divided: of layers that compute nodes of several parts each part gets what its
    /// multiply-accumulates are of the layer's.
    @ExplicitNull public var dividedMs: Double?
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
  }

  /// Operators that were fused into one layer, and how often.
  public struct Fusion: Sendable, Codable, Hashable {
    /// ONNX's `op_type`s, in the order of the graph.
    public var ops: [String]
    /// Layers of these.
    public var layers: Int
    /// Milliseconds of all of them.
    @ExplicitNull public var timeMs: Double?

    enum CodingKeys: String, CodingKey {
      case ops, layers
      case timeMs = "time_ms"
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
  @ExplicitNull public var profilePath: String?
  /// Runs that the times are means of; nil without a profile.
  @ExplicitNull public var runs: Int?
  /// Milliseconds of all layers.
  @ExplicitNull public var timeMs: Double?
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
}
