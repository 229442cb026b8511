import FileIO
import FoundationEssentials
import Images
import TestSupport
import Testing

/// Files that are cut off, damaged, made to hurt, or no images at all.
@Suite struct DamageTests {
  private func decode(
    _ bytes: [UInt8], _ options: Image.DecodingOptions = .init()
  ) throws(ScaleNetError) -> Image {
    try Image(decoding: .copying(bytes, origin: "hostile"), options: options)
  }

  @Test("A file cut off anywhere is refused, unless Pillow decodes it")
  func truncation() throws {
    let lines = String(decoding: try Fixtures.bytes("images/truncations.txt"), as: UTF8.self).split(
      separator: "\n")
    #expect(lines.count == 6)
    for line in lines {
      let words = line.split(separator: " ")
      let accepted = Set(words.dropFirst().map { Int($0)! })
      let bytes = try Fixtures.bytes("images/\(words[0])")
      let whole = try decode(bytes)
      for count in 0..<bytes.count {
        do {
          let image = try decode(Array(bytes.prefix(count)))
          #expect(accepted.contains(count), "\(words[0]) of \(count) bytes was decoded")
          #expect(image.pixels.count == whole.pixels.count)
        } catch {
          #expect(!accepted.contains(count), "\(words[0]) of \(count) bytes: \(error)")
          #expect(error.kind == .invalidInput && error.path == "hostile")
        }
      }
    }
  }

  @Test(
    "A flipped byte makes an error or an image",
    arguments: [
      "420.jpg", "420-progressive.jpg", "420-restarts.jpg", "ycck.jpg", "exif-6.jpg",
      "type6-16-interlaced.png",
      "type3-4-trns.png", "type0-1.png", "exif-late-7.png", "exif-zipped-8.png", "exif-text-8.png",
      "xmp-zipped-2.png",
    ])
  func flips(_ name: String) throws {
    let bytes = try Fixtures.bytes("images/\(name)")
    var refused = 0
    for offset in bytes.indices {
      for mask in [UInt8(0xff), 1 << (offset % 8)] {
        var damaged = bytes
        damaged[offset] ^= mask
        do {
          let options = Image.DecodingOptions(pixelLimit: 1 << 20, background: .white)
          let image = try decode(damaged, options)
          #expect(image.pixels.count == image.width * image.height * 3)
        } catch {
          refused += 1
          #expect(error.kind == .invalidInput)
          #expect(!"\(error)".contains("\n"))
        }
      }
    }
    #expect(refused > 0)
  }

  @Test("Other formats are refused by name")
  func otherFormats() throws {
    for (name, phrase) in [
      ("other.webp", "a WebP image"), ("other.gif", "a GIF image"), ("other.tiff", "a TIFF image"),
      ("other.bmp", "a BMP image"), ("other.avif", "an AVIF image"), ("other.jp2", "a JPEG 2000 image"),
      ("other.ico", "a Windows icon image"),
    ] {
      let path = Fixtures.path("images/\(name)")
      let text = message { _ = try Image(decoding: .map(path: path)) }
      #expect(text == "\(path): expected a JPEG or PNG image, found \(phrase)")
    }
    let heic = [UInt8]("\0\0\0\u{18}ftypheic\0\0\0\0".utf8)
    #expect(message { _ = try decode(heic) } == "hostile: expected a JPEG or PNG image, found an HEIF image")
    #expect(ImageFormat.detect(beginning: Array("P6 2 2 255 ".utf8)) == .portableAnymap)
    #expect(ImageFormat.detect(beginning: Array("BMW".utf8)) == nil)
    #expect(message { _ = try decode([]) } == "hostile: expected a JPEG or PNG image, found an empty file")
    #expect(
      message { _ = try decode(Array("<html>".utf8)) }
        == "hostile: expected a JPEG or PNG image, found no image format that is known")
  }

  @Test("Errors say the place, what was expected and what was found")
  func messages() throws {
    let jpeg = try Fixtures.bytes("images/420.jpg")
    #expect(
      message { _ = try decode(jpeg.dropLast(40)) }
        == "hostile: JPEG image data at byte \(jpeg.count - 40): expected 13 rows, of which 0 are there, found the end of the file"
    )
    #expect(
      message { _ = try decode(Array(jpeg.prefix(30))) }
        == "hostile: JPEG header at byte 30: expected an image, found the end of the file")
    var png = try Fixtures.bytes("images/type2-8.png")
    png[20] ^= 1
    #expect(
      message { _ = try decode(png) }
        == "hostile: byte 33: not a PNG image that can be decoded: IHDR: CRC error")
  }

  @Test("Sizes are checked before anything is taken for them")
  func limits() throws {
    var jpeg = try Fixtures.bytes("images/444.jpg")
    let frame = jpeg.indices.first { jpeg[$0] == 0xff && jpeg[$0 + 1] == 0xc0 }!
    jpeg.replaceSubrange(frame + 5..<frame + 9, with: [0xff, 0xdc, 0xff, 0xdc])
    #expect(
      message { _ = try decode(jpeg) }
        == "hostile: image: expected at most 178956970 pixels, found 4290250000 (65500x65500)")
    let sides: [UInt8] = [0x7f, 0xff, 0xff, 0xff]
    let huge = png(header: sides + sides + [16, 6, 0, 0, 0])
    #expect(message { _ = try decode(huge) }.contains("expected at most 178956970 pixels"))
    #expect(
      message { _ = try decode(png(header: [0, 0, 0, 0, 0, 0, 0, 1, 8, 2, 0, 0, 0])) }.contains("IHDR"))
    // 178,000,000 pixels, and no data.
    let side: [UInt8] = [0, 0, 0x33, 0x33]
    #expect(
      message { _ = try decode(png(header: side + side + [8, 2, 0, 0, 0])) }.contains("Not enough image data")
    )
    let small = try Fixtures.bytes("images/type2-8.png")
    #expect(try decode(small, Image.DecodingOptions(pixelLimit: 17 * 11)).width == 17)
    #expect(throws: ScaleNetError.self) { try decode(small, Image.DecodingOptions(pixelLimit: 17 * 11 - 1)) }
  }

  @Test("A progressive image cannot have scans without end")
  func scans() throws {
    let bytes = try Fixtures.bytes("images/420-progressive.jpg")
    let last = bytes.indices.last { $0 + 1 < bytes.count && bytes[$0] == 0xff && bytes[$0 + 1] == 0xda }!
    let scan = bytes[last..<bytes.count - 2]
    let many = bytes.dropLast(2) + (0..<600).flatMap { _ in scan } + bytes.suffix(2)
    #expect(message { _ = try decode(Array(many)) }.contains("more than 500 scans"))
  }

  @Test("Sizes that cannot be are refused")
  func sizes() throws {
    let image = try decode(Fixtures.bytes("images/444.jpg"))
    for size in [
      Image.Size(0), Image.Size(width: -1, height: 5), Image.Size(width: 1 << 40, height: 1 << 40),
    ] {
      let error = #expect(throws: ScaleNetError.self) { try image.resized(to: size, interpolation: .bicubic) }
      #expect(error?.kind == .invalidOption)
      for preprocessing in [
        Preprocessing(resize: .exact(size)), Preprocessing(resize: .covering(size)),
        Preprocessing(crop: size),
        Preprocessing(resize: .shorterSide(size.width)),
      ] {
        #expect(throws: ScaleNetError.self) { try preprocessing.apply(to: image) }
      }
    }
    for percentage in [0, -1, .nan, .infinity, 1e-300] {
      #expect(throws: ScaleNetError.self) { try Preprocessing.timm(cropPercentage: percentage) }
    }
    let long = Image(width: 20_000_003, height: 1, pixels: [UInt8](repeating: 7, count: 20_000_003 * 3))
    let end = try long.resized(
      to: Image.Size(width: 200_000_030, height: 1), columns: 200_000_020..<200_000_030, rows: 0..<1,
      interpolation: .box)
    #expect(end.width == 10)
    // The other side would have 256 * 65536 pixels; of which the crop needs few.
    let line = Image(width: 65_536, height: 1, pixels: [UInt8](repeating: 9, count: 65_536 * 3))
    let cropped = try Preprocessing.torchvision().apply(to: line)
    #expect(cropped.pixels == [UInt8](repeating: 9, count: 224 * 224 * 3))
    #expect(throws: ScaleNetError.self) { try Preprocessing(resize: .shorterSide(256)).apply(to: line) }
  }

  /// A PNG file of a header and one empty chunk of image data.
  private func png(header: [UInt8]) -> [UInt8] {
    func number(_ value: UInt32) -> [UInt8] {
      (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) }
    }
    func chunk(_ name: String, _ data: [UInt8]) -> [UInt8] {
      let named = Array(name.utf8) + data
      return number(UInt32(data.count)) + named + number(CyclicRedundancyCheck.checksum(named))
    }
    return [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a] + chunk("IHDR", header) + chunk("IDAT", [])
      + chunk("IEND", [])
  }
}
