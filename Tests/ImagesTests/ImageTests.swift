import FileIO
import FoundationEssentials
import Images
import TestSupport
import Testing

/// What has no counterpart in Pillow to compare with, or needs none.
@Suite struct ImageTests {
  private let image = Image(width: 2, height: 2, pixels: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])

  @Test("A crop beyond the image is filled")
  func cropping() {
    #expect(image.cropped(x: 1, y: 0, to: Image.Size(width: 1, height: 2)).pixels == [4, 5, 6, 10, 11, 12])
    let wide = image.cropped(
      x: -1, y: 1, to: Image.Size(width: 4, height: 2), fill: Image.Color(red: 70, green: 71, blue: 72))
    #expect(
      wide.pixels == [70, 71, 72, 7, 8, 9, 10, 11, 12] + [
        70, 71, 72, 70, 71, 72, 70, 71, 72, 70, 71, 72, 70, 71, 72,
      ])
    let elsewhere = image.cropped(x: 9, y: -7, to: Image.Size(width: 1, height: 2))
    #expect(elsewhere.pixels == [UInt8](repeating: 0, count: 6))
  }

  @Test("Colours have names and numbers")
  func colors() {
    #expect(Image.Color("white") == .white)
    #expect(Image.Color("#1e90ff") == Image.Color(red: 0x1e, green: 0x90, blue: 0xff))
    for text in ["", "whit", "#12345", "#1234567", "#12345g", "#+12345", "1e90ff"] {
      #expect(Image.Color(text) == nil)
    }
  }

  @Test("PNG and JPEG files that are written are read")
  func encoding() throws {
    let picture = try Image(decoding: .map(path: Fixtures.path("images/444.jpg")))
    let png = try picture.pngData()
    #expect(ImageFormat.detect(beginning: png) == .png)
    #expect(try Image(decoding: .copying(png)) == picture)
    let flat = Image(width: 40, height: 30, pixels: [UInt8](repeating: 120, count: 40 * 30 * 3))
    let jpeg = try flat.jpegData(quality: 95)
    #expect(ImageFormat.detect(beginning: jpeg) == .jpeg)
    #expect(try Image(decoding: .copying(jpeg)) == flat)
  }

  /// Pillow compares keys of 16 bits, and of 2 and 4 bits, with samples that it has scaled; they are compared here as
  /// the PNG specification says. `make.py` takes the key from the pixel in the middle.
  @Test("A transparent colour of 16 bits shows the background, and nothing else does")
  func transparentColor() throws {
    let file = try ByteRegion.map(path: Fixtures.path("images/type2-16-trns.png"))
    let plain = try Image(decoding: file)
    let color = Image.Color(red: 1, green: 254, blue: 3)
    let behind = try Image(decoding: file, options: Image.DecodingOptions(background: color))
    var shown = 0
    for pixel in 0..<plain.width * plain.height {
      let ours = behind.pixels[pixel * 3..<pixel * 3 + 3]
      let isBehind = ours.elementsEqual([color.red, color.green, color.blue])
      if isBehind { shown += 1 } else { #expect(ours == plain.pixels[pixel * 3..<pixel * 3 + 3]) }
    }
    let middle = (plain.height / 2 * plain.width + plain.width / 2) * 3
    #expect(behind.pixels[middle..<middle + 3].elementsEqual([color.red, color.green, color.blue]))
    #expect(shown < 20)
  }
}
