import Glibc

/// The outputs of one command: all of them appear, or none.
///
/// Each is written and stored under no name first; `commit()` gives all their names, and undoes those before it where one
/// fails. Dropping the set without a commit removes everything that it made. An output that is an input, or another
/// output, by whatever name, is refused.
package final class OutputSet {
  private let overwrite: Bool
  private let inputs: [ByteRegion]
  private var targets: [OutputTarget] = []
  private var files: [CompleteFile] = []
  private var madeDirectories: [String] = []

  /// - Parameters:
  ///   - overwrite: whether existing regular files may be replaced.
  ///   - inputs: every file that is read.
  package init(overwrite: Bool, inputs: [ByteRegion]) {
    self.overwrite = overwrite
    self.inputs = inputs
  }

  deinit {
    // The temporaries go first, so that a directory is empty again.
    files = []
    for path in madeDirectories.reversed() { OutputDirectory.removeIfEmpty(path) }
  }

  /// Fails where outputs can't be created at these paths, before the work: all of one command are given together.
  ///
  /// - Parameter texts: those of the paths whose bytes may go to a terminal.
  package static func check(
    _ paths: [String], texts: [String] = [], overwrite: Bool, inputs: [ByteRegion]
  ) throws(ScaleNetError) {
    let set = OutputSet(overwrite: overwrite, inputs: inputs)
    for path in paths { try set.create(path, isText: texts.contains(path)).discard() }
  }

  /// Begins an output, which is then handed to `add`.
  ///
  /// - Parameter isText: whether the bytes may go to a terminal.
  package func create(_ path: String, isText: Bool = false) throws(ScaleNetError) -> OutputFile {
    let target = try OutputTarget(path: path, overwrite: overwrite, inputs: inputs, isText: isText)
    for other in targets { try target.checkDistinct(from: other) }
    targets.append(target)
    return try OutputFile(target, overwrite: overwrite)
  }

  /// Takes an output that is written.
  package func add(_ file: consuming OutputFile) throws(ScaleNetError) {
    let complete = try file.complete()
    try complete.closeIfMany()
    files.append(complete)
  }

  /// Adds a file of these bytes.
  package func add(_ path: String, _ bytes: [UInt8], isText: Bool = false) throws(ScaleNetError) {
    var file = try create(path, isText: isText)
    try file.write(bytes)
    try add(file)
  }

  /// Makes a directory for outputs if it is not there.
  package func makeDirectory(_ path: String) throws(ScaleNetError) {
    if try OutputDirectory.create(path) { madeDirectories.append(path) }
  }

  /// Gives all files their names.
  package func commit() throws(ScaleNetError) {
    try inputs.checkUnchanged()
    try CompleteFile.commit(files)
    madeDirectories = []
    files = []
  }
}
