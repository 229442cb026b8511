import CZip
import FileIO

// Safe: the archive is closed before the region that it reads is given up, and the library writes no more than the
// room that it is told of; its texts are copied.

/// libzip over an archive in memory, for members that are not stored.
///
/// Where members lie has been decided already; libzip has to see the same members, or the archive is refused.
@safe struct Decompressor: ~Copyable {
  private let archive: OpaquePointer
  private let region: ByteRegion

  init(_ reader: ZipReader) throws(ScaleNetError) {
    // What lies behind the end record is not part of the archive.
    let region = reader.file.slice(0..<reader.end)
    var error = unsafe zip_error_t()
    unsafe zip_error_init(&error)
    defer { unsafe zip_error_fini(&error) }
    func failure() -> ScaleNetError {
      let text = unsafe zip_error_strerror(&error).map { unsafe String(cString: $0) }
      return .corrupt(path: reader.file.origin, member: "", reason: text ?? "libzip failed")
    }
    // libzip keeps the address: `region` is kept as long as the archive is open.
    let source = unsafe region.withUnsafeBytes { bytes in
      unsafe zip_source_buffer_create(bytes.baseAddress, UInt64(bytes.count), 0, &error)
    }
    guard let source = unsafe source else { throw failure() }
    guard let archive = unsafe zip_open_from_source(source, ZIP_RDONLY, &error) else {
      unsafe zip_source_free(source)
      throw failure()
    }
    unsafe self.archive = archive
    self.region = region
  }

  deinit {
    // Nothing was changed, so there is nothing to write and nothing that can fail.
    unsafe zip_discard(archive)
  }

  consuming func close() {}

  /// The decompressed contents of a member whose size the caller has accepted.
  borrowing func contents(of member: ZipMember, in reader: ZipReader) throws(ScaleNetError) -> ByteRegion {
    let path = reader.file.origin
    let name = reader.name(of: member)
    let index = zip_uint64_t(member.index)
    var status = unsafe zip_stat_t()
    unsafe zip_stat_init(&status)
    guard unsafe zip_get_num_entries(archive, 0) == zip_int64_t(reader.members.count),
      unsafe zip_stat_index(archive, index, 0, &status) == 0,
      unsafe status.size == member.size, unsafe status.comp_size == UInt64(member.storedSize),
      unsafe status.crc == member.checksum
    else {
      throw .corrupt(path: path, member: name, reason: "libzip reads another directory in this file")
    }
    guard let handle = unsafe zip_fopen_index(archive, index, 0) else {
      throw unsafe .corrupt(
        path: path, member: name, reason: Self.text(unsafe zip_get_error(archive)))
    }
    defer { unsafe zip_fclose(handle) }
    return unsafe try ByteRegion.allocate(origin: path, count: Int(member.size)) {
      target throws(ScaleNetError) in
      var done = 0
      while done < target.count {
        let count = unsafe zip_fread(handle, target.baseAddress! + done, UInt64(target.count - done))
        if count < 0 {
          throw unsafe ScaleNetError.corrupt(
            path: path, member: name, reason: Self.text(unsafe zip_file_get_error(handle)))
        }
        if count == 0 { break }
        done += Int(count)
      }
      // One more read: libzip compares the checksum when it meets the end.
      var surplus: UInt8 = 0
      let more = done == target.count ? unsafe zip_fread(handle, &surplus, 1) : 0
      if more < 0 {
        throw unsafe ScaleNetError.corrupt(
          path: path, member: name, reason: Self.text(unsafe zip_file_get_error(handle)))
      }
      guard done == target.count, more == 0 else {
        throw ScaleNetError.corrupt(
          path: path, member: name,
          reason: "expected \(target.count) bytes, found " + (more > 0 ? "more" : "\(done)"))
      }
    }
  }

  private static func text(_ error: UnsafeMutablePointer<zip_error_t>?) -> String {
    guard let text = unsafe zip_error_strerror(error) else { return "libzip failed" }
    return unsafe String(cString: text)
  }
}
