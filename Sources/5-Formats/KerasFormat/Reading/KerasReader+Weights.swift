public import FileIO
import HDF5
public import ModelIR
import ZipArchive

extension KerasReader {
  /// Groups within each other, and groups in all, are not more in any file that Keras writes.
  private static let mostLevels = 32
  private static let mostObjects = 100_000

  /// The tensors of an HDF5 file without the configuration of a model, as `save_weights` writes it (`.weights.h5` of
  /// Keras 2 and 3, `.h5`); nil for a file of a model.
  ///
  /// They are named after their places, `conv1.conv1.kernel` for `/conv1/conv1/kernel:0`, and have the file's own layout:
  /// convolutions HWIO, dense layers [inputs, outputs]. Nothing tells how they belong together.
  public static func weightsAlone(_ file: ByteRegion) throws(ScaleNetError) -> StateDict? {
    guard HDF5File.recognizes(file) else { return nil }
    var result = StateDict()
    do throws(ScaleNetError) {
      let root = try HDF5File(file).root()
      if try root.attributes().contains(where: { $0.name == "model_config" }) { return nil }
      var budget = KerasParts.budget(file)
      var count = 0
      try collect(root, prefix: "", level: 0, into: &result, budget: &budget, count: &count)
    } catch { throw error.inFile(file.origin) }
    try file.checkIntact()
    result.notes.append("a file of weights alone: names are the places in it, layouts are Keras's")
    return result
  }

  static func collect(
    _ group: HDF5Group, prefix: String, level: Int, into result: inout StateDict, budget: inout Int,
    count: inout Int
  ) throws(ScaleNetError) {
    guard level < mostLevels else {
      throw ScaleNetError(
        place: group.name.escapedForMessage, expected: "at most \(mostLevels) levels", found: "more")
    }
    for member in group.members {
      count += 1
      guard count <= mostObjects else {
        throw ScaleNetError(
          place: group.name.escapedForMessage, expected: "at most \(mostObjects) objects", found: "more")
      }
      if try group.isGroup(member) {
        try collect(
          try group.group(member), prefix: prefix + member + ".", level: level + 1, into: &result,
          budget: &budget,
          count: &count)
        continue
      }
      // TensorFlow's number of an operation's output says nothing.
      let plain = member.hasSuffix(":0") ? String(member.dropLast(2)) : member
      let tensor = try group.dataset(member).tensor(budget: &budget)
      guard result.append(prefix + plain, tensor) || result.append(prefix + member, tensor) else {
        throw ScaleNetError(
          place: group.name.escapedForMessage, expected: "names that differ", found: "two of one")
      }
    }
  }
}
