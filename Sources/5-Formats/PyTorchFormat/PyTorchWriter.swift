package import FileIO
package import ModelIR
import ZipArchive

/// Writes weights as `torch.save` does since PyTorch 1.6: an archive that `torch.load` reads with `weights_only=True`
/// and maps with `mmap=True`.
///
/// Every tensor gets a storage of its own, row-major and little-endian. Tensors are streamed, never copied whole; the
/// same weights give the same bytes.
package struct PyTorchWriter {
  private static let stem = "archive/"
  /// The lowest version that every reader of this format takes; archives of weights have kept it since.
  private static let version = "3\n"

  /// Appends the archive to `file`, which the caller then commits.
  package static func write(_ stateDict: StateDict, to file: inout OutputFile) throws(ScaleNetError) {
    let pickle = PickleWriter.pickle(stateDict)
    var archive = ZipWriter(file)
    try archive.add(stem + "data.pkl", pickle, to: &file)
    try archive.add(stem + "byteorder", Array("little".utf8), to: &file)
    for (index, entry) in stateDict.entries.enumerated() {
      try write(entry, name: stem + "data/\(index)", archive: &archive, file: &file)
    }
    try archive.add(stem + "version", Array(version.utf8), to: &file)
    try archive.finish(&file)
  }

  private static func write(
    _ entry: StateDict.Entry, name: String, archive: inout ZipWriter, file: inout OutputFile
  ) throws(ScaleNetError) {
    let path = file.path
    try archive.begin(name, size: entry.tensor.byteCount, in: &file)
    do throws(ScaleNetError) {
      try entry.tensor.streamBytes { (bytes) throws(ScaleNetError) in try archive.append(bytes, to: &file) }
    } catch {
      throw error.within("tensor '\(entry.name.escapedForMessage)'").inFile(path)
    }
    try archive.end(in: &file)
  }
}
