import FileIO
import ModelIR

/// Which weights go to the data file, and where they lie in it.
struct ExternalDataLayout {
  /// Smaller tensors stay in the model.
  private static let smallest = 1024
  /// Offsets can be mapped: pages, and the coarser granularity of some systems for tensors of 1 MiB and more.
  private static let page = 4096
  private static let largePage = 65536
  private static let large = 1 << 20

  /// `tensor` is what the model says, `stored` its elements as they lie in the file.
  private let tensors: [(name: String, tensor: Tensor, stored: Tensor, offset: Int?)]
  let byteCount: Int

  init(_ weights: [(name: String, tensor: Tensor)], path: String) throws(ScaleNetError) {
    var end = 0
    var tensors: [(name: String, tensor: Tensor, stored: Tensor, offset: Int?)] = []
    for (name, tensor) in weights {
      let stored = try ONNXWriter.stored(tensor, name: name, path: path)
      guard stored.byteCount >= Self.smallest else {
        tensors.append((name, tensor, stored, nil))
        continue
      }
      let alignment = stored.byteCount >= Self.large ? Self.largePage : Self.page
      let offset = (end + alignment - 1) / alignment * alignment
      tensors.append((name, tensor, stored, offset))
      end = offset + stored.byteCount
    }
    self.tensors = tensors
    byteCount = end
  }

  /// The hash of the data file's bytes.
  func hash(path: String) throws(ScaleNetError) -> String {
    var hash = ContentHash()
    var position = 0
    for (name, _, tensor, offset) in tensors {
      guard let offset else { continue }
      [UInt8](repeating: 0, count: offset - position).withBytes { hash.update($0) }
      do throws(ScaleNetError) {
        try tensor.streamBytes { (bytes) throws(ScaleNetError) in hash.update(bytes) }
      } catch {
        throw .unreadableTensor(path: path, tensor: name, error: error)
      }
      position = offset + tensor.byteCount
    }
    return hash.text
  }

  /// The initializers of a model that refers to the data file.
  func initializers(location: String, _ arena: MessageArena) -> [ONNXWriter.Initializer] {
    tensors.map { name, tensor, stored, offset in
      let external = offset.map { offset in
        [
          (key: "location", value: location), (key: "offset", value: "\(offset)"),
          (key: "length", value: "\(stored.byteCount)"),
        ]
      }
      return ONNXWriter.Initializer(
        name: name, tensor: stored,
        message: arena.packedTensor(name, tensor, external: external),
        dataOffset: offset)
    }
  }
}
