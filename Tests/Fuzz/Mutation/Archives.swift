extension Mutator {
  /// Changes a member of a zip archive, or which members there are; lengths and checksums are right again.
  mutating func changedArchive(_ input: [UInt8]) -> [UInt8] {
    guard var members = Zip.members(of: input), !members.isEmpty else {
      return plainlyChanged(input, limit: limit)
    }
    if !chance(5) { return changedMember(input, suffixes: []) }
    members = changed(members) { mutator, old in
      var member = old ?? mutator.element(members)
      member.name = mutator.chance(2) ? mutator.element(members).name : plainlyChanged(member.name, limit: 64)
      return member
    }
    return Zip.archive(members)
  }

  /// Changes the contents of a member whose name ends in one of these; of any if there are none.
  mutating func changedMember(_ input: [UInt8], suffixes: [String]) -> [UInt8] {
    guard var members = Zip.members(of: input) else { return plainlyChanged(input, limit: limit) }
    let places = members.indices.filter { index in
      suffixes.isEmpty
        || suffixes.contains { String(decoding: members[index].name, as: UTF8.self).hasSuffix($0) }
    }
    guard !places.isEmpty else { return plainlyChanged(input, limit: limit) }
    let place = element(places)
    let contents = members[place].contents
    members[place].contents =
      chance(10) ? plainlyChanged(contents, limit: contents.count + 64) : changedContents(contents)
    return Zip.archive(members)
  }

  /// Changes a number of one of the headers of an archive, and nothing around it.
  mutating func changedDirectory(_ input: [UInt8]) -> [UInt8] {
    var result = input
    var places: [(start: Int, fields: [(Int, Int)])] = []
    for index in input.indices.dropLast(3) where input[index] == 0x50 && input[index + 1] == 0x4b {
      let fields: [(Int, Int)]? =
        switch (input[index + 2], input[index + 3]) {
        case (3, 4): [(6, 2), (8, 2), (14, 4), (18, 4), (22, 4), (26, 2), (28, 2)]
        case (1, 2):
          [
            (4, 2), (8, 2), (10, 2), (16, 4), (20, 4), (24, 4), (28, 2), (30, 2), (32, 2), (34, 2), (38, 4),
            (42, 4),
          ]
        case (5, 6): [(4, 2), (6, 2), (8, 2), (10, 2), (12, 4), (16, 4), (20, 2)]
        case (6, 6): [(4, 8), (16, 4), (20, 4), (24, 8), (32, 8), (40, 8), (48, 8)]
        case (6, 7): [(4, 4), (8, 8), (16, 4)]
        default: nil
        }
      if let fields { places.append((index, fields)) }
    }
    guard !places.isEmpty else { return plainlyChanged(input, limit: limit) }
    let (start, fields) = element(places)
    let (offset, count) = element(fields)
    let old = input.little(start + offset, count) ?? 0
    let change = chance(2) ? UInt64(bitPattern: Int64(old &+ below(9) &- 4)) : number()
    result.setLittle(start + offset, count, change)
    return result
  }
}

/// Zip archives as far as changing them needs it: what cannot be read is not changed by its structure.
enum Zip {
  struct Member {
    var name: [UInt8]
    var contents: [UInt8]
    /// 0 for contents as they are; compressed ones stay so, and are changed as bytes.
    var method = 0
    var size: Int?
    var checksum: UInt32?
  }

  static let localSignature: [UInt8] = [0x50, 0x4b, 3, 4]

  static func members(of bytes: [UInt8]) -> [Member]? {
    guard
      let end = bytes.indices.dropLast(21).last(where: { bytes[$0...].starts(with: [0x50, 0x4b, 5, 6]) }),
      let count = bytes.little(end + 10, 2), var position = bytes.little(end + 16, 4), count < 200
    else { return nil }
    var result: [Member] = []
    for _ in 0..<count {
      guard let method = bytes.little(position + 10, 2), let stored = bytes.little(position + 20, 4),
        let size = bytes.little(position + 24, 4), let nameCount = bytes.little(position + 28, 2),
        let extra = bytes.little(position + 30, 2), let comment = bytes.little(position + 32, 2),
        let header = bytes.little(position + 42, 4), let localName = bytes.little(header + 26, 2),
        let localExtra = bytes.little(header + 28, 2), let checksum = bytes.little(position + 16, 4),
        position + 46 + nameCount <= bytes.count, header + 30 + localName + localExtra + stored <= bytes.count
      else { return nil }
      let start = header + 30 + localName + localExtra
      var member = Member(
        name: Array(bytes[position + 46..<position + 46 + nameCount]),
        contents: Array(bytes[start..<start + stored]))
      if method != 0 { (member.method, member.size, member.checksum) = (method, size, UInt32(checksum)) }
      result.append(member)
      position += 46 + nameCount + extra + comment
    }
    return result
  }

  static func archive(_ members: [Member]) -> [UInt8] {
    var bytes: [UInt8] = []
    var directory: [UInt8] = []
    for member in members {
      let offset = bytes.count
      let header = header(member)
      bytes += localSignature
      bytes += [20, 0]
      bytes += header
      bytes += member.name
      bytes += member.contents
      directory += [0x50, 0x4b, 1, 2, 30, 3, 20, 0]
      directory += header
      directory += [UInt8](repeating: 0, count: 10)
      directory += [UInt8].little(offset, 4)
      directory += member.name
    }
    var end: [UInt8] = [0x50, 0x4b, 5, 6, 0, 0, 0, 0]
    for (value, size) in [(members.count, 2), (members.count, 2), (directory.count, 4), (bytes.count, 4)] {
      end += [UInt8].little(value, size)
    }
    return bytes + directory + end + [0, 0]
  }

  /// Flags to the length of the extra field, which both headers have.
  private static func header(_ member: Member) -> [UInt8] {
    var bytes: [UInt8] = [UInt8].little(0x800, 2) + [UInt8].little(member.method, 2)
    bytes += [0, 0, 0x21, 0]
    bytes += [UInt8].little(Int(member.checksum ?? CRC32.of(member.contents)), 4)
    bytes += [UInt8].little(member.contents.count, 4)
    bytes += [UInt8].little(member.size ?? member.contents.count, 4)
    return bytes + [UInt8].little(member.name.count, 2) + [0, 0]
  }
}

/// CRC-32 of zip and PNG.
enum CRC32 {
  private static let table: [UInt32] = (0..<256).map { index in
    (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 0 ? value >> 1 : (value >> 1) ^ 0xedb8_8320 }
  }

  static func of(_ bytes: [UInt8]) -> UInt32 {
    ~bytes.reduce(0xffff_ffff) { value, byte in
      table[Int(UInt8(truncatingIfNeeded: value) ^ byte)] ^ (value >> 8)
    }
  }
}
