package import FileIO
package import ModelIR
import ZipArchive

/// Writes numpy's array files and archives of them, little-endian and row-major, with the headers that numpy writes.
///
/// Elements are streamed, never copied whole; the same arrays give the same bytes.
package struct NumPyWriter {
  /// Appends an array file (`.npy`, format version 1.0) to `file`, which the caller then commits.
  ///
  /// numpy has no bfloat16: such a tensor is an error.
  package static func writeArray(_ tensor: Tensor, to file: inout OutputFile) throws(ScaleNetError) {
    let header = try header(of: tensor, name: "", path: file.path)
    try file.write(header)
    let path = file.path
    try naming("", path) { () throws(ScaleNetError) in
      try tensor.streamBytes { (bytes) throws(ScaleNetError) in try file.write(bytes) }
    }
  }

  /// The bytes of an array file (`.npy`), for a format that holds one.
  ///
  /// - Parameters:
  ///   - name: the array's, for messages.
  ///   - path: what it is written into, for messages.
  package static func bytes(of tensor: Tensor, name: String, path: String) throws(ScaleNetError) -> [UInt8] {
    var bytes = try header(of: tensor, name: name, path: path)
    bytes += try naming(name, path) { () throws(ScaleNetError) in try tensor.bytes() }
    return bytes
  }

  /// Appends an archive (`.npz`, stored members `<name>.npy`) to `file`, which the caller then commits.
  package static func writeArchive(
    _ stateDict: StateDict, to file: inout OutputFile
  ) throws(ScaleNetError) {
    let path = file.path
    var archive = ZipWriter(file)
    for entry in stateDict.entries {
      let member = entry.name + ".npy"
      // What no reader of archives would take is refused here.
      if let reason = ZipName.refusal(Array(member.utf8)) {
        throw .unwritable(
          path: path, name: entry.name, expected: "a name that can be an archive member's", found: reason)
      }
      let header = try header(of: entry.tensor, name: entry.name, path: path)
      try archive.begin(member, size: header.count + entry.tensor.byteCount, in: &file)
      try header.withBytes { bytes throws(ScaleNetError) in try archive.append(bytes, to: &file) }
      try naming(entry.name, path) { () throws(ScaleNetError) in
        try entry.tensor.streamBytes { (bytes) throws(ScaleNetError) in try archive.append(bytes, to: &file) }
      }
      try archive.end(in: &file)
    }
    try archive.finish(&file)
  }

  /// Lets errors about elements name the array.
  private static func naming<Result>(
    _ name: String, _ path: String, _ body: () throws(ScaleNetError) -> Result
  ) throws(ScaleNetError) -> Result {
    do throws(ScaleNetError) {
      return try body()
    } catch {
      throw error.within("array '\(name.escapedForMessage)'").inFile(path)
    }
  }

  /// Magic bytes, version, length and dictionary, padded with spaces to a multiple of 64.
  private static func header(
    of tensor: Tensor, name: String, path: String
  ) throws(ScaleNetError) -> [UInt8] {
    guard let code = ElementType.code(of: tensor.dataType) else {
      throw .unwritable(
        path: path, name: name, expected: "a type that numpy has", found: tensor.dataType.rawValue)
    }
    let extents = tensor.shape.dimensions.map(String.init)
    let shape = extents.count == 1 ? "(\(extents[0]),)" : "(" + extents.joined(separator: ", ") + ")"
    var text = "{'descr': '\(code)', 'fortran_order': False, 'shape': \(shape), }"
    // numpy leaves room for the first extent to grow to 21 digits in place.
    if let first = extents.first { text += String(repeating: " ", count: max(0, 21 - first.utf8.count)) }
    let before = ArrayPreamble.magic.count + 4
    let gap = 64 - (before + text.utf8.count + 1) % 64
    text += String(repeating: " ", count: gap) + "\n"
    // 64 axes of 19 digits stay far below the 65,535 bytes of version 1.0.
    var bytes = LittleEndianBytes()
    bytes.append(ArrayPreamble.magic + [1, 0])
    bytes.append(UInt16(text.utf8.count))
    bytes.append(Array(text.utf8))
    return bytes.bytes
  }
}
