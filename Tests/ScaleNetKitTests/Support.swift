import FoundationEssentials
import TestSupport

/// The names of all files of a directory, hidden ones too.
func names(in folder: String) throws -> [String] {
  try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
}

/// A directory that goes with the body, which may wait.
func withTemporaryFolder(_ body: (String) async throws -> Void) async throws {
  let folder =
    FileManager.default.temporaryDirectory.path + "/scalenet-kit-\(UInt64.random(in: 0...UInt64.max))"
  try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(atPath: folder) }
  try await body(folder)
}
