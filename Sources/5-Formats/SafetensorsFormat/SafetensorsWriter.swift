package import FileIO
package import ModelIR

/// Writes the safetensors format, byte for byte as the safetensors package does.
///
/// Tensors are ordered by element type, the widest first, then by the bytes of their names. Each is written with bytes
/// of its own, row-major and little-endian, also where several share a storage. Tensors are streamed, never copied
/// whole; the same weights give the same bytes.
package struct SafetensorsWriter {
  /// Appends the weights to `file`, which the caller then commits.
  ///
  /// - Parameter metadata: texts that the file carries beside its tensors, written in the order of their keys. Some
  ///   readers want `format` to be `pt`. Left out if empty.
  package static func write(
    _ stateDict: StateDict, metadata: [String: String] = [:], to file: inout OutputFile
  ) throws(ScaleNetError) {
    let path = file.path
    let entries = try order(stateDict, path: path)
    let header = try header(entries, metadata: metadata, path: path)
    for shift in stride(from: 0, to: 64, by: 8) {
      try file.write([UInt8(truncatingIfNeeded: header.count >> shift)])
    }
    try file.write(header)

    for entry in entries {
      do throws(ScaleNetError) {
        try entry.tensor.streamBytes { (bytes) throws(ScaleNetError) in try file.write(bytes) }
      } catch {
        throw error.within("tensor '\(entry.name.escapedForMessage)'").inFile(path)
      }
    }
  }

  /// A tensor with its element type's name in the format.
  private struct Item {
    let name: String
    let tensor: Tensor
    let order: Int
    let type: String
  }

  private static func order(_ stateDict: StateDict, path: String) throws(ScaleNetError) -> [Item] {
    var items: [Item] = []
    for entry in stateDict.entries {
      guard entry.name != Header.metadataKey else {
        throw .tensor(
          path: path, name: entry.name, expected: "a name other than the metadata's", found: entry.name)
      }
      guard let code = ElementType.code(of: entry.tensor.dataType) else {
        throw .tensor(
          path: path, name: entry.name, expected: "an element type of \(ElementType.list)",
          found: entry.tensor.dataType.rawValue)
      }
      items.append(Item(name: entry.name, tensor: entry.tensor, order: code.order, type: code.name))
    }
    return items.sorted { left, right in
      left.order == right.order
        ? left.name.utf8.lexicographicallyPrecedes(right.name.utf8) : left.order < right.order
    }
  }

  private static func header(
    _ items: [Item], metadata: [String: String], path: String
  ) throws(ScaleNetError) -> [UInt8] {
    var header = HeaderWriter()
    if !metadata.isEmpty { header.append(metadata: metadata) }
    var end = 0
    for item in items {
      let start = end
      let (sum, overflow) = end.addingReportingOverflow(item.tensor.byteCount)
      guard !overflow else {
        throw .tensor(
          path: path, name: item.name, expected: "tensors of less than 2^63 bytes together", found: "more")
      }
      end = sum
      header.append(item.name, type: item.type, shape: item.tensor.shape, range: start..<end)
    }
    let text = header.finish()
    guard text.count <= Header.sizeLimit else {
      throw .size(
        path: path, expected: "a header of at most \(Header.sizeLimit) bytes", found: "one of \(text.count)")
    }
    return text
  }
}
