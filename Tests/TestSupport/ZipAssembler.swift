/// Puts zip archives together byte by byte, wrong ones too: every field can be set to something else than the truth.
public struct ZipAssembler {
  /// The fields that a local header and a directory entry have in common.
  public struct Header {
    public var name: [UInt8]
    public var flags: UInt16 = 0x800
    public var method: UInt16 = 0
    public var checksum: UInt32
    public var storedSize: UInt32
    public var size: UInt32
    public var extra: [UInt8] = []
  }

  /// A member, with what stands in its two headers.
  public struct Entry {
    public var local: Header
    public var central: Header
    /// The bytes between the headers.
    public var payload: [UInt8]
    public var madeBy: UInt16 = 0x31e
    public var attributes: UInt32 = 0
    /// Where the directory says that the local header is, if that is not where it is.
    public var offset: UInt32?

    /// A stored member. `payload` and `method` make it a compressed one.
    public init(_ name: String, _ contents: [UInt8], payload: [UInt8]? = nil, method: UInt16 = 0) {
      self.payload = payload ?? contents
      local = Header(
        name: Array(name.utf8), method: method, checksum: CyclicRedundancyCheck.checksum(contents),
        storedSize: UInt32(self.payload.count), size: UInt32(contents.count))
      central = local
    }

    /// Changes both headers alike.
    public mutating func setBoth(_ change: (inout Header) -> Void) {
      change(&local)
      change(&central)
    }
  }

  public var entries: [Entry]
  public var comment: [UInt8] = []
  /// What the end record states, if not the truth.
  public var count: UInt16?
  public var directorySize: UInt32?
  public var directoryOffset: UInt32?
  /// The number of entries that a zip64 end record states; nil for no such record.
  public var wideCount: UInt64?

  public init(_ entries: [Entry]) {
    self.entries = entries
  }

  public func bytes() -> [UInt8] {
    var output: [UInt8] = []
    var offsets: [Int] = []
    for entry in entries {
      offsets.append(output.count)
      output += little(0x0403_4b50 as UInt32) + little(20 as UInt16) + fields(entry.local)
      output += little(UInt16(entry.local.name.count)) + little(UInt16(entry.local.extra.count))
      output += entry.local.name + entry.local.extra + entry.payload
    }
    let directory = output.count
    for (entry, offset) in zip(entries, offsets) {
      output += little(0x0201_4b50 as UInt32) + little(entry.madeBy) + little(20 as UInt16)
      output += fields(entry.central)
      output += little(UInt16(entry.central.name.count)) + little(UInt16(entry.central.extra.count))
      output += [UInt8](repeating: 0, count: 6) + little(entry.attributes)
      output += little(entry.offset ?? UInt32(offset)) + entry.central.name + entry.central.extra
    }
    let size = output.count - directory
    if let wideCount { output += wideEnd(wideCount, size: size, directory: directory) }
    output += little(0x0605_4b50 as UInt32) + [0, 0, 0, 0]
    let count = self.count ?? (wideCount == nil ? UInt16(entries.count) : 0xffff)
    output += little(count) + little(count)
    output += little(directorySize ?? UInt32(size)) + little(directoryOffset ?? UInt32(directory))
    return output + little(UInt16(comment.count)) + comment
  }

  private func wideEnd(_ count: UInt64, size: Int, directory: Int) -> [UInt8] {
    let start =
      little(0x0606_4b50 as UInt32) + little(44 as UInt64) + little(45 as UInt16) + little(45 as UInt16)
    let record = [UInt8](repeating: 0, count: 8) + little(count) + little(count)
    let place = little(UInt64(size)) + little(UInt64(directory))
    let locator = little(0x0706_4b50 as UInt32) + little(0 as UInt32)
    return start + record + place + locator + little(UInt64(directory + size)) + little(1 as UInt32)
  }

  /// Flags to sizes; time and date are 1980-01-01.
  private func fields(_ header: Header) -> [UInt8] {
    little(header.flags) + little(header.method) + [0, 0, 0x21, 0] + little(header.checksum)
      + little(header.storedSize) + little(header.size)
  }

  private func little<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
    (0..<MemoryLayout<Value>.size).map { UInt8(truncatingIfNeeded: value >> Value(8 * $0)) }
  }
}
