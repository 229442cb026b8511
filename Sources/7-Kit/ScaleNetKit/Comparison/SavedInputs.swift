import FileIO
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

  init(_ plan: ComparisonPlan, to directory: String, overwrite: Bool) throws(ScaleNetError) {
    let (left, right, batches) = (plan.left, plan.right, plan.inputs)
    var sides: [InputSet] = []
    if case .model = left { sides.append(InputSet(batches, isLeft: true, model: left.path)) }
    if case .model = right { sides.append(InputSet(batches, isLeft: false, model: right.path)) }
    if sides.count == 2, sides[0].isLike(sides[1]) {
      // The commands are for a model that others can read.
      sides.remove(at: sides[0].isONNX ? 1 : 0)
    }
    let folders = sides.count == 1 ? [directory] : ["\(directory)/left", "\(directory)/right"]
    var made: [String] = []
    do throws(ScaleNetError) {
      for folder in sides.count == 1 ? folders : [directory] + folders {
        if try OutputDirectory.create(folder) { made.append(folder) }
      }
      if !overwrite {
        for (side, folder) in zip(sides, folders) { try Self.requireFree(side.paths(in: folder)) }
      }
      for (side, folder) in zip(sides, folders) {
        try side.write(to: folder, overwrite: overwrite)
        files += side.paths(in: folder)
        commands += side.commands(in: folder)
      }
    } catch {
      for folder in made.reversed() { OutputDirectory.removeIfEmpty(folder) }
      throw error
    }
  }

  /// Fails before anything is written if something would have to be replaced.
  private static func requireFree(_ paths: [String]) throws(ScaleNetError) {
    for path in paths where FileIdentity.of(path: path) != nil { throw .exists(path: path) }
  }
}

extension ComparisonPlan {
  /// Writes the inputs into a directory, which is made if it is not there.
  ///
  /// The names and layouts are those that the models' files take; where the two differ in that, each has a folder of
  /// its own, `left` and `right`.
  ///
  /// - Parameters:
  ///   - directory: where the files go; its parent must exist.
  ///   - overwrite: whether existing files may be replaced.
  /// - Throws: if the directory or a file can't be made, or a file exists and may not be replaced.
  public func saveInputs(to directory: String, overwrite: Bool = false) throws(ScaleNetError) -> SavedInputs {
    try SavedInputs(self, to: directory, overwrite: overwrite)
  }
}
