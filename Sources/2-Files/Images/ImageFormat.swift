public import FileIO

/// The format of an image file, by its first bytes.
public enum ImageFormat: String, Sendable, Hashable, CaseIterable {
  /// Decoded.
  case jpeg = "JPEG"
  /// Decoded.
  case png = "PNG"
  /// Refused by name.
  case gif = "GIF"
  /// Refused by name.
  case webP = "WebP"
  /// Refused by name.
  case tiff = "TIFF"
  /// Refused by name.
  case bmp = "BMP"
  /// Refused by name.
  case heif = "HEIF"
  /// Refused by name.
  case avif = "AVIF"
  /// Refused by name.
  case jpeg2000 = "JPEG 2000"
  /// Refused by name.
  case jpegXL = "JPEG XL"
  /// Refused by name.
  case icon = "Windows icon"
  /// Refused by name.
  case photoshop = "Photoshop"
  /// Refused by name.
  case portableAnymap = "PNM"
  /// Refused by name.
  case svg = "SVG"

  /// Whether images of this format are decoded here; the others are told apart to say what was found.
  public var isSupported: Bool { self == .jpeg || self == .png }

  /// As part of a sentence: `a WebP image`.
  public var phrase: String {
    switch self {
    case .heif, .avif, .svg: "an \(rawValue) image"
    case .jpeg, .png, .gif, .webP, .tiff, .bmp, .jpeg2000, .jpegXL, .icon, .photoshop, .portableAnymap:
      "a \(rawValue) image"
    }
  }

  /// The format of these bytes; nil if they begin like none of them.
  public static func detect(_ bytes: ByteRegion) -> ImageFormat? {
    bytes.withBytes { detect(beginning: $0.copy(0, count: min($0.byteCount, 16)) ?? []) }
  }

  /// The format of a file that begins with these bytes; 16 of them suffice.
  public static func detect(beginning bytes: [UInt8]) -> ImageFormat? {
    func holds(_ text: String, at offset: Int = 0) -> Bool { bytes.dropFirst(offset).starts(with: text.utf8) }
    if bytes.starts(with: [0xff, 0xd8, 0xff]) { return .jpeg }
    if bytes.starts(with: PNGChunks.signature) { return .png }
    if holds("GIF87a") || holds("GIF89a") { return .gif }
    if holds("RIFF"), holds("WEBP", at: 8) { return .webP }
    if holds("II*\0") || holds("MM\0*") || holds("II+\0") || holds("MM\0+") { return .tiff }
    if holds("8BPS") { return .photoshop }
    if holds("ftyp", at: 4) {
      if holds("avif", at: 8) || holds("avis", at: 8) { return .avif }
      let brands = ["heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1"]
      if brands.contains(where: { holds($0, at: 8) }) { return .heif }
    }
    if holds("\0\0\0\u{c}jP  ") || bytes.starts(with: [0xff, 0x4f, 0xff, 0x51]) { return .jpeg2000 }
    if holds("\0\0\0\u{c}JXL ") || bytes.starts(with: [0xff, 0x0a]) { return .jpegXL }
    if bytes.starts(with: [0, 0, 1, 0]) { return .icon }
    if holds("<svg") { return .svg }
    if holds("BM"), bytes.count >= 10, bytes[6..<10].allSatisfy({ $0 == 0 }) { return .bmp }
    if bytes.count > 2, bytes[0] == UInt8(ascii: "P"), (0x31...0x37).contains(bytes[1]),
      [0x0a, 0x0d, 0x20, 0x09].contains(bytes[2])
    {
      return .portableAnymap
    }
    return nil
  }
}
