package import FileIO

/// Writes a zip archive of stored members, one after the other, into a file that only grows.
///
/// Contents begin at multiples of 64 bytes, so that a reader can use them in place; the gap is an extra field `FB`,
/// as PyTorch writes it. Checksums are taken while contents pass and stand behind them (general purpose flag 3) and
/// in the directory; PyTorch, numpy, Keras and libzip read them there. zip64 records appear where they are needed.
/// The time stamp is always 1980-01-01, so that the same contents give the same bytes.
package struct ZipWriter: ~Copyable {
  /// The archive begins here in the file.
  private let start: Int
  private var entries: [Entry] = []
  private var current: Entry?
  /// Values from this on do not fit a 32-bit field, which is the reserved largest value or beyond.
  private let wideLimit: UInt64
  /// Entries from this on do not fit the end record.
  private let wideCount: Int

  private static let alignment: UInt64 = 64

  private struct Entry {
    let name: [UInt8]
    let size: UInt64
    let offset: UInt64
    var checksum = Checksum()
    /// Bytes appended so far.
    var count: UInt64 = 0
  }

  /// Begins an archive at the present end of `file`; all other calls get the same file.
  package init(_ file: borrowing OutputFile) {
    self.init(file, wideLimit: 0xffff_ffff, wideCount: 0xffff)
  }

  /// Lower limits make small archives use the zip64 records.
  init(_ file: borrowing OutputFile, wideLimit: UInt64, wideCount: Int) {
    start = file.byteCount
    self.wideLimit = wideLimit
    self.wideCount = wideCount
  }

  /// Adds a member with the given contents.
  package mutating func add(
    _ name: String, _ contents: [UInt8], to file: inout OutputFile
  ) throws(ScaleNetError) {
    try begin(name, size: contents.count, in: &file)
    try contents.withBytes { bytes throws(ScaleNetError) in try append(bytes, to: &file) }
    try end(in: &file)
  }

  /// Begins a member of `size` bytes, which `append` then takes piece by piece.
  ///
  /// `name` is one that `ZipName` takes, and not taken by another member.
  package mutating func begin(_ name: String, size: Int, in file: inout OutputFile) throws(ScaleNetError) {
    let bytes = Array(name.utf8)
    precondition(current == nil && size >= 0 && ZipName.refusal(bytes) == nil)
    let entry = Entry(name: bytes, size: UInt64(size), offset: UInt64(file.byteCount - start))
    current = entry
    try file.write(localHeader(entry))
  }

  /// Adds bytes to the member that was begun.
  package mutating func append(_ piece: RawSpan, to file: inout OutputFile) throws(ScaleNetError) {
    current!.checksum.update(piece)
    current!.count += UInt64(piece.byteCount)
    try file.write(piece)
  }

  /// Ends the member; the pieces add up to its size.
  package mutating func end(in file: inout OutputFile) throws(ScaleNetError) {
    let entry = current.take()!
    precondition(entry.count == entry.size)
    var record = LittleEndianBytes()
    record.append(0x0807_4b50 as UInt32)
    record.append(entry.checksum.value)
    for _ in 0..<2 {
      if entry.size >= wideLimit { record.append(entry.size) } else { record.append(UInt32(entry.size)) }
    }
    try file.write(record.bytes)
    entries.append(entry)
  }

  /// Writes the directory and the end records. The file may be committed afterwards.
  package consuming func finish(_ file: inout OutputFile) throws(ScaleNetError) {
    let offset = UInt64(file.byteCount - start)
    for entry in entries { try file.write(directoryEntry(entry)) }
    let size = UInt64(file.byteCount - start) - offset
    let isWide = entries.count >= wideCount || offset >= wideLimit || size >= wideLimit
    var record = LittleEndianBytes()
    if isWide { appendWideEnd(to: &record, offset: offset, size: size) }
    record.append(0x0605_4b50 as UInt32)
    record.append(zeros: 4)
    for _ in 0..<2 { record.append(isWide ? 0xffff : UInt16(entries.count)) }
    record.append(isWide ? 0xffff_ffff : UInt32(size))
    record.append(isWide ? 0xffff_ffff : UInt32(offset))
    record.append(0 as UInt16)
    try file.write(record.bytes)
  }

  /// Version needed, flags (names are UTF-8, a descriptor follows), method, time and date.
  private func appendCommonFields(to record: inout LittleEndianBytes, isWide: Bool) {
    record.append((isWide ? 45 : 20) as UInt16)
    record.append(0x0808 as UInt16)
    record.append(0 as UInt16)
    record.append(0 as UInt16)
    record.append(0x0021 as UInt16)
  }

  private func localHeader(_ entry: Entry) -> [UInt8] {
    let isWide = entry.size >= wideLimit
    var extra = LittleEndianBytes()
    if isWide {
      // Present, though the sizes follow the contents: it says that they take 8 bytes there.
      extra.append(1 as UInt16)
      extra.append(16 as UInt16)
      extra.append(zeros: 16)
    }
    let before = entry.offset + 30 + UInt64(entry.name.count + extra.bytes.count + 4)
    let gap = Int((Self.alignment - before % Self.alignment) % Self.alignment)
    extra.append(0x4246 as UInt16)
    extra.append(UInt16(gap))
    extra.append(zeros: gap)

    var record = LittleEndianBytes()
    record.append(ZipReader.localSignature)
    appendCommonFields(to: &record, isWide: isWide)
    record.append(0 as UInt32)
    for _ in 0..<2 { record.append(isWide ? 0xffff_ffff : 0 as UInt32) }
    record.append(UInt16(entry.name.count))
    record.append(UInt16(extra.bytes.count))
    return record.bytes + entry.name + extra.bytes
  }

  private func directoryEntry(_ entry: Entry) -> [UInt8] {
    let isWide = entry.size >= wideLimit
    let isFar = entry.offset >= wideLimit
    var extra = LittleEndianBytes()
    if isWide || isFar {
      extra.append(1 as UInt16)
      extra.append(UInt16((isWide ? 16 : 0) + (isFar ? 8 : 0)))
      if isWide {
        extra.append(entry.size)
        extra.append(entry.size)
      }
      if isFar { extra.append(entry.offset) }
    }
    var record = LittleEndianBytes()
    record.append(0x0201_4b50 as UInt32)
    record.append((isWide || isFar ? 45 : 20) as UInt16)
    appendCommonFields(to: &record, isWide: isWide || isFar)
    record.append(entry.checksum.value)
    for _ in 0..<2 { record.append(isWide ? 0xffff_ffff : UInt32(entry.size)) }
    record.append(UInt16(entry.name.count))
    record.append(UInt16(extra.bytes.count))
    // Comment length, disk, internal and external attributes.
    record.append(zeros: 10)
    record.append(isFar ? 0xffff_ffff : UInt32(entry.offset))
    return record.bytes + entry.name + extra.bytes
  }

  private func appendWideEnd(to record: inout LittleEndianBytes, offset: UInt64, size: UInt64) {
    record.append(0x0606_4b50 as UInt32)
    record.append(44 as UInt64)
    record.append(45 as UInt16)
    record.append(45 as UInt16)
    record.append(zeros: 8)
    for _ in 0..<2 { record.append(UInt64(entries.count)) }
    record.append(size)
    record.append(offset)
    record.append(0x0706_4b50 as UInt32)
    record.append(0 as UInt32)
    record.append(offset + size)
    record.append(1 as UInt32)
  }
}
