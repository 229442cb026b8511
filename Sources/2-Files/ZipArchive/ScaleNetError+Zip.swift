package import FileIO

/// What can be wrong with a zip archive, or go wrong with writing one. Offsets are bytes from the file's beginning.
extension ScaleNetError {
  /// There is no end record: not a zip archive, or one that was cut off.
  static func noCentralDirectory(path: String) -> ScaleNetError {
    ScaleNetError(
      path: path, expected: "a zip archive", found: "no central directory (is the file cut off?)")
  }

  /// A record of the archive's directory does not say what it must.
  static func malformedDirectory(path: String, offset: Int, expected: String, found: String) -> ScaleNetError
  {
    ScaleNetError(path: path, place: "zip directory", offset: offset, expected: expected, found: found)
  }

  /// Two members have one name; `offset` is where the second's header lies.
  static func duplicateName(path: String, member: String, offset: Int) -> ScaleNetError {
    ScaleNetError(
      path: path, place: place(member), offset: offset, expected: "names that differ", found: "a second one")
  }

  /// A name that would lead out of a directory: absolute, with `..`, with a backslash; or a symbolic link.
  static func unsafeName(path: String, member: String, reason: String) -> ScaleNetError {
    ScaleNetError(path: path, place: place(member), reason: reason)
  }

  /// Two members share bytes, or a member shares bytes with the directory.
  static func overlap(path: String, member: String, offset: Int) -> ScaleNetError {
    ScaleNetError(path: path, place: place(member), offset: offset, reason: "runs into what follows it")
  }

  /// The local header of a member, at `offset`, says something else than the directory, or is none.
  static func headerMismatch(
    path: String, member: String, offset: Int, expected: String, found: String
  ) -> ScaleNetError {
    ScaleNetError(
      path: path, place: "\(place(member)): local header", offset: offset, expected: expected, found: found)
  }

  /// The member is encrypted or compressed in a way that is not supported.
  static func unsupported(path: String, member: String, found: String) -> ScaleNetError {
    ScaleNetError(path: path, place: place(member), expected: "a stored or deflated member", found: found)
  }

  /// The member is larger, decompressed, than the caller allows.
  static func overBudget(path: String, member: String, size: UInt64, budget: Int) -> ScaleNetError {
    ScaleNetError(
      path: path,
      reason:
        "\(place(member)) decompresses to \(size) bytes; at most \(budget) are allowed for a file of this size"
    )
  }

  /// The member's compressed bytes do not yield what the directory says.
  static func corrupt(path: String, member: String, reason: String) -> ScaleNetError {
    ScaleNetError(path: path, place: place(member), reason: "cannot decompress: \(reason.escapedForMessage)")
  }

  /// A stored member has another size than the directory says of its contents.
  static func storedSize(path: String, member: String, expected: UInt64, found: Int) -> ScaleNetError {
    ScaleNetError(
      path: path, place: place(member), expected: "the directory's size \(expected)",
      found: "\(found) bytes, which are stored as they are")
  }

  /// The bytes of a member do not have the checksum that the directory states.
  static func checksum(path: String, member: String, expected: UInt32, found: UInt32) -> ScaleNetError {
    ScaleNetError(
      path: path, place: place(member), expected: "CRC-32 \(hexadecimal(expected))", found: hexadecimal(found)
    )
  }

  /// There is no member of that name.
  package static func noMember(path: String, member: String) -> ScaleNetError {
    ScaleNetError(path: path, reason: "no zip member is named '\(member.escapedForMessage)'")
  }

  private static func place(_ member: String) -> String { "zip member '\(member.escapedForMessage)'" }

  private static func hexadecimal(_ value: UInt32) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 8 - digits.count) + digits
  }
}
