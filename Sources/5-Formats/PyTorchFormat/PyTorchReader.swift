public import FileIO
public import ModelIR
import ZipArchive

/// Reads the weights from files of `torch.save`: the zip archives of PyTorch 1.6 and later, and the legacy format of
/// PyTorch 0.1.12 to 1.5.
///
/// Nothing in a file is executed: of the classes and functions that its pickle names, those that make weights are known and
/// done here, as PyTorch does with `weights_only=True`; what others would make is never made, and is an error only where a
/// weight is looked for. Tensors are views into the file, with their strides and offsets.
public struct PyTorchReader {
  /// The start of every legacy file: a pickled magic number, 0x1950a86a20f9469cfc6c.
  static let legacyMagic: [UInt8] = [0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19]
  /// The same in digits, as the first protocols write it.
  static let legacyMagicText = Array("119547037146038801333356".utf8)

  /// Whether `file` is one that `read` can read, or can tell why not: an archive with a `data.pkl`, a legacy file, or
  /// one in the tar format before it.
  public static func recognizes(_ file: ByteRegion) -> Bool {
    if ZipReader.recognizes(file) { return ArchiveLayout.recognizes(file) }
    return isTar(file) || beginsAsLegacy(file)
  }

  /// The weights of a checkpoint: the dictionary of tensors at the top, or under `state_dict`, `model_state_dict`,
  /// `model`, `net` or another usual key; the parameters and buffers of a network that was pickled whole, of a TorchScript
  /// program, and of an exported program (`.pt2`).
  ///
  /// What is no tensor among the weights stands in `others` of the result, and what the file says beside them in `facts`,
  /// as far as it is plain. `notes` say what was left out, and where else weights are.
  ///
  /// Expanded tensors are taken up to 1 GiB of all tensors' elements or 64 times the file's size, whichever is more.
  /// Deflated storages are decompressed up to 128 MiB and 4 times the file's size.
  ///
  /// - Parameters:
  ///   - key: an entry that holds the weights, instead of the usual ones; points lead to entries of entries.
  ///   - verifyChecksums: whether to read all of the weights and compare their CRC-32 with the archive's. Legacy files
  ///     have none, and a CRC-32 of 0 is one that was not computed.
  public static func read(
    _ file: ByteRegion, key: String? = nil, verifyChecksums: Bool = false
  ) throws(ScaleNetError) -> StateDict {
    let archive = ZipReader.recognizes(file) ? try ZipReader(file) : nil
    let result: StateDict
    if let archive, let program = try ExportedProgram(archive) {
      result = try program.weights(
        key: key, budget: decompressionBudget(file), verifyChecksums: verifyChecksums)
    } else {
      result = try weights(
        of: try checkpoint(file, archive, verifyChecksums: verifyChecksums), key: key, path: file.origin)
    }
    try file.checkIntact()
    return result
  }

  /// The weights of a file of `torch.save`, which may lie within an archive.
  static func readCheckpoint(
    _ file: ByteRegion, key: String?, verifyChecksums: Bool
  ) throws(ScaleNetError) -> StateDict {
    try weights(of: try checkpoint(file, verifyChecksums: verifyChecksums), key: key, path: file.origin)
  }

  private static func weights(
    of checkpoint: Checkpoint, key: String?, path: String
  ) throws(ScaleNetError) -> StateDict {
    let selection = try Selection(
      checkpoint.arena, root: checkpoint.root, key: key, path: path, classes: checkpoint.classes)
    return try checkpoint.tensors(selection)
  }

  /// The tensor of a file that holds nothing else.
  static func readTensor(_ file: ByteRegion, name: String) throws(ScaleNetError) -> Tensor {
    let checkpoint = try checkpoint(file, verifyChecksums: false)
    guard case .tensor(let index) = checkpoint.root,
      case .dense(let tensor) = checkpoint.arena.tensors[index],
      let result = try checkpoint.tensors([Selection.Entry(name: name, tensor: tensor)])[name]
    else {
      throw .tensor(
        path: file.origin, name: name, expected: "a dense tensor",
        found: checkpoint.arena.describe(checkpoint.root))
    }
    return result
  }

  /// - Parameter archive: the file's, where it is open already.
  private static func checkpoint(
    _ file: ByteRegion, _ archive: ZipReader? = nil, verifyChecksums: Bool
  ) throws(ScaleNetError) -> Checkpoint {
    if let archive { return try readArchive(archive, verifyChecksums: verifyChecksums) }
    if ZipReader.recognizes(file) {
      return try readArchive(try ZipReader(file), verifyChecksums: verifyChecksums)
    }
    if isTar(file) { throw .tarArchive(path: file.origin) }
    return try readLegacy(file)
  }

  /// Whether the file is a tar archive with the members of PyTorch before 0.1.12, of which the first is `sys_info`.
  private static func isTar(_ file: ByteRegion) -> Bool {
    file.withBytes { bytes in
      guard bytes.byteCount >= 512, bytes.array(257..<262) == Array("ustar".utf8) else { return false }
      let name = String(decoding: bytes.array(0..<100).prefix { $0 != 0 }, as: UTF8.self)
      return ["sys_info", "pickle", "storages", "tensors"].contains(
        name.hasPrefix("./") ? String(name.dropFirst(2)) : name)
    }
  }

  /// Whether the file begins with the pickle of the magic number, in any protocol.
  private static func beginsAsLegacy(_ file: ByteRegion) -> Bool {
    file.withBytes { bytes in
      func has(_ expected: [UInt8], at offset: Int) -> Bool {
        bytes.byteCount >= offset + expected.count
          && bytes.array(offset..<offset + expected.count) == expected
      }
      // Protocols 0 and 1 write it as text; from 4 on a frame may stand before it.
      if has([UInt8(ascii: "L")] + legacyMagicText, at: 0) { return true }
      let magic: [UInt8] = [0x8a, 0x0a] + legacyMagic
      return has([0x80], at: 0) && (has(magic, at: 2) || (has([0x95], at: 2) && has(magic, at: 11)))
    }
  }
}
