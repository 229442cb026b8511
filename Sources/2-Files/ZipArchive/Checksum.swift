import CDeflate
import FileIO

// Safe: the library reads as many bytes as the span has.

/// CRC-32 as zip uses it (polynomial 0xEDB88320), at memory speed.
struct Checksum {
  private(set) var value: UInt32 = 0

  mutating func update(_ bytes: RawSpan) {
    value = unsafe bytes.withUnsafeBytes { buffer in
      unsafe libdeflate_crc32(value, buffer.baseAddress, buffer.count)
    }
  }

  static func of(_ region: ByteRegion) -> UInt32 {
    var checksum = Checksum()
    region.withBytes { checksum.update($0) }
    return checksum.value
  }
}
