package import FileIO
import ModelIR
import NumPyFormat
import RecordingFormat

/// The inputs of a comparison as files that other programs read: NumPy's `.npz`, raw bytes for `trtexec --loadInputs`,
/// and JSON for `polygraphy run --load-inputs`.
public struct SavedInputs: Sendable {
  /// Paths of what was written.
  public private(set) var files: [String] = []
  /// Command lines that run a model on them, for a shell.
  public private(set) var commands: [String] = []

  init(_ plan: ComparisonPlan, to directory: String, _ outputs: OutputSet) throws(ScaleNetError) {
    let (left, right, batches) = (plan.left, plan.right, plan.inputs)
    var sides: [InputSet] = []
    if case .model = left { sides.append(InputSet(batches, isLeft: true, model: left.path)) }
    if case .model = right { sides.append(InputSet(batches, isLeft: false, model: right.path)) }
    if sides.count == 2, sides[0].isLike(sides[1]) {
      // The commands are for a model that others can read.
      sides.remove(at: sides[0].isONNX ? 1 : 0)
    }
    let folders = sides.count == 1 ? [directory] : ["\(directory)/left", "\(directory)/right"]
    for folder in sides.count == 1 ? folders : [directory] + folders { try outputs.makeDirectory(folder) }
    for (side, folder) in zip(sides, folders) {
      try side.write(to: folder, outputs)
      files += side.paths(in: folder)
      commands += side.commands(in: folder)
    }
  }
}

extension ComparisonPlan {
  /// Writes the inputs into a directory, which is made if it is not there: all files appear, or none.
  ///
  /// The names and layouts are those that the models' files take; where the two differ in that, each has a folder of
  /// its own, `left` and `right`.
  ///
  /// - Parameters:
  ///   - directory: where the files go; its parent must exist.
  ///   - overwrite: whether existing files may be replaced.
  /// - Throws: if the directory or a file can't be made, a file exists and may not be replaced, or is one that is read.
  public func saveInputs(to directory: String, overwrite: Bool = false) throws(ScaleNetError) -> SavedInputs {
    let outputs = OutputSet(overwrite: overwrite, inputs: files)
    let saved = try saveInputs(to: directory, outputs)
    try outputs.commit()
    return saved
  }

  /// The same, with other outputs that appear together with the inputs.
  package func saveInputs(to directory: String, _ outputs: OutputSet) throws(ScaleNetError) -> SavedInputs {
    try SavedInputs(self, to: directory, outputs)
  }
}
