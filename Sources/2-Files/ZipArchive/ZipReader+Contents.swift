public import FileIO

extension ZipReader {
  /// The contents of members, in their order: slices of the archive where they are stored, memory where they have to
  /// be decompressed.
  ///
  /// - Parameter budget: how many bytes may be decompressed altogether. Stored members cost nothing.
  public func contents(of members: [ZipMember], budget: Int) throws(ScaleNetError) -> [ByteRegion] {
    var regions: [ByteRegion] = []
    regions.reserveCapacity(members.count)
    var compressed: [(position: Int, payload: Range<Int>)] = []
    var rest = budget
    for member in members {
      let payload = try payloadRange(of: member)
      regions.append(file.slice(payload))
      guard !member.isStored else { continue }
      // Deflate yields at most 1032 bytes from one, so a size beyond that is a lie.
      let possible = UInt64(member.storedSize) * 1032 + 1032
      guard member.size <= possible else {
        throw .corrupt(
          path: file.origin, member: name(of: member),
          reason: "\(member.storedSize) bytes cannot yield the stated \(member.size)")
      }
      guard let size = Int(exactly: member.size), size <= rest else {
        throw .overBudget(
          path: file.origin, member: name(of: member), size: member.size, budget: budget)
      }
      rest -= size
      compressed.append((regions.count - 1, payload))
    }
    guard !compressed.isEmpty else { return regions }
    let decompressor = try Decompressor(path: file.origin)
    for (position, payload) in compressed {
      regions[position] = try decompressor.contents(of: members[position], at: payload, in: self)
    }
    return regions
  }

  /// The contents of one member.
  public func contents(of member: ZipMember, budget: Int) throws(ScaleNetError) -> ByteRegion {
    try contents(of: [member], budget: budget)[0]
  }

  /// Compares the CRC-32 of a stored member's bytes with the directory's; that of others is compared while they are
  /// decompressed.
  ///
  /// - Parameter ignoringZero: whether a CRC-32 of 0 in the directory means that none was computed, as PyTorch leaves it
  ///   where that is switched off.
  public func verify(_ member: ZipMember, ignoringZero: Bool = false) throws(ScaleNetError) {
    guard member.isStored, member.checksum != 0 || !ignoringZero else { return }
    let found = Checksum.of(file.slice(try payloadRange(of: member)))
    guard found == member.checksum else {
      throw .checksum(
        path: file.origin, member: name(of: member), expected: member.checksum, found: found)
    }
  }

  /// Where the member's bytes lie in the file: behind its local header (APPNOTE 4.3.7), which must not contradict
  /// the directory.
  public func payloadRange(of member: ZipMember) throws(ScaleNetError) -> Range<Int> {
    if member.isEncrypted {
      throw .unsupported(path: file.origin, member: name(of: member), found: "an encrypted one")
    }
    guard member.method == 0 || member.method == 8 else {
      throw .unsupported(
        path: file.origin, member: name(of: member), found: "compression method \(member.method)")
    }
    return try file.withBytes { bytes throws(ScaleNetError) in try payloadRange(of: member, bytes) }
  }

  private func payloadRange(of member: ZipMember, _ bytes: RawSpan) throws(ScaleNetError) -> Range<Int> {
    let header = member.headerOffset
    let limit = limits[member.index]
    func mismatch(_ field: String, _ expected: some Any, _ found: some Any) -> ScaleNetError {
      .headerMismatch(
        path: file.origin, member: name(of: member), offset: header,
        expected: "the directory's \(field) \("\(expected)".escapedForMessage)",
        found: "\(found)".escapedForMessage)
    }
    func short(_ offset: Int) -> UInt16 { bytes.littleEndian(at: header + offset)! }
    func long(_ offset: Int) -> UInt32 { bytes.littleEndian(at: header + offset)! }
    guard long(0) == Self.localSignature else {
      throw .headerMismatch(
        path: file.origin, member: name(of: member), offset: header, expected: "a signature", found: "none")
    }
    let nameOffset = header + 30
    let extraOffset = nameOffset + Int(short(26))
    let payload = extraOffset + Int(short(28))
    guard payload <= limit, member.storedSize <= limit - payload else {
      throw .overlap(path: file.origin, member: name(of: member), offset: header)
    }
    let directoryName = member.nameOffset..<member.nameOffset + member.nameCount
    guard bytes.extracting(nameOffset..<extraOffset).hasSameBytes(as: bytes.extracting(directoryName)) else {
      let localName = String(decoding: bytes.array(nameOffset..<extraOffset), as: UTF8.self)
      throw mismatch("name", name(of: member), localName)
    }
    if short(8) != member.method { throw mismatch("method", member.method, short(8)) }
    if short(6) & 1 != 0 { throw mismatch("flags", member.flags, short(6)) }

    var size = UInt64(long(22))
    var storedSize = UInt64(long(18))
    var wide = Zip64Field(bytes, extraOffset..<payload)
    // Without the field, all bits set is how some writers say that the sizes follow the contents.
    let isUnknown = !wide.replace(&size) || !wide.replace(&storedSize)
    // Who writes without seeking back leaves zeros, or what is known beforehand.
    let mayFollow = member.hasDescriptor || short(6) & 8 != 0
    let checksum = long(14)
    guard checksum == member.checksum || (mayFollow && checksum == 0) else {
      throw mismatch("CRC-32", member.checksum, checksum)
    }
    guard (size == member.size && !isUnknown) || (mayFollow && (size == 0 || isUnknown)) else {
      throw mismatch("size", member.size, size)
    }
    guard storedSize == UInt64(member.storedSize) || (mayFollow && (storedSize == 0 || isUnknown)) else {
      throw mismatch("stored size", member.storedSize, storedSize)
    }
    guard !member.isStored || member.size == UInt64(member.storedSize) else {
      throw .storedSize(
        path: file.origin, member: name(of: member), expected: member.size, found: member.storedSize)
    }
    return payload..<payload + member.storedSize
  }
}
