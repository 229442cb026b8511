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

  private let tensors: [(name: String, tensor: Tensor, offset: Int?)]
  let byteCount: Int

  init(_ weights: [(name: String, tensor: Tensor)]) {
    var end = 0
    var tensors: [(name: String, tensor: Tensor, offset: Int?)] = []
    for (name, tensor) in weights {
      guard tensor.byteCount >= Self.smallest else {
        tensors.append((name, tensor, nil))
        continue
      }
      let alignment = tensor.byteCount >= Self.large ? Self.largePage : Self.page
      let offset = (end + alignment - 1) / alignment * alignment
      tensors.append((name, tensor, offset))
      end = offset + tensor.byteCount
    }
    self.tensors = tensors
    byteCount = end
  }

  /// The hash of the data file's bytes.
  func hash(path: String) throws(ScaleNetError) -> String {
    var hash = ContentHash()
    var position = 0
    for (name, tensor, offset) in tensors {
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
    tensors.map { name, tensor, offset in
      let external = offset.map { offset in
        [
          (key: "location", value: location), (key: "offset", value: "\(offset)"),
          (key: "length", value: "\(tensor.byteCount)"),
        ]
      }
      return ONNXWriter.Initializer(
        name: name, tensor: tensor,
        message: arena.packedTensor(name, tensor, external: external),
        dataOffset: offset)
    }
  }
}
