import Execution
import FileIO
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

  /// Adds a file for each output to those that will appear together, and gives their paths.
  static func write(
    _ results: [NamedTensor], to directory: String, _ outputs: OutputSet
  ) throws(ScaleNetError) -> [String] {
    let folder = directory.utf8.last == UInt8(ascii: "/") ? String(directory.dropLast()) : directory
    if directory.isEmpty { throw .cannotCreate(path: directory, reason: "the path is empty") }
    try outputs.makeDirectory(folder.isEmpty ? "/" : folder)
    let paths = fileNames(results.map(\.name)).map { "\(folder)/\($0)" }
    for (path, result) in zip(paths, results) {
      var output = try outputs.create(path)
      try NumPyWriter.writeArray(result.tensor, to: &output)
      try outputs.add(output)
    }
    return paths
  }
}
