import FileIO
import ModelIR
import ZipArchive

/// What the two formats have in common once the pickle is read: values, and where each storage's bytes are.
struct Checkpoint {
  let path: String
  let arena: PickleArena
  let root: PickleValue
  let isLittleEndian: Bool
  /// Finds the bytes of storages, given by their indices in the arena.
  let regions: ([Int]) throws(ScaleNetError) -> [ByteRegion]
  /// The size of the file, which bounds what tensors may claim.
  let fileSize: Int
  /// What an archive of TorchScript says of its classes; nil for files that are no archives.
  var classes: ScriptClasses?

  /// The named tensors of a dictionary in the arena, with the storages under them.
  func tensors(_ selection: Selection) throws(ScaleNetError) -> StateDict {
    var result = try tensors(selection.entries)
    result.notes = selection.notes
    for other in selection.others.prefix(Self.mostOthers) { result.others[other.name] = other.found }
    result.facts = Facts(arena, root: root).values
    return result
  }

  /// As many names of what is no tensor are remembered.
  private static let mostOthers = 1_000

  /// Named tensors in the arena, with the storages under them.
  func tensors(_ entries: [Selection.Entry]) throws(ScaleNetError) -> StateDict {
    var budget = Self.logicalBudget(fileSize: fileSize)
    // Each storage is looked up once, however many tensors share it.
    var order: [Int] = []
    var positions: [Int: Int] = [:]
    for entry in entries {
      let storage = arena.views[entry.tensor.view].storage
      if positions[storage] == nil {
        positions[storage] = order.count
        order.append(storage)
      }
    }
    let regions = try regions(order)
    var result = StateDict()
    for entry in entries {
      let storage = arena.views[entry.tensor.view].storage
      let tensor = try tensor(entry, storage: regions[positions[storage]!], budget: &budget)
      guard result.append(entry.name, tensor) else {
        throw .wrongEntry(path: path, key: entry.name, expected: "names that differ", found: "it twice")
      }
    }
    return result
  }

  /// What all tensors together may take when written out, at least: expanded tensors (stride 0) can claim any size
  /// without having the bytes. Above it, 64 times the file's size.
  private static let logicalFloor = 1 << 30

  /// That limit for a file of a size.
  static func logicalBudget(fileSize: Int) -> Int {
    max(logicalFloor, fileSize.multipliedReportingOverflow(by: 64).partialValue)
  }

  private func tensor(
    _ entry: Selection.Entry, storage: ByteRegion, budget: inout Int
  ) throws(ScaleNetError) -> Tensor {
    let pickled = entry.tensor
    func failure(_ expected: String, _ found: String) -> ScaleNetError {
      .tensor(path: path, name: entry.name, expected: expected, found: found)
    }
    guard let shape = TensorShape(checking: pickled.dimensions) else {
      throw failure("a size of extents that are not negative and can be multiplied", "\(pickled.dimensions)")
    }
    let (byteCount, overflow) = shape.elementCount.multipliedReportingOverflow(
      by: pickled.dataType.byteCount)
    guard !overflow, byteCount <= budget else {
      throw failure(
        "tensors of at most \(max(Self.logicalFloor, 64 * fileSize)) bytes in a file of \(fileSize)",
        "\(byteCount) bytes for size \(pickled.dimensions), more than the \(budget) left")
    }
    budget -= byteCount
    let view = arena.views[pickled.view]
    let size = arena.storages[view.storage].type.byteCount
    let bytes = storage.slice(view.offset * size..<(view.offset + view.count) * size)
    do throws(ScaleNetError) {
      return try Tensor(
        pickled.dataType, shape, storage: bytes, offset: pickled.offset, strides: pickled.strides,
        isLittleEndian: isLittleEndian)
    } catch {
      throw failure("a view within its storage", error.description)
    }
  }
}
