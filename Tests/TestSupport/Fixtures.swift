import FoundationEssentials

/// The reference data in `fixtures/`.
public enum Fixtures {
  private static let root: String = {
    var components = #filePath.split(separator: "/")
    components.removeLast(3)
    return "/" + components.joined(separator: "/") + "/fixtures"
  }()

  /// The path of a file such as `tiny/tiny.pth`.
  public static func path(_ name: String) -> String { "\(root)/\(name)" }

  /// The bytes of such a file.
  public static func bytes(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(filePath: path(name))))
  }
}

/// Calls `body` with the path of an empty directory, which is removed afterwards.
public func withTemporaryDirectory<Result>(_ body: (String) throws -> Result) throws -> Result {
  let path = temporaryDirectoryPath() + "scalenet-tests-" + UUID().uuidString
  try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(atPath: path) }
  return try body(path)
}

private func temporaryDirectoryPath() -> String {
  let path = FileManager.default.temporaryDirectory.path()
  return path.hasSuffix("/") ? path : path + "/"
}
