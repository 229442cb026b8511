public import ModelIR

/// The arrays of one batch as both sides get them.
public struct DiffBatch: Sendable {
  /// One graph input.
  public struct Input: Sendable {
    /// The left's name of it; of a recording, the right's.
    public var name: String
    /// The right's; nil where one side is a recording.
    public var otherName: String?
    /// Images are NCHW.
    public var tensor: Tensor
    /// What the left's file takes: `NCHW` or `NHWC`; `any` for what is no image.
    public var layout: String
    /// What the right's file takes.
    public var otherLayout: String
  }

  public var inputs: [Input]
}
