public import FileIO
public import ModelIR
import ZipArchive

/// Writes weights as `torch.save` does since PyTorch 1.6: an archive that `torch.load` reads with `weights_only=True`
/// and maps with `mmap=True`.
///
/// Every tensor gets a storage of its own, row-major and little-endian. Tensors are streamed, never copied whole; the
/// same weights give the same bytes.
public struct PyTorchWriter {
  private static let stem = "archive/"
  /// The lowest version that every reader of this format takes; archives of weights have kept it since.
  private static let version = "3\n"

  /// Appends the archive to `file`, which the caller then commits.
  public static func write(_ stateDict: StateDict, to file: inout OutputFile) throws(PyTorchError) {
    let pickle = PickleWriter.pickle(stateDict)
    var archive = ZipWriter(file)
    do throws(FileError) {
      try archive.add(stem + "data.pkl", pickle, to: &file)
      try archive.add(stem + "byteorder", Array("little".utf8), to: &file)
    } catch { throw .file(error) }
    for (index, entry) in stateDict.entries.enumerated() {
      try write(entry, name: stem + "data/\(index)", archive: &archive, file: &file)
    }
    do throws(FileError) {
      try archive.add(stem + "version", Array(version.utf8), to: &file)
      try archive.finish(&file)
    } catch { throw .file(error) }
  }

  private static func write(
    _ entry: StateDict.Entry, name: String, archive: inout ZipWriter, file: inout OutputFile
  ) throws(PyTorchError) {
    let path = file.path
    do throws(FileError) {
      try archive.begin(name, size: entry.tensor.byteCount, in: &file)
    } catch { throw .file(error) }
    try entry.tensor.streamBytes(
      wrap: { failure($0, name: entry.name, path: path) },
      to: { (bytes) throws(PyTorchError) in
        do throws(FileError) { try archive.append(bytes, to: &file) } catch { throw .file(error) }
      })
    do throws(FileError) { try archive.end(in: &file) } catch { throw .file(error) }
  }

  private static func failure(_ error: TensorError, name: String, path: String) -> PyTorchError {
    if case .file(let error) = error { return .file(error) }
    return .tensor(path: path, name: name, expected: "elements that can be written", found: error.description)
  }
}
