import FileIO
import ModelIR
import ZipArchive

/// The weights in an archive of `torch.export.save` (`.pt2`), of which no program is run.
///
/// Since PyTorch 2.9 the weights are members of their own, with a table of names, types, shapes and strides beside them;
/// before, they were a checkpoint within the archive. Source: `torch/export/pt2_archive/_package.py` and the schema in
/// `torch/_export/serde/schema.py`.
struct ExportedProgram {
  private let archive: ZipReader
  private let content: Content

  private enum Content {
    /// The table, and what stands before the names of its members.
    case table(ZipMember, folder: String)
    /// A checkpoint.
    case checkpoint(ZipMember)
  }

  private static let tableSuffix = "_weights_config.json"
  private static let weightsFolder = "data/weights/"
  private static let checkpoints = ["serialized_state_dict.pt", "serialized_state_dict.json"]

  /// Nil if the archive is none of an exported program.
  ///
  /// - Throws: if it has several models.
  init?(_ archive: ZipReader) throws(ScaleNetError) {
    self.archive = archive
    for name in Self.checkpoints {
      guard let member = archive.member(named: name) else { continue }
      content = .checkpoint(member)
      return
    }
    var found: [Content] = []
    for member in archive.members {
      let name = archive.name(of: member)
      // Archives can have very many members: most are passed over by their ends.
      guard name.utf8.last == UInt8(ascii: "n") || name.utf8.last == UInt8(ascii: "t"),
        let range = name.firstRange(of: Self.weightsFolder)
      else { continue }
      let rest = name[range.upperBound...]
      if rest.contains("/") { continue }
      if rest.hasSuffix(Self.tableSuffix) {
        found.append(.table(member, folder: String(name[..<range.upperBound])))
      } else if rest.hasSuffix(".pt") {
        // PyTorch 2.8 packed a checkpoint there.
        found.append(.checkpoint(member))
      }
    }
    guard let first = found.first else { return nil }
    guard found.count == 1 else {
      throw .malformedArchive(
        path: archive.file.origin, expected: "an exported program with one model", found: "\(found.count)")
    }
    content = first
  }

  /// The weights, as views of the archive.
  ///
  /// - Parameter budget: what compressed members may be decompressed to.
  func weights(key: String?, budget: Int, verifyChecksums: Bool) throws(ScaleNetError) -> StateDict {
    if let key, case .table = content {
      throw .noStateDict(
        path: archive.file.origin, expected: "weights without a key, as an exported program has them",
        found: ["the key '\(key.escapedForMessage)'"])
    }
    var result: StateDict
    switch content {
    case .checkpoint(let member):
      result = try PyTorchReader.readCheckpoint(
        try contents(member, budget, verifyChecksums), key: key, verifyChecksums: false)
    case .table(let member, let folder):
      let entries = try ExportedTable.entries(
        try contents(member, budget, verifyChecksums), path: archive.file.origin,
        member: archive.name(of: member))
      result = StateDict()
      // Each member once, however many tensors lie in it, and all within one budget.
      var positions: [Int: Int] = [:]
      var stored: [ZipMember] = []
      var places: [Int] = []
      for entry in entries {
        guard let found = archive.member(named: folder + entry.file) else {
          throw failure(entry.name, "a member '\(folder + entry.file)'", "none")
        }
        if positions[found.index] == nil {
          if verifyChecksums { try archive.verify(found, ignoringZero: true) }
          positions[found.index] = stored.count
          stored.append(found)
        }
        places.append(positions[found.index]!)
      }
      let regions = try archive.contents(of: stored, budget: budget)
      // What all tensors together may take, as in a checkpoint: expanded ones can claim any size.
      var rest = Checkpoint.logicalBudget(fileSize: archive.file.count)
      for (entry, place) in zip(entries, places) {
        let tensor = try tensor(entry, regions[place])
        guard tensor.byteCount <= rest else {
          throw failure(entry.name, "at most \(rest) bytes more in all tensors", "\(tensor.byteCount)")
        }
        rest -= tensor.byteCount
        result.append(entry.name, tensor)
      }
    }
    result.notes.append("The weights were read from an exported program, of which nothing was run.")
    return result
  }

  private func tensor(_ entry: ExportedTable.Entry, _ bytes: ByteRegion) throws(ScaleNetError) -> Tensor {
    switch entry.content {
    case .pickled: return try PyTorchReader.readTensor(bytes, name: entry.name)
    case .raw(let type, let dimensions, let strides, let offset):
      guard let shape = TensorShape(checking: dimensions), strides.count == dimensions.count else {
        throw failure(
          entry.name, "sizes that can be multiplied, and a stride for each", "\(dimensions), \(strides)")
      }
      guard !shape.elementCount.multipliedReportingOverflow(by: type.byteCount).overflow else {
        throw failure(entry.name, "sizes that memory could have", "\(dimensions)")
      }
      do throws(ScaleNetError) {
        return try Tensor(type, shape, storage: bytes, offset: offset, strides: strides)
      } catch {
        throw failure(entry.name, "a view within its member", error.description)
      }
    }
  }

  private func contents(
    _ member: ZipMember, _ budget: Int, _ verifyChecksums: Bool
  ) throws(ScaleNetError) -> ByteRegion {
    if verifyChecksums { try archive.verify(member, ignoringZero: true) }
    return try archive.contents(of: member, budget: budget)
  }

  /// Compares the CRC-32 of all members with the archive's.
  func verifyChecksums() throws(ScaleNetError) {
    for member in archive.members { try archive.verify(member, ignoringZero: true) }
  }

  private func failure(_ name: String, _ expected: String, _ found: String) -> ScaleNetError {
    .tensor(path: archive.file.origin, name: name, expected: expected, found: found)
  }
}
