import FileIO
import FoundationEssentials
import ModelIR

/// Files that are written to be read again: they never get a name.
enum Written {
  /// A directory, in memory if the system has one there.
  static let directory: String = {
    if let path = ProcessInfo.processInfo.environment["FUZZ_DIRECTORY"] { return path }
    return FileManager.default.fileExists(atPath: "/dev/shm") ? "/dev/shm" : "/tmp"
  }()

  /// What tensors may have together to be written again.
  static let mostBytes = 1 << 20

  /// The bytes that `body` writes, or nil if it refuses to; mapped, as files are.
  static func file(
    _ name: String, _ body: (inout OutputFile) throws(ScaleNetError) -> Void
  ) throws(ScaleNetError) -> ByteRegion {
    var file = try OutputFile(path: "\(directory)/scalenet-fuzz-\(name)", overwrite: true)
    try body(&file)
    try file.finish()
    let region = try file.map()
    file.discard()
    return region
  }

  static func isSmall(_ tensors: StateDict) -> Bool {
    tensors.entries.reduce(0) { $0.saturatingAdded(to: $1.tensor.byteCount) } <= mostBytes
  }
}

/// Fails unless both hold the same tensors under the same names, bit for bit.
func expectSame(_ left: StateDict, _ right: StateDict, _ what: String) {
  expect(left.count == right.count, "\(what): \(left.count) tensors became \(right.count)")
  for entry in left.entries {
    guard let other = right[entry.name] else { fatalError("\(what): '\(entry.name)' is not there") }
    let isSame = required(what) { () throws(ScaleNetError) in try entry.tensor.hasSameBits(as: other) }
    expect(isSame, "\(what): '\(entry.name)' has other bits, or \(entry.tensor.shape) became \(other.shape)")
  }
}

func expectSame(_ left: ByteRegion, _ right: ByteRegion, _ what: String) {
  let isSame = left.withBytes { a in right.withBytes { b in a.hasSameBytes(as: b) } }
  expect(isSame, "\(what): \(left.count) bytes became \(right.count), or others")
}
