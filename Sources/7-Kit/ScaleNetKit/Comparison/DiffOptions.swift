public import Comparison
public import Execution

/// What `diff` is asked for.
public struct DiffOptions: Sendable {
  /// Arrays for the graph inputs of one batch.
  public struct GivenInput: Sendable {
    /// Where they come from, for the report.
    public var source: String
    /// By the names of graph inputs; a single array goes to the only input whatever its name. Images may be NCHW or
    /// NHWC.
    public var arrays: [NamedTensor]

    public init(source: String, arrays: [NamedTensor]) {
      self.source = source
      self.arrays = arrays
    }
  }

  /// How a graph is made of weights; at least one side must be weights if anything is asked for here.
  public var graph = GraphOptions()
  /// One element a batch; where it is empty, inputs are drawn from `seed`.
  public var inputs: [GivenInput] = []
  /// Of inputs that are normally distributed.
  public var seed: UInt64 = 0
  /// How many batches are drawn.
  public var batches = 1
  /// Images of each batch that is drawn; a model or recording of fixed batch has its own.
  public var batchSize = 1
  public var tolerance = Tolerance.float32
  /// Whether intermediate values are aligned and compared.
  public var layers = false
  /// Whether parameters are compared.
  public var weights = false
  /// Threads for all computations; nil for one a processor.
  public var threads: Int?

  public init() {}
}
