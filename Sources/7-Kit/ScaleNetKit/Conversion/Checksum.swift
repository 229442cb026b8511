import CSHA256
import FileIO

/// SHA-256 of a file's bytes, in lower-case hexadecimal digits.
func sha256(of file: ByteRegion) throws(ScaleNetError) -> String {
  var digest = [UInt8](repeating: 0, count: 32)
  unsafe file.withUnsafeBytes { bytes in
    unsafe scalenet_sha256(bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count, &digest)
  }
  try file.checkIntact()
  return digest.map { byte in
    let digits = String(byte, radix: 16)
    return byte < 16 ? "0" + digits : digits
  }.joined()
}
