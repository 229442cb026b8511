import Execution
import FileIO
import Glibc
import ModelIR
import NumPyFormat

/// Where the outputs of a run go.
public enum RunOutput: Sendable {
  /// A .npy file for one output, or a .npz file of all under their names. `-` is standard output, which gets the one or the
  /// other.
  case file(String)
  /// A .npy file for each output in this directory, which is made if it is not there.
  case directory(String)
}

extension RunOutput {
  /// The name of an output's file: the output's own, with `_` for what names of files can't have everywhere, and a
  /// number where another has it already.
  static func fileNames(_ names: [String]) -> [String] {
    // Names that differ in their case only are one name to some file systems.
    var taken = Set<String>()
    var unique = UniqueNames()
    return names.map { name in
      var base = String(
        String.UnicodeScalarView(
          name.unicodeScalars.map { scalar in
            let isPlain = scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar))
            return isPlain || "._-+".unicodeScalars.contains(scalar) ? scalar : "_"
          }.prefix(200)))
      // A leading dot hides a file, and a leading dash looks like an option.
      if base.isEmpty || base.hasPrefix(".") || base.hasPrefix("-") { base = "_" + base }
      let free = unique.next(base) { !taken.contains($0.lowercased()) }
      taken.insert(free.lowercased())
      return free + ".npy"
    }
  }

  /// The outputs under their names; one that the graph gives twice has a number behind its name the second time.
  static func archive(_ results: [NamedTensor]) -> StateDict {
    var archive = StateDict()
    var names = UniqueNames(reserving: Set(results.map(\.name)))
    for result in results where !archive.append(result.name, result.tensor) {
      archive.append(names.new(result.name), result.tensor)
    }
    return archive
  }

  /// Writes each output to a file of its own: all of them appear, or none.
  static func write(
    _ results: [NamedTensor], to directory: String, overwrite: Bool, inputs: [ByteRegion]
  ) throws(ScaleNetError) -> [String] {
    let folder = directory.hasSuffix("/") ? String(directory.dropLast()) : directory
    let isNew = unsafe mkdir(folder.isEmpty ? "/" : folder, 0o777) == 0
    if !isNew && errno != EEXIST {
      let reason = unsafe String(cString: strerror(errno))
      throw .cannotCreate(path: directory, reason: reason)
    }
    let paths = fileNames(results.map(\.name)).map { "\(folder)/\($0)" }
    let new = Set(paths.filter { FileIdentity.of(path: $0) == nil })
    do throws(ScaleNetError) {
      try write(results[...], paths[...], overwrite, inputs)
    } catch {
      for path in paths where new.contains(path) { unsafe unlink(path) }
      if isNew { unsafe rmdir(folder) }
      throw error
    }
    return paths
  }

  /// Writes the first result, then all others, and gives the first its name when they have theirs.
  private static func write(
    _ results: ArraySlice<NamedTensor>, _ paths: ArraySlice<String>, _ overwrite: Bool, _ inputs: [ByteRegion]
  ) throws(ScaleNetError) {
    guard let result = results.first, let path = paths.first else { return }
    var output = try OutputFile(path: path, overwrite: overwrite, inputs: inputs)
    try NumPyWriter.writeArray(result.tensor, to: &output)
    try output.finish()
    try write(results.dropFirst(), paths.dropFirst(), overwrite, inputs)
    try output.commit()
  }
}
