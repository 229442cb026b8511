import FileIO

/// Finds members by the bytes of their names, in 8 bytes a member: names stay in the file.
struct NameIndex: Sendable {
  private var slots: [Int32]
  private let mask: Int

  init(count: Int) {
    var size = 4
    while size < 2 * count { size *= 2 }
    slots = [Int32](repeating: -1, count: size)
    mask = size - 1
  }

  /// Adds a member. False if its name is taken.
  mutating func insert(_ member: ZipMember, _ members: [ZipMember], _ file: ByteRegion) -> Bool {
    file.withBytes { bytes in
      let name = bytes.extracting(member.nameOffset..<member.nameOffset + member.nameCount)
      let slot = find(name, members, bytes)
      guard slots[slot] < 0 else { return false }
      slots[slot] = Int32(member.index)
      return true
    }
  }

  /// The index of the member with that name.
  func find(_ name: [UInt8], _ members: [ZipMember], _ file: ByteRegion) -> Int? {
    file.withBytes { bytes in
      let found = name.withBytes { name in slots[find(name, members, bytes)] }
      return found < 0 ? nil : Int(found)
    }
  }

  /// The slot of the name, or the free one where it belongs. Half of the slots are free, so there is one.
  private func find(_ name: RawSpan, _ members: [ZipMember], _ bytes: RawSpan) -> Int {
    // Seeded anew in every process: names cannot be chosen to collide.
    var hasher = Hasher()
    name.hash(into: &hasher)
    var slot = hasher.finalize() & mask
    while slots[slot] >= 0 {
      let member = members[Int(slots[slot])]
      let other = bytes.extracting(member.nameOffset..<member.nameOffset + member.nameCount)
      if name.hasSameBytes(as: other) { break }
      slot = (slot + 1) & mask
    }
    return slot
  }
}
