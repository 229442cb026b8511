package import FileIO
package import ModelIR
import ZipArchive

/// Writes weights as `torch.save` does since PyTorch 1.6: an archive that `torch.load` reads with `weights_only=True`
/// and maps with `mmap=True`.
///
/// Every tensor gets a storage of its own, row-major and little-endian. Tensors are streamed, never copied whole; the
/// same weights give the same bytes.
package struct PyTorchWriter: ~Copyable {
  private static let stem = "archive/"
  /// The lowest version that every reader of this format takes; archives of weights have kept it since.
  private static let version = "3\n"

  private var archive: ZipWriter
  private var count = 0

  /// Begins an archive of tensors of these names, types and shapes, in their order; their elements do not matter.
  package init(_ stateDict: StateDict, to file: inout OutputFile) throws(ScaleNetError) {
    let pickle = PickleWriter.pickle(stateDict)
    archive = ZipWriter(file)
    for entry in stateDict.entries where entry.tensor.dataType.packedBits != nil {
      throw ScaleNetError(
        path: file.path, place: "tensor '\(entry.name.escapedForMessage)'",
        expected: "a type that PyTorch has",
        found: entry.tensor.dataType.rawValue)
    }
    try archive.add(Self.stem + "data.pkl", pickle, to: &file)
    try archive.add(Self.stem + "byteorder", Array("little".utf8), to: &file)
  }

  /// Appends the next tensor.
  package mutating func add(_ name: String, _ tensor: Tensor, to file: inout OutputFile) throws(ScaleNetError)
  {
    let path = file.path
    try archive.begin(Self.stem + "data/\(count)", size: tensor.byteCount, in: &file)
    do throws(ScaleNetError) {
      try tensor.streamBytes { (bytes) throws(ScaleNetError) in try archive.append(bytes, to: &file) }
    } catch {
      throw error.within("tensor '\(name.escapedForMessage)'").inFile(path)
    }
    try archive.end(in: &file)
    count += 1
  }

  /// Ends the archive; the caller then commits the file.
  package consuming func finish(_ file: inout OutputFile) throws(ScaleNetError) {
    try archive.add(Self.stem + "version", Array(Self.version.utf8), to: &file)
    try archive.finish(&file)
  }

  /// Appends the archive to `file`, which the caller then commits.
  package static func write(_ stateDict: StateDict, to file: inout OutputFile) throws(ScaleNetError) {
    var writer = try PyTorchWriter(stateDict, to: &file)
    for entry in stateDict.entries { try writer.add(entry.name, entry.tensor, to: &file) }
    try writer.finish(&file)
  }
}
