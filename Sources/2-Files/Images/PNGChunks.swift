import CDeflate
import FileIO

// Safe: the library is told how many bytes there are and how much room, and the array has as many as it has written.

/// The chunks of a PNG file that libpng is not asked for.
///
/// Nothing is an error here: the structure is libpng's to judge. A chunk that does not end within the
/// file ends the list.
struct PNGChunks {
  static let signature: [UInt8] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]

  /// Three bytes an entry.
  private(set) var palette: [UInt8] = []
  /// As it stands in tRNS: alpha of palette entries, or samples of two bytes.
  private(set) var transparency: [UInt8] = []
  /// Where the first chunk behind the image data stands that does not end within the file; Pillow refuses such a file.
  private(set) var truncatedOffset: Int?
  private var exif: [UInt8] = []
  private var exifInText: [UInt8] = []
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
        case "tEXt", "zTXt", "iTXt": readText(span.copy(start, count: length) ?? [], chunk: name[0])
        case "IDAT": isBeforeData = false
        case "IEND": return
        default: break
        }
        offset = start + length + 4
      }
    }
  }

  /// How the image is to be turned, by Exif or XMP data.
  var orientation: Image.Orientation {
    ExifOrientation.orientation(exif: exif.isEmpty ? exifInText : exif, xmp: xmp)
  }

  private static func isWordCharacter(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5a, 0x5f, 0x61...0x7a: true
    default: false
    }
  }

  /// Takes XMP data, and Exif data as ImageMagick writes them, from a text.
  ///
  /// - Parameter chunk: the first letter of the chunk's name: `t` for text as it stands, `z` for compressed text, `i` for
  ///   either with a language.
  private mutating func readText(_ data: [UInt8], chunk: UInt8) {
    let parts = data.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2 else { return }
    let keyword = String(decoding: parts[0], as: UTF8.self)
    guard keyword == "XML:com.adobe.xmp" || keyword == "Raw profile type exif" else { return }
    var text = parts[1]
    var isCompressed = chunk == UInt8(ascii: "z")
    if chunk == UInt8(ascii: "i") {
      // Whether it is compressed and how, the language, the keyword in that language.
      isCompressed = text.first == 1
      let parts = text.dropFirst(2).split(separator: 0, maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3 else { return }
      text = parts[2]
    } else if isCompressed {
      text = text.dropFirst()
    }
    let value = isCompressed ? Self.decompressed(text) : Array(text)
    if keyword == "XML:com.adobe.xmp" { xmp = value } else { exifInText = Self.profile(value) }
  }

  /// The bytes of a text of hexadecimal digits, which begins behind an empty line, a name and a length.
  private static func profile(_ text: [UInt8]) -> [UInt8] {
    let lines = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    let digits = lines.dropFirst(3).joined().compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
    return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
  }

  /// The most bytes of a text that was compressed; as many as Pillow takes.
  private static let textLimit = 1 << 20

  /// The bytes of a zlib stream; none if it is damaged or too long.
  private static func decompressed(_ data: ArraySlice<UInt8>) -> [UInt8] {
    guard let decompressor = unsafe libdeflate_alloc_decompressor() else { return [] }
    defer { unsafe libdeflate_free_decompressor(decompressor) }
    return unsafe [UInt8](unsafeUninitializedCapacity: textLimit) { target, count in
      var actual = 0
      let result = unsafe data.withUnsafeBytes { source in
        unsafe libdeflate_zlib_decompress(
          decompressor, source.baseAddress, source.count, target.baseAddress, textLimit, &actual)
      }
      count = result == LIBDEFLATE_SUCCESS ? actual : 0
    }
  }
}
