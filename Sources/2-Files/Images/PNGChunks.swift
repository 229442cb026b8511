import FileIO

/// The chunks of a PNG file that libpng is not asked for.
///
/// Nothing is an error here: the structure is libpng's to judge. A chunk that
/// does not end within the file ends the list.
struct PNGChunks {
  static let signature: [UInt8] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]

  /// Three bytes an entry.
  private(set) var palette: [UInt8] = []
  /// As it stands in tRNS: alpha of palette entries, or samples of two bytes.
  private(set) var transparency: [UInt8] = []
  /// Where the first chunk behind the image data stands that does not end within the file; Pillow refuses such a file.
  private(set) var truncatedOffset: Int?
  private var exif: [UInt8] = []
  private var xmp: [UInt8] = []

  init(_ bytes: ByteRegion) {
    bytes.withBytes { span in
      var offset = Self.signature.count
      var isBeforeData = true
      while let length = span.bigEndian32(offset), let name = span.copy(offset + 4, count: 4) {
        // The data, and behind it its checksum.
        let start = offset + 8
        guard length <= span.byteCount - start else {
          // Pillow stops at what is not a name of a chunk, and reads image data only as far as they are needed.
          let isOther = name != Array("IDAT".utf8) && name != Array("IEND".utf8)
          if !isBeforeData, isOther, name.allSatisfy(Self.isWordCharacter) { truncatedOffset = offset }
          return
        }
        switch String(decoding: name, as: UTF8.self) {
        case "PLTE" where isBeforeData: palette = span.copy(start, count: length) ?? []
        case "tRNS" where isBeforeData: transparency = span.copy(start, count: length) ?? []
        case "eXIf": exif = span.copy(start, count: length) ?? []
        case "iTXt": readText(span, start: start, count: length)
        case "IDAT": isBeforeData = false
        case "IEND": return
        default: break
        }
        offset = start + length + 4
      }
    }
  }

  /// How the image is to be turned, by Exif or uncompressed XMP data.
  var orientation: Image.Orientation { ExifOrientation.orientation(exif: exif, xmp: xmp) }

  private static func isWordCharacter(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5a, 0x5f, 0x61...0x7a: true
    default: false
    }
  }

  /// XMP stands in a text of this keyword, behind two flags of compression, a language and a translated keyword.
  private mutating func readText(_ span: RawSpan, start: Int, count: Int) {
    let keyword = Array("XML:com.adobe.xmp\0\0\0".utf8)
    guard count > keyword.count, span.copy(start, count: keyword.count) == keyword else { return }
    xmp = span.copy(start + keyword.count, count: count - keyword.count) ?? []
  }
}
