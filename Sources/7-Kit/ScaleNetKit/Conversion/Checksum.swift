import COpenSSL
import FileIO

// Safe: the library reads as many bytes as the region has, and writes 32, for which there is room.

/// SHA-256 of a file's bytes, in lower-case hexadecimal digits.
func sha256(of file: ByteRegion) throws(ScaleNetError) -> String {
  var digest = [UInt8](repeating: 0, count: 32)
  let isDone = unsafe file.withUnsafeBytes { bytes in
    unsafe EVP_Digest(bytes.baseAddress, bytes.count, &digest, nil, EVP_sha256(), nil) == 1
  }
  guard isDone else { throw .library(name: "libcrypto", reason: "SHA-256 is not available") }
  try file.checkIntact()
  return digest.map { byte in
    let digits = String(byte, radix: 16)
    return byte < 16 ? "0" + digits : digits
  }.joined()
}
