import FileIO

/// A file that a run has left which was killed: a temporary, or external data that no model refers to. Nothing removes it
/// by itself.
public struct LeftoverFile: Sendable, Hashable {
  /// Where it is.
  public let path: String
  /// Its size.
  public let byteCount: Int
  /// What it is, a sentence without a full stop.
  public let description: String

  /// What was found in the directories that outputs went to, since this was asked the last time. Where the file system can
  /// have files without a name, hardly anything is ever left.
  public static func found() -> [LeftoverFile] {
    Leftovers.take().map { LeftoverFile(path: $0.path, byteCount: $0.byteCount, description: $0.what) }
  }
}
