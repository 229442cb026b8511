import FileIO
import KerasFormat
import ModelIR
import NumPyFormat
import PyTorchFormat
import SafetensorsFormat

/// Named tensors of files of weights, whatever container they stand in.
struct WeightsFile {
  /// By the names of the file.
  var weights: StateDict
  var format: FileFormat
  /// Every mapped file that tensors are views of, the one that was asked for first.
  var files: [ByteRegion]

  /// The weights of a file that holds nothing else; nil if it is none of these.
  ///
  /// - Parameters:
  ///   - format: what `FileFormat.detect` says of it.
  ///   - path: the file's own, for those that lie beside it.
  ///   - key: where the state dict stands in a checkpoint.
  init?(_ file: ByteRegion, _ format: FileFormat?, path: String, key: String?) throws(ScaleNetError) {
    guard let format else {
      guard ShardIndex.recognizes(file) else { return nil }
      let shards = try Self.shards(try ShardIndex(file), beside: path, key: key)
      (weights, self.format) = (shards.weights, shards.format)
      files = [file] + shards.files
      return
    }
    switch format {
    case .pytorch: weights = try PyTorchReader.read(file, key: key)
    case .safetensors: weights = try SafetensorsReader.read(file)
    case .numpy:
      guard NumPyReader.isArchive(file) else { return nil }
      weights = try NumPyReader.archive(file)
    case .keras:
      guard let found = try KerasReader.weightsAlone(file) else { return nil }
      weights = found
    case .onnx, .trtexec, .polygraphy, .builtIn: return nil
    }
    self.format = format
    files = [file]
  }

  /// The file in a directory that holds a model: an index of shards, or the only file of weights that is named as
  /// Hugging Face's libraries name it; nil if `path` is no directory.
  static func inDirectory(_ path: String) throws(ScaleNetError) -> String? {
    guard let names = try InputDirectory.names(in: path) else { return nil }
    let indexed = names.filter { $0.hasSuffix(".safetensors.index.json") || $0.hasSuffix(".bin.index.json") }
    let single = names.filter { ["model.safetensors", "pytorch_model.bin"].contains($0) }
    // The same weights in both containers are one model; safetensors need no pickle.
    for found in [indexed, single] {
      let preferred = found.filter { $0.contains("safetensors") }
      let choice = preferred.isEmpty ? found : preferred
      if let name = choice.first {
        guard choice.count == 1 else {
          throw .unknownFormat(
            path: path, expected: "one index of shards in the directory",
            found: choice.joined(separator: ", "))
        }
        return path.hasSuffix("/") ? path + name : path + "/" + name
      }
    }
    throw ScaleNetError(
      .noInput, path: path,
      expected:
        "a file, or a directory with *.safetensors.index.json, pytorch_model.bin.index.json, model.safetensors or "
        + "pytorch_model.bin", found: "a directory of \(names.count) files without one of these")
  }

  // MARK: Shards

  /// The tensors of all shards, in the order of the shards' names. Every tensor must stand in the shard that the index
  /// says, and in no other.
  private static func shards(
    _ index: ShardIndex, beside path: String, key: String?
  ) throws(ScaleNetError) -> (weights: StateDict, format: FileFormat, files: [ByteRegion]) {
    var homes: [String: String] = [:]
    for tensor in index.tensors { homes[tensor.name] = tensor.file }
    var result = StateDict()
    var files: [ByteRegion] = []
    var formats: Set<FileFormat> = []
    var problems: [String] = []
    let names = Set(index.tensors.map(\.file)).sorted()
    for name in names {
      let file = try CompanionFile.map(name, beside: path)
      let format = FileFormat.detect(file)
      guard let format, format == .pytorch || format == .safetensors else {
        throw .unknownFormat(
          path: file.origin, expected: "a shard: safetensors or a PyTorch checkpoint",
          found: Model.describe(file))
      }
      formats.insert(format)
      let shard =
        format == .safetensors ? try SafetensorsReader.read(file) : try PyTorchReader.read(file, key: key)
      for entry in shard.entries {
        let shown = entry.name.escapedForMessage
        guard let home = homes[entry.name] else {
          problems.append("'\(shown)' in \(name.escapedForMessage) is not in the index")
          continue
        }
        if home != name {
          problems.append(
            "'\(shown)' is in \(name.escapedForMessage), and by the index in \(home.escapedForMessage)")
        } else {
          result.append(entry.name, entry.tensor)
        }
      }
      result.notes += shard.notes
      files.append(file)
    }
    for tensor in index.tensors where result[tensor.name] == nil {
      problems.append("'\(tensor.name.escapedForMessage)' is not in \(tensor.file.escapedForMessage)")
    }
    guard problems.isEmpty else {
      throw ScaleNetError(path: path, title: "the shards are not what the index says", problems: problems)
    }
    result.notes.append("The weights were read from \(names.count) shards.")
    return (result, formats.contains(.pytorch) ? .pytorch : .safetensors, files)
  }
}
