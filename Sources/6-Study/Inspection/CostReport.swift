/// What a network costs for one input: parameters, MACs and memory, by layer and in all.
public struct CostReport: Sendable, Codable, Hashable {
  /// Sums over all layers.
  public struct Totals: Sendable, Codable, Hashable {
    /// Learnable parameters: weights, biases, gamma and beta.
    public var parameters: Int
    /// Numbers that are stored but not learned: running mean and variance.
    public var buffers: Int
    /// Multiply-accumulates of Conv and Gemm, as fvcore counts them. The paper calls this number FLOPs.
    public var macs: Int
    /// 2 * macs.
    public var flops: Int
    /// Elementary operations of everything else.
    public var otherOperations: Int
    /// Bytes of all stored numbers.
    public var weightBytes: Int
    /// The most that values alive at one time take, in an order of execution that frees what nobody reads any more.
    public var peakActivationBytes: Int
    /// Bytes that move between memory and processor if every layer reads its inputs and weights once and writes its
    /// output once, as the graph stands: nothing is fused and no cache is taken into account. Flatten, Reshape and
    /// Identity move nothing.
    public var memoryTrafficBytes: Int
    /// FLOPs (2 * macs) for each byte of `memoryTrafficBytes`: the abscissa of a roofline plot.
    public var arithmeticIntensity: Double

    enum CodingKeys: String, CodingKey {
      case parameters, buffers, macs, flops
      case otherOperations = "other_operations"
      case weightBytes = "weight_bytes"
      case peakActivationBytes = "peak_activation_bytes"
      case memoryTrafficBytes = "memory_traffic_bytes"
      case arithmeticIntensity = "arithmetic_intensity"
    }
  }

  /// One node of the graph.
  public struct Layer: Sendable, Codable, Hashable {
    /// The node's, in a graph made of weights that of the PyTorch module: `layer1.0.conv2.3`.
    public var name: String
    /// ONNX's `op_type`.
    public var op: String
    /// Shapes of the inputs that are no weights.
    public var inputShapes: [[Int]]
    /// Of the first output.
    public var outputShape: [Int]
    /// Learnable parameters that no earlier layer has: shared ones are counted once.
    public var parameters: Int
    /// Running means and variances, shared ones counted once.
    public var buffers: Int
    /// Multiply-accumulates; 0 for layers other than Conv, Gemm and MatMul.
    public var macs: Int
    /// Elementary operations that are no multiply-accumulates.
    public var otherOperations: Int
    /// What the layer adds to the total of the same name.
    public var memoryTrafficBytes: Int

    enum CodingKeys: String, CodingKey {
      case name, op, parameters, buffers, macs
      case inputShapes = "input_shapes"
      case outputShape = "output_shape"
      case otherOperations = "other_operations"
      case memoryTrafficBytes = "memory_traffic_bytes"
    }
  }

  /// What the network costs as a whole.
  public let totals: Totals
  /// One for each node, in the order in which they run.
  public let layers: [Layer]
}
