public import FileIO
public import ModelIR
import ZipArchive

/// Reads the weights from files of `torch.save`: the zip archives of PyTorch 1.6 and later, and the legacy format of
/// PyTorch 0.1.12 to 1.5.
///
/// Nothing in a file is executed: its pickle is read with the opcodes, classes and functions that PyTorch allows with
/// `weights_only=True`. Tensors are views into the file, with their strides and offsets.
public struct PyTorchReader {
  /// The start of every legacy file: a pickled magic number, 0x1950a86a20f9469cfc6c.
  static let legacyMagic: [UInt8] = [0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19]

  /// Whether `file` is one that `read` can read, or can tell why not: an archive with a `data.pkl`, a legacy file, or
  /// one in the tar format before it.
  public static func recognizes(_ file: ByteRegion) -> Bool {
    if ZipReader.recognizes(file) { return ArchiveLayout.recognizes(file) }
    return isTar(file) || beginsAsLegacy(file)
  }

  /// The weights of a checkpoint: the dictionary of tensors at the top, or under `state_dict`, `model_state_dict`,
  /// `model` or `net`, in this order.
  ///
  /// The prefix `module.` of `DataParallel` is removed if every name has it. `notes` of the result say so.
  ///
  /// Expanded tensors are taken up to 1 GiB of all tensors' elements or 64 times the file's size, whichever is more.
  /// Deflated storages are decompressed up to 128 MiB and 4 times the file's size.
  ///
  /// - Parameters:
  ///   - key: an entry at the top that holds the weights, instead of the usual ones.
  ///   - verifyChecksums: whether to read all of the weights and compare their CRC-32 with the archive's. Legacy files
  ///     have none.
  public static func read(
    _ file: ByteRegion, key: String? = nil, verifyChecksums: Bool = false
  ) throws(ScaleNetError) -> StateDict {
    let checkpoint: Checkpoint
    if ZipReader.recognizes(file) {
      checkpoint = try readArchive(file, verifyChecksums: verifyChecksums)
    } else if isTar(file) {
      throw .tarArchive(path: file.origin)
    } else {
      checkpoint = try readLegacy(file)
    }
    let selection = try Selection(checkpoint.arena, root: checkpoint.root, key: key, path: file.origin)
    let result = try checkpoint.tensors(selection)
    try file.checkIntact()
    return result
  }

  /// Whether the file has the mark of a tar archive's first header.
  private static func isTar(_ file: ByteRegion) -> Bool {
    file.withBytes { bytes in
      bytes.byteCount >= 512 && bytes.array(257..<262) == Array("ustar".utf8)
    }
  }

  /// Whether the file begins with PROTO, LONG1 and the magic number.
  private static func beginsAsLegacy(_ file: ByteRegion) -> Bool {
    file.withBytes { bytes in
      bytes.byteCount >= 14 && bytes.array(0..<1) == [0x80]
        && bytes.array(2..<14) == [0x8a, 0x0a] + legacyMagic
    }
  }
}
