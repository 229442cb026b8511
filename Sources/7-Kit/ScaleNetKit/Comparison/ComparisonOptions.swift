public import Comparison
import FileIO

/// What `compare` is asked for.
public struct ComparisonOptions: Sendable {
  /// How a graph is made of weights; at least one side must be weights if anything is asked for here.
  public var graph = GraphOptions()
  /// One element a batch; where it is empty, inputs are drawn from `seed`. Images may be NCHW or NHWC.
  public var inputs: [InputArrays] = []
  /// Of inputs that are normally distributed; nil for 0. With `inputs`, nothing is drawn.
  public var seed: UInt64?
  /// How many batches are drawn, 1 to 10,000; nil for 1.
  public var batches: Int?
  /// Images of each batch that is drawn, 1 to 65,536; nil for 1, or what a model or recording of fixed batch has.
  public var batchSize: Int?
  /// What counts as equal: each element within `absolute + relative * |right|`, as the tolerance scales it.
  public var tolerance = Tolerance.float32
  /// Whether intermediate values are aligned and compared.
  public var layers = false
  /// Whether parameters are compared.
  public var weights = false
  /// Whether an output that one side lacks is a difference, not a note.
  public var strict = false
  /// Threads for all computations, 1 to 1024; nil for one a processor.
  public var threads: Int?

  /// One batch of one image drawn from seed 0, outputs alone, and the tolerance `float32`.
  public init() {}

  /// Fails if something is out of range or contradicts itself.
  func check() throws(ScaleNetError) {
    try graph.check()
    try Limits.check(threads, Limits.threads, "threads")
    try Limits.check(batchSize, Limits.batch, "batch")
    try Limits.check(batches, Limits.batches, "batches")
    let drawn = [("seed", seed != nil), ("batch", batchSize != nil), ("batches", batches != nil)]
    if !inputs.isEmpty, let given = drawn.first(where: \.1) {
      throw .invalidOption(given.0, "expected without inputs, which are what both sides get")
    }
    for (option, value) in [("atol", tolerance.absolute), ("rtol", tolerance.relative)] {
      guard value >= 0, value.isFinite else {
        throw .invalidOption(option, expected: "a number from 0 on", found: "\(value)")
      }
    }
  }
}
