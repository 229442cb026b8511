import Execution
import FileIO
import ModelIR
import NumPyFormat
import RecordingFormat

extension DiffOptions {
  /// Reads given inputs: `.npy`, `.npz`, or the JSON of `polygraphy run --save-inputs`.
  ///
  /// A file is a batch of its own; Polygraphy's is one an iteration. Of `name=x.npy`, the array is the input `name`, and
  /// arrays of other names that follow belong to the same batch.
  public static func readInputs(_ arguments: [String]) throws(ScaleNetError) -> [GivenInput] {
    var batches: [GivenInput] = []
    // Whether the last batch is one of named arrays, which more may join.
    var isOpen = false
    for argument in arguments {
      let (name, path) = split(argument)
      let read = try read(path)
      guard let name else {
        batches += read
        isOpen = false
        continue
      }
      guard read.count == 1, read[0].arrays.count == 1 else {
        throw .invalidOption(
          "input \(argument.escapedForMessage)", expected: "a file of one array behind a name",
          found: "\(read.reduce(0) { $0 + $1.arrays.count }) arrays")
      }
      let array = NamedTensor(name: name, tensor: read[0].arrays[0].tensor)
      if isOpen, !batches[batches.count - 1].arrays.contains(where: { $0.name == name }) {
        batches[batches.count - 1].arrays.append(array)
        batches[batches.count - 1].source += ", \(path)"
      } else {
        batches.append(GivenInput(source: path, arrays: [array]))
        isOpen = true
      }
    }
    return batches
  }

  /// A name before `=`, and the path behind it; a path that exists is taken whole.
  private static func split(_ argument: String) -> (name: String?, path: String) {
    guard let sign = argument.firstIndex(of: "="), sign > argument.startIndex,
      FileIdentity.of(path: argument) == nil
    else { return (nil, argument) }
    return (String(argument[..<sign]), String(argument[argument.index(after: sign)...]))
  }

  private static func read(_ path: String) throws(ScaleNetError) -> [GivenInput] {
    let file = try ByteRegion.map(path: path)
    if NumPyReader.recognizes(file) {
      return [GivenInput(source: path, arrays: try NamedArrays(numpy: file, path: path).arrays)]
    }
    guard RecordingKind(file) == .polygraphyInputs else {
      throw .unknownFormat(
        path: path, expected: "inputs as .npy, .npz or JSON of polygraphy run --save-inputs",
        found: Model.describe(file))
    }
    let recording = try PolygraphyRecording.readInputs(file)
    return recording.batches.map { batch in
      GivenInput(source: path, arrays: batch.entries.map { NamedTensor(name: $0.name, tensor: $0.tensor) })
    }
  }
}
