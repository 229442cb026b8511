/// One member of a zip archive, as the central directory describes it.
public struct ZipMember: Sendable {
  /// The position in the directory, from 0.
  public let index: Int
  /// The number of bytes in the archive.
  public let storedSize: Int
  /// The number of bytes of the contents, as the directory states it.
  public let size: UInt64
  /// The CRC-32 of the contents, as the directory states it.
  public let checksum: UInt32
  /// The compression method: 0 is stored, 8 is deflated.
  public let method: UInt16

  /// The general purpose flags: bit 0 is encrypted, bit 3 means that sizes and checksum follow the contents.
  let flags: UInt16
  /// Where the name lies in the file.
  let nameOffset: Int
  let nameCount: Int
  /// Where the local header lies.
  let headerOffset: Int

  /// Whether the contents lie in the archive as they are.
  public var isStored: Bool { method == 0 }
  var isEncrypted: Bool { flags & 1 != 0 }
  var hasDescriptor: Bool { flags & 8 != 0 }
}
