import ModelIR

/// A residual block found in a graph: what it is and which nodes belong to it.
struct RecognizedBlock {
  /// One convolution between the block's outer layers.
  struct Branch {
    /// By how much the features are pooled before it: 1, 2, 4 or 7.
    var pool: Int
    var channels: Int
    var kernel: Int
    var groups: Int
    /// `none`, `nearest` or `linear`.
    var resize: String
    /// What is pooled or convolved.
    var source: ValueID
    /// Indices of its nodes where it is one of the scales of a block: pool, convolution, normalisation, resize.
    var nodes: [Int] = []
  }

  var kind: BlockKind
  /// Of a block that aggregates no scales: its inner convolution alone.
  var branches: [Branch]
  var squeezeChannels: Int?
  /// The value from which everything in the block comes.
  var input: ValueID
  /// What the block hands on.
  var output: ValueID
  /// Indices, ascending.
  var nodes: [Int]
}
