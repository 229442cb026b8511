// Safe: `fill` gets room for 3 bytes a pixel of the size that the image then has, and must fill it; parts that are
// copied are cut to both images before.

/// A picture of 8-bit RGB pixels in memory.
public struct Image: Sendable, Equatable {
  /// Width and height in pixels.
  public struct Size: Sendable, Hashable, CustomStringConvertible {
    /// Columns, in pixels.
    public var width: Int
    /// Rows, in pixels.
    public var height: Int

    public init(width: Int, height: Int) {
      self.width = width
      self.height = height
    }

    /// A square.
    public init(_ side: Int) { self.init(width: side, height: side) }

    /// As `500x375`, the width first.
    public var description: String { "\(width)x\(height)" }
  }

  /// Width and height.
  public let size: Size
  /// Red, green and blue of each pixel, from left to right and from top to bottom: NHWC with N = 1 and C = 3.
  public let pixels: [UInt8]

  /// Columns, in pixels.
  public var width: Int { size.width }
  /// Rows, in pixels.
  public var height: Int { size.height }

  /// - Parameter pixels: `width * height * 3` bytes, row by row.
  public init(width: Int, height: Int, pixels: [UInt8]) {
    precondition(width > 0 && height > 0 && pixels.count == width * height * 3)
    size = Size(width: width, height: height)
    self.pixels = pixels
  }

  /// Makes the pixels in place; `fill` writes all of the bytes it is given.
  @unsafe init(size: Size, fill: (UnsafeMutablePointer<UInt8>) -> Void) {
    self.size = size
    pixels = unsafe [UInt8](unsafeUninitializedCapacity: size.width * size.height * 3) { target, count in
      unsafe fill(target.baseAddress!)
      count = target.count
    }
  }
}

extension Image {
  /// A part of the image. What of it lies outside of the image is `fill`, as Pillow's `Image.crop` makes it black.
  ///
  /// - Parameters:
  ///   - x: the first column, below zero for one left of the image.
  ///   - y: the first row.
  ///   - size: of the result; both sides are above zero.
  public func cropped(x: Int, y: Int, to size: Size, fill: Color = .black) -> Image {
    precondition(size.width > 0 && size.height > 0)
    if x == 0, y == 0, size == self.size { return self }
    let columns = max(x, 0)..<max(min(x + size.width, width), max(x, 0))
    let rows = max(y, 0)..<max(min(y + size.height, height), max(y, 0))
    let isWithin = columns.count == size.width && rows.count == size.height
    return unsafe Image(size: size) { target in
      if !isWithin { unsafe fill.write(to: target, count: size.width * size.height) }
      unsafe pixels.withUnsafeBufferPointer { source in
        for row in rows where !columns.isEmpty {
          unsafe (target + ((row - y) * size.width + columns.lowerBound - x) * 3).update(
            from: source.baseAddress! + (row * width + columns.lowerBound) * 3, count: columns.count * 3)
        }
      }
    }
  }

  /// A colour of 8 bits a channel.
  public struct Color: Sendable, Hashable {
    /// 0 to 255.
    public var red: UInt8
    /// 0 to 255.
    public var green: UInt8
    /// 0 to 255.
    public var blue: UInt8

    public init(red: UInt8, green: UInt8, blue: UInt8) {
      self.red = red
      self.green = green
      self.blue = blue
    }

    /// All channels 0.
    public static let black = Color(red: 0, green: 0, blue: 0)
    /// All channels 255.
    public static let white = Color(red: 255, green: 255, blue: 255)

    /// A colour by one of the 16 names of HTML 4 (`white`, `gray`, `teal`, ...), or as `#rrggbb`; nil
    /// for any other text.
    public init?(_ text: String) {
      let value: Int
      if let named = Self.names[text] {
        value = named
      } else {
        guard text.utf8.count == 7, text.first == "#", text.dropFirst().allSatisfy(\.isHexDigit),
          let number = Int(text.dropFirst(), radix: 16)
        else { return nil }
        value = number
      }
      self.init(
        red: UInt8(value >> 16), green: UInt8(value >> 8 & 0xff), blue: UInt8(value & 0xff))
    }

    private static let names: [String: Int] = [
      "black": 0x000000, "silver": 0xc0c0c0, "gray": 0x808080, "grey": 0x808080, "white": 0xffffff,
      "maroon": 0x800000, "red": 0xff0000, "purple": 0x800080, "fuchsia": 0xff00ff, "green": 0x008000,
      "lime": 0x00ff00, "olive": 0x808000, "yellow": 0xffff00, "navy": 0x000080, "blue": 0x0000ff,
      "teal": 0x008080, "aqua": 0x00ffff,
    ]

    @unsafe func write(to target: UnsafeMutablePointer<UInt8>, count: Int) {
      for index in 0..<count {
        unsafe target[index * 3] = red
        unsafe target[index * 3 + 1] = green
        unsafe target[index * 3 + 2] = blue
      }
    }
  }
}
