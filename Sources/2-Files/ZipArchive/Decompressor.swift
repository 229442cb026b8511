import CDeflate
import FileIO

// Safe: the decompressor is freed with its owner, and writes no more than the room that it is told of.

/// Decompresses members that are deflated (RFC 1951), one after another, with the same working memory.
@safe struct Decompressor: ~Copyable {
  private let decompressor: OpaquePointer

  init(path: String) throws(ScaleNetError) {
    guard let decompressor = unsafe libdeflate_alloc_decompressor() else {
      throw ScaleNetError(.internalFailure, path: path, reason: "no memory to decompress with")
    }
    unsafe self.decompressor = decompressor
  }

  deinit {
    unsafe libdeflate_free_decompressor(decompressor)
  }

  /// The contents of a member whose size the caller has accepted, and whose compressed bytes lie at `payload`.
  ///
  /// The compressed bytes must yield the stated size and the stated CRC-32, and be used up by that.
  borrowing func contents(
    of member: ZipMember, at payload: Range<Int>, in reader: ZipReader
  ) throws(ScaleNetError) -> ByteRegion {
    let path = reader.file.origin
    func corrupt(_ reason: String) -> ScaleNetError {
      .corrupt(path: path, member: reader.name(of: member), reason: reason)
    }
    let source = reader.file.slice(payload)
    let region = unsafe try ByteRegion.allocate(origin: path, count: Int(member.size)) {
      target throws(ScaleNetError) in
      // An address is wanted even where there is nothing to write.
      var nothing: UInt8 = 0
      var used = 0
      var written = 0
      let result = unsafe source.withUnsafeBytes { bytes in
        unsafe withUnsafeMutablePointer(to: &nothing) { nothing in
          unsafe libdeflate_deflate_decompress_ex(
            decompressor, bytes.baseAddress, bytes.count,
            target.baseAddress ?? UnsafeMutableRawPointer(nothing),
            target.count, &used, &written)
        }
      }
      if result == LIBDEFLATE_INSUFFICIENT_SPACE {
        throw corrupt("expected \(target.count) bytes, found more")
      }
      guard result == LIBDEFLATE_SUCCESS else { throw corrupt("the bytes are not a deflated stream") }
      guard written == target.count else { throw corrupt("expected \(target.count) bytes, found \(written)") }
      guard used == source.count else {
        throw corrupt("the deflated stream ends after \(used) of \(source.count) bytes")
      }
    }
    let found = Checksum.of(region)
    guard found == member.checksum else {
      throw .checksum(
        path: path, member: reader.name(of: member), expected: member.checksum, found: found)
    }
    return region
  }
}
