public import FileIO
public import ModelIR
import ZipArchive

/// Reads numpy's array files (`.npy`) and archives of them (`.npz`).
///
/// Arrays are views into the file, big-endian and Fortran-ordered ones too. Headers are parsed as literals, never
/// evaluated; arrays of objects or structures are refused.
public struct NumPyReader {
  private static let suffix = ".npy"

  /// Whether `file` begins as an array file, or as an archive whose first member is one.
  public static func recognizes(_ file: ByteRegion) -> Bool {
    file.withBytes { bytes in
      if bytes.byteCount >= 6, bytes.array(0..<6) == ArrayPreamble.magic { return true }
      guard ZipReader.recognizes(file), let count: UInt16 = bytes.littleEndian(at: 26),
        30 + Int(count) <= bytes.byteCount
      else { return false }
      return String(decoding: bytes.array(30..<30 + Int(count)), as: UTF8.self).hasSuffix(suffix)
    }
  }

  /// Whether a file that is recognised is an archive of arrays.
  public static func isArchive(_ file: ByteRegion) -> Bool { ZipReader.recognizes(file) }

  /// The array of a `.npy` file, format versions 1.0 to 3.0. Its elements must end where the file does.
  public static func array(_ file: ByteRegion) throws(ScaleNetError) -> Tensor {
    let tensor = try array(file, path: file.origin, member: "")
    try file.checkIntact()
    return tensor
  }

  /// The arrays of a `.npz` archive in its order, named as in Python, without `.npy`.
  ///
  /// Stored members are views into the file. Deflated ones are decompressed, up to 128 MiB and 4 times the file's
  /// size altogether.
  ///
  /// - Parameter verifyChecksums: whether to read stored members and compare their CRC-32 with the archive's.
  public static func archive(
    _ file: ByteRegion, verifyChecksums: Bool = false
  ) throws(ScaleNetError) -> StateDict {
    let path = file.origin
    let archive = try ZipReader(file)
    if verifyChecksums {
      for member in archive.members { try archive.verify(member) }
    }
    let contents = try archive.contents(of: archive.members, budget: (128 << 20) + 4 * file.count)

    var result = StateDict()
    for (member, bytes) in zip(archive.members, contents) {
      let name = archive.name(of: member)
      guard name.utf8.count > suffix.utf8.count, name.hasSuffix(suffix) else {
        throw .member(
          path: path, member: name, expected: "an array named <name>\(suffix)", found: "another file")
      }
      let tensor = try array(bytes, path: path, member: name)
      guard result.append(String(name.dropLast(suffix.count)), tensor) else {
        throw .member(path: path, member: name, expected: "names that differ", found: "it twice")
      }
    }
    try file.checkIntact()
    return result
  }

  /// Reads all members of a `.npz` archive that are stored and compares their CRC-32 with the archive's; those that are
  /// decompressed are compared then. Other files have none.
  public static func verifyChecksums(_ file: ByteRegion) throws(ScaleNetError) {
    guard isArchive(file) else { return }
    let archive = try ZipReader(file)
    for member in archive.members { try archive.verify(member) }
    try file.checkIntact()
  }

  private static func array(
    _ region: ByteRegion, path: String, member: String
  ) throws(ScaleNetError) -> Tensor {
    let (header, start) = try region.withBytes { bytes throws(ScaleNetError) in
      let preamble = try ArrayPreamble(bytes, path: path, member: member)
      let text = bytes.array(preamble.header)
      return (
        try HeaderParser.parse(text, at: preamble.header.lowerBound, path: path, member: member),
        preamble.header.upperBound
      )
    }
    let found = region.count - start
    guard let shape = TensorShape(checking: header.dimensions) else {
      throw .header(
        path: path, member: member, offset: start, expected: "a shape whose extents can be multiplied",
        found: "\(header.dimensions)")
    }
    let size = shape.elementCount * header.dataType.byteCount
    guard size == found else {
      throw .size(
        path: path, member: member,
        expected: "\(size) bytes of \(header.dataType.rawValue) elements of shape \(header.dimensions)",
        found: found)
    }
    var strides = shape.contiguousStrides
    if header.isFortranOrder {
      var step = 1
      for (axis, extent) in shape.dimensions.enumerated() {
        strides[axis] = step
        step *= max(extent, 1)
      }
    }
    do throws(ScaleNetError) {
      return try Tensor(
        header.dataType, shape, storage: region.slice(start..<region.count), strides: strides,
        isLittleEndian: header.isLittleEndian)
    } catch {
      throw .size(path: path, member: member, expected: error.description, found: found)
    }
  }
}
