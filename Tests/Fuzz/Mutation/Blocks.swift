import FileIO
import HDF5
import KerasFormat

extension Mutator {
  /// Changes an array of NumPy: its header, with the length before it, or its elements.
  mutating func changedArray(_ input: [UInt8]) -> [UInt8] {
    let size = input.count > 6 && input[6] == 1 ? 2 : 4
    guard let count = input.little(8, size), count >= 0, count <= input.count - 8 - size else {
      return plainlyChanged(input, limit: limit)
    }
    let header = Array(input[8 + size..<8 + size + count])
    let elements = Array(input[(8 + size + count)...])
    if chance(4) {
      return input.prefix(8 + size + count) + plainlyChanged(elements, limit: elements.count + 64)
    }
    let changed = changedText(header)
    return input.prefix(8) + .little(changed.count, size) + changed + elements
  }

  /// Changes the header of a safetensors file, with the length before it, or its data.
  mutating func changedSafetensors(_ input: [UInt8]) -> [UInt8] {
    guard let count = input.little(0, 8), count >= 0, count <= input.count - 8 else {
      return plainlyChanged(input, limit: limit)
    }
    let data = Array(input[(8 + count)...])
    if chance(6) { return input.prefix(8 + count) + plainlyChanged(data, limit: data.count + 64) }
    let header = changedText(Array(input[8..<8 + count]))
    return .little(header.count, 8) + header + data
  }

  /// Changes a chunk of a PNG image; its length and checksum are right again.
  mutating func changedPNG(_ input: [UInt8]) -> [UInt8] {
    let chunks = PNGFile.chunks(input)
    guard !chunks.isEmpty else { return plainlyChanged(input, limit: limit) }
    let changed = changed(chunks) { mutator, old in
      let chunk = old ?? mutator.element(chunks)
      if mutator.chance(8) { return Array(mutator.element(chunks).prefix(4)) + Array(chunk.dropFirst(4)) }
      return Array(chunk.prefix(4)) + plainlyChanged(Array(chunk.dropFirst(4)), limit: chunk.count + 16)
    }
    return PNGFile.file(changed)
  }

  /// Changes numbers of an HDF5 file in place, or the configuration in it; checksums are right again.
  mutating func changedHDF5(_ input: [UInt8]) -> [UInt8] {
    var bytes = input
    if chance(2), let range = Self.configuration(bytes) {
      // The text keeps its length: it is followed by spaces.
      let text = changedText(Array(bytes[range]))
      if text.count <= range.count {
        bytes.replaceSubrange(range, with: text + [UInt8](repeating: 0x20, count: range.count - text.count))
      }
      return bytes
    }
    for _ in 0...below(3) {
      let place = below(bytes.count)
      switch below(6) {
      case 0: bytes[place] ^= 1 << UInt8(below(8))
      case 1: bytes[place] = UInt8(below(256))
      case 2: bytes.setLittle(place, 1 << below(4), number())
      case 3: bytes.setLittle(place / 8 * 8, 8, UInt64(below(bytes.count) / 8 * 8))
      case 4:
        // Another address or number of the same file.
        let source = below(bytes.count) / 8 * 8
        bytes.setLittle(place / 8 * 8, 8, UInt64(truncatingIfNeeded: bytes.little(source, 8) ?? 0))
      default: bytes.setLittle(place, 2, UInt64(below(32)))
      }
    }
    return HDF5Repair.repaired(bytes)
  }

  /// Where the configuration of a Keras model stands.
  private static func configuration(_ bytes: [UInt8]) -> Range<Int>? {
    let beginning = Array("{\"class_name\"".utf8)
    guard
      let start = bytes.indices.first(where: { bytes[$0] == 0x7b && bytes[$0...].starts(with: beginning) })
    else {
      return nil
    }
    let end = bytes[start...].firstIndex { $0 < 0x20 } ?? bytes.endIndex
    return start..<end
  }
}

enum NumPyHeader {
  static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)
}

enum PNGFile {
  static let signature: [UInt8] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]

  /// Kind and data of each chunk.
  static func chunks(_ bytes: [UInt8]) -> [[UInt8]] {
    var result: [[UInt8]] = []
    var position = 8
    while position + 12 <= bytes.count {
      let count = bytes[position..<position + 4].reduce(0) { $0 << 8 | Int($1) }
      guard count <= bytes.count - position - 12 else { break }
      result.append(Array(bytes[position + 4..<position + 8 + count]))
      position += 12 + count
    }
    return result
  }

  static func file(_ chunks: [[UInt8]]) -> [UInt8] {
    func big(_ value: Int) -> [UInt8] { [UInt8].little(value, 4).reversed() }
    return chunks.filter { $0.count >= 4 }.reduce(signature) { bytes, chunk in
      bytes + big(chunk.count - 4) + chunk + big(Int(CRC32.of(chunk)))
    }
  }
}

/// Puts right the checksums of an HDF5 file. Where they stand and what they cover is known by who reads the file: it is read
/// again and again, and each wrong one that it stumbles over is replaced by the right one.
enum HDF5Repair {
  static let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46]

  static func repaired(_ input: [UInt8]) -> [UInt8] {
    var bytes = input
    for _ in 0..<64 {
      guard let (offset, checksum) = wrongChecksum(bytes) else { break }
      bytes.setLittle(offset, 4, checksum)
    }
    return bytes
  }

  private static func wrongChecksum(_ bytes: [UInt8]) -> (offset: Int, checksum: UInt64)? {
    let file = ByteRegion.copying(bytes, origin: FuzzTarget.origin)
    var found: ScaleNetError?
    func note(_ error: ScaleNetError) {
      if error.expected?.hasPrefix("checksum ") == true, found == nil { found = error }
    }
    func look(_ group: HDF5Group, depth: Int) {
      do throws(ScaleNetError) { _ = try group.attributes() } catch { note(error) }
      for name in group.members.prefix(64) where depth < 4 && !name.contains("/") {
        do throws(ScaleNetError) {
          if try group.isGroup(name) { look(try group.group(name), depth: depth + 1) }
        } catch { note(error) }
      }
    }
    do throws(ScaleNetError) { look(try HDF5File(file).root(), depth: 0) } catch { note(error) }
    guard let found, let offset = found.offset, let text = found.expected?.dropFirst("checksum ".count) else {
      return nil
    }
    guard let checksum = UInt64(text, radix: 16), bytes.little(offset, 4) != Int(checksum) else {
      fatalError("the error about a wrong checksum does not say which is right: \(found)")
    }
    return (offset, checksum)
  }
}
