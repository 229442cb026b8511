import Execution
import FileIO
import ModelIR
import NumPyFormat

/// The arrays of a `.npy` or `.npz` file.
struct NamedArrays {
  /// `npy` or `npz`.
  let format: String
  /// In the file's order; a single array has the name of its file.
  let arrays: [NamedTensor]

  /// - Parameter file: one that begins as numpy's files do.
  init(numpy file: ByteRegion, path: String) throws(ScaleNetError) {
    // An array file begins with another byte, an archive with P of PK.
    let first = file.withBytes { bytes in
      bytes.byteCount > 0 ? unsafe bytes.unsafeLoad(fromByteOffset: 0, as: UInt8.self) : 0
    }
    let isArchive = first == UInt8(ascii: "P")
    if isArchive {
      format = "npz"
      arrays = try NumPyReader.archive(file).entries.map { NamedTensor(name: $0.name, tensor: $0.tensor) }
    } else {
      format = "npy"
      arrays = [NamedTensor(name: Self.stem(path), tensor: try NumPyReader.array(file))]
    }

    if arrays.isEmpty { throw .unknownFormat(path: path, expected: "at least one array", found: "none") }
  }

  /// `y` for `outputs/y.npy`.
  private static func stem(_ path: String) -> String {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    return name.hasSuffix(".npy") && name.utf8.count > 4 ? String(name.dropLast(4)) : name
  }
}
