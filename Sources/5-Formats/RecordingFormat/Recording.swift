public import ModelIR

/// Named arrays that another program computed, or computed with, one set a batch.
public struct Recording: Sendable {
  public var batches: [StateDict]
  /// What a user should know of the reading, one sentence each.
  public var notes: [String]

  public init(batches: [StateDict], notes: [String] = []) {
    self.batches = batches
    self.notes = notes
  }
}
