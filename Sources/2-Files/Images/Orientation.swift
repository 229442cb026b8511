// Safe: the loops go over width x height of the result, which are those of the source, exchanged or not.

extension Image {
  /// How an image is stored, by the values of Exif's tag 0x0112: which edges of the picture the first row and the first
  /// column of the file are.
  public enum Orientation: Int, Sendable, Hashable, CaseIterable {
    /// Upright: the first row is the top, the first column the left.
    case topLeft = 1
    /// Mirrored.
    case topRight = 2
    /// Turned by 180 degrees.
    case bottomRight = 3
    /// Mirrored top to bottom.
    case bottomLeft = 4
    /// Mirrored, then turned by 270 degrees clockwise.
    case leftTop = 5
    /// To be turned by 90 degrees clockwise.
    case rightTop = 6
    /// Mirrored, then turned by 90 degrees clockwise.
    case rightBottom = 7
    /// To be turned by 270 degrees clockwise.
    case leftBottom = 8

    /// Whether rows become columns.
    var swapsSides: Bool { rawValue >= 5 }
  }

  /// The picture upright, if it is stored in this orientation; as Pillow's `ImageOps.exif_transpose` turns it.
  public func oriented(_ orientation: Orientation) -> Image {
    guard orientation != .topLeft else { return self }
    let result = orientation.swapsSides ? Size(width: height, height: width) : size
    // The source pixel of the result's first, and the steps to the next column and row of the result.
    let (last, bottom) = (width - 1, (height - 1) * width)
    let (origin, column, row): (Int, Int, Int) =
      switch orientation {
      case .topLeft: (0, 1, width)
      case .topRight: (last, -1, width)
      case .bottomRight: (bottom + last, -1, -width)
      case .bottomLeft: (bottom, 1, -width)
      case .leftTop: (0, width, 1)
      case .rightTop: (bottom, -width, 1)
      case .rightBottom: (bottom + last, -width, -1)
      case .leftBottom: (last, width, -1)
      }
    return unsafe Image(size: result) { target in
      unsafe pixels.withUnsafeBufferPointer { source in
        var output = unsafe target
        for y in 0..<result.height {
          var input = unsafe source.baseAddress! + (origin + y * row) * 3
          for x in 0..<result.width {
            unsafe output[0] = input[0]
            unsafe output[1] = input[1]
            unsafe output[2] = input[2]
            unsafe output += 3
            if x + 1 < result.width { unsafe input += column * 3 }
          }
        }
      }
    }
  }
}

/// The orientation in metadata.
enum ExifOrientation {
  static let prefix = Array("Exif\0\0".utf8)
  private static let tag = 0x0112

  /// The orientation that Exif data say, or, if they have no such tag, XMP data; values that there are not mean none.
  static func orientation(exif: [UInt8], xmp: [UInt8]) -> Image.Orientation {
    let value = value(exif: exif) ?? value(xmp: xmp)
    return value.flatMap(Image.Orientation.init(rawValue:)) ?? .topLeft
  }

  /// The value of the tag in the first directory of a TIFF structure; nil if it is not there.
  private static func value(exif: [UInt8]) -> Int? {
    var bytes = exif[...]
    while bytes.starts(with: prefix) { bytes = bytes.dropFirst(prefix.count) }
    let data = Array(bytes)
    let isBigEndian: Bool
    // Some writers have the 42 in the other order; Pillow takes that.
    switch data.prefix(4) {
    case [0x4d, 0x4d, 0, 0x2a], [0x4d, 0x4d, 0x2a, 0]: isBigEndian = true
    case [0x49, 0x49, 0x2a, 0], [0x49, 0x49, 0, 0x2a]: isBigEndian = false
    default: return nil
    }
    func number(_ offset: Int, count: Int) -> Int? {
      guard offset >= 0, offset <= data.count - count else { return nil }
      let digits = data[offset..<offset + count]
      return (isBigEndian ? Array(digits) : digits.reversed()).reduce(0) { $0 << 8 | Int($1) }
    }
    guard let directory = number(4, count: 4), let entries = number(directory, count: 2) else { return nil }
    var result: Int?
    for index in 0..<entries {
      let entry = directory + 2 + index * 12
      guard let tag = number(entry, count: 2), let type = number(entry + 2, count: 2),
        let count = number(entry + 4, count: 4), number(entry + 8, count: 4) != nil
      else { break }
      guard tag == Self.tag else { continue }
      // SHORT and LONG; of any other type or count it is no orientation, but stands in the way of XMP.
      result =
        switch (type, count) {
        case (3, 1): number(entry + 8, count: 2)
        case (4, 1): number(entry + 8, count: 4)
        default: 0
        }
    }
    return result
  }

  /// The digit behind `tiff:Orientation="` or `tiff:Orientation>`.
  private static func value(xmp: [UInt8]) -> Int? {
    let name = Array("tiff:Orientation".utf8)
    var rest = xmp[...]
    while let start = rest.firstIndex(of: name[0]) {
      rest = rest[start...]
      if rest.starts(with: name) {
        let behind = rest.dropFirst(name.count)
        let mark = behind.starts(with: Array("=\"".utf8)) ? 2 : behind.first == UInt8(ascii: ">") ? 1 : 0
        if mark > 0, let digit = behind.dropFirst(mark).first, (0x30...0x39).contains(digit) {
          return Int(digit - 0x30)
        }
      }
      rest = rest.dropFirst()
    }
    return nil
  }
}
