import FileIO

/// What can be wrong with a zip archive, or go wrong with writing one. Offsets are bytes from the file's beginning.
public enum ZipError: Error, Equatable, Sendable {
  /// There is no end record: not a zip archive, or one that was cut off.
  case noCentralDirectory(path: String)
  /// A record of the archive's directory does not say what it must.
  case malformedDirectory(path: String, offset: Int, expected: String, found: String)
  /// Two members have one name.
  case duplicateName(path: String, member: String)
  /// A name that would lead out of a directory: absolute, with `..`, with a backslash; or a symbolic link.
  case unsafeName(path: String, member: String, reason: String)
  /// Two members share bytes, or a member shares bytes with the directory.
  case overlap(path: String, member: String, offset: Int)
  /// The local header of a member says something else than the directory.
  case headerMismatch(path: String, member: String, field: String, expected: String, found: String)
  /// The member is encrypted or compressed in a way that is not supported.
  case unsupported(path: String, member: String, found: String)
  /// The member is larger, decompressed, than the caller allows.
  case overBudget(path: String, member: String, size: UInt64, budget: Int)
  /// The member's compressed bytes do not yield what the directory says.
  case corrupt(path: String, member: String, reason: String)
  /// The bytes of a member do not have the checksum that the directory states.
  case checksum(path: String, member: String, expected: UInt32, found: UInt32)
  /// There is no member of that name.
  case noMember(path: String, member: String)
}

extension ZipError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .noCentralDirectory(let path):
      "\(path.escapedForMessage): expected a zip archive, found no central directory (is the file cut off?)"
    case .malformedDirectory(let path, let offset, let expected, let found):
      "\(path.escapedForMessage): zip directory at byte \(offset): expected \(expected), found \(found)"
    case .duplicateName(let path, let member):
      "\(path.escapedForMessage): two zip members are named '\(member.escapedForMessage)'"
    case .unsafeName(let path, let member, let reason):
      "\(path.escapedForMessage): zip member '\(member.escapedForMessage)': \(reason)"
    case .overlap(let path, let member, let offset):
      "\(path.escapedForMessage): zip member '\(member.escapedForMessage)' at byte \(offset) "
        + "runs into what follows it"
    case .headerMismatch(let path, let member, let field, let expected, let found):
      "\(path.escapedForMessage): zip member '\(member.escapedForMessage)': \(field): the directory says "
        + "\(expected.escapedForMessage), the local header \(found.escapedForMessage)"
    case .unsupported(let path, let member, let found):
      "\(path.escapedForMessage): zip member '\(member.escapedForMessage)': expected a stored or deflated "
        + "member, found \(found)"
    case .overBudget(let path, let member, let size, let budget):
      "\(path.escapedForMessage): zip member '\(member.escapedForMessage)' decompresses to \(size) bytes; "
        + "at most \(budget) are allowed for a file of this size"
    case .corrupt(let path, let member, let reason):
      "\(path.escapedForMessage): zip member '\(member.escapedForMessage)': cannot decompress: "
        + reason.escapedForMessage
    case .checksum(let path, let member, let expected, let found):
      "\(path.escapedForMessage): zip member '\(member.escapedForMessage)': expected CRC-32 "
        + "\(hexadecimal(expected)), found \(hexadecimal(found))"
    case .noMember(let path, let member):
      "\(path.escapedForMessage): no zip member is named '\(member.escapedForMessage)'"
    }
  }

  private func hexadecimal(_ value: UInt32) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 8 - digits.count) + digits
  }
}
