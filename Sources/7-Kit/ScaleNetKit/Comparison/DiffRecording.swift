public import Execution

/// Outputs that something else computed, from a file.
public struct DiffRecording: Sendable {
  public var path: String
  /// A short name for reports: `npy`, `npz`, `trtexec`, `polygraphy`.
  public var format: String
  /// The outputs of each batch.
  public var batches: [[NamedTensor]]

  /// What a user should know of the reading, one sentence each.
  public var notes: [String]

  public init(path: String, format: String, batches: [[NamedTensor]], notes: [String] = []) {
    self.path = path
    self.format = format
    self.batches = batches
    self.notes = notes
  }
}
