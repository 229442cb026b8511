import FileIO
import ModelIR
import NumPyFormat
import PyTorchFormat

/// Looks through all of a model's bytes, on a thread of its own while other work goes on: whether the container's
/// checksums agree, and whether every weight is finite.
struct SoundnessCheck {
  private let task: BackgroundTask<Result<[String], ScaleNetError>>

  init(_ model: Model) {
    task = BackgroundTask { () -> Result<[String], ScaleNetError> in
      do throws(ScaleNetError) {
        try Self.verifyChecksums(model)
        return .success(try Self.nonFiniteNotes(model))
      } catch {
        return .failure(error)
      }
    }
  }

  /// Waits for the end, and gives a warning for each weight that holds an infinity or a NaN.
  func notes() throws(ScaleNetError) -> [String] { try task.value().get() }

  private static func verifyChecksums(_ model: Model) throws(ScaleNetError) {
    switch model.format {
    case .pytorch:
      // The shards of an index are checkpoints too; the index and a structure file are none.
      for file in model.files where PyTorchReader.recognizes(file) { try PyTorchReader.verifyChecksums(file) }
    case .numpy:
      for file in model.files where NumPyReader.isArchive(file) {
        _ = try NumPyReader.archive(file, verifyChecksums: true)
      }
    case .safetensors, .onnx, .keras, .trtexec, .polygraphy, .builtIn:
      // These have none, or they are compared whenever such a file is read.
      return
    }
  }

  private static func nonFiniteNotes(_ model: Model) throws(ScaleNetError) -> [String] {
    var notes: [String] = []
    for entry in model.tensors.entries {
      do throws(ScaleNetError) {
        if let index = try entry.tensor.firstNonFinite() {
          notes.append("tensor \(entry.name.escapedForMessage) is not finite at element \(index)")
        }
      } catch {
        throw .tensor(path: model.path, name: entry.name, error)
      }
    }
    return notes
  }
}
