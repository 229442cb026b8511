public import Execution

/// Outputs that something else computed, from a file.
public struct DiffRecording: Sendable {
  public var path: String
  /// A short name for reports: `npy`, `npz`, `trtexec`, `polygraphy`.
  public var format: String
  /// The outputs of each batch.
  public var batches: [[NamedTensor]]

  public init(path: String, format: String, batches: [[NamedTensor]]) {
    self.path = path
    self.format = format
    self.batches = batches
  }
}
