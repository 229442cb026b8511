public import FileIO

extension Image {
  /// How an image file is decoded.
  public struct DecodingOptions: Sendable, Hashable {
    /// The most pixels that an image may have, which bounds the memory it takes to 3 bytes each (up to 11 while some
    /// kinds are converted). The default is the size from which Pillow refuses to open an image.
    public var pixelLimit: Int
    /// Whether the image is turned as its Exif or XMP data say, as Pillow's `ImageOps.exif_transpose` does. Neither
    /// torchvision nor timm does that.
    public var appliesOrientation: Bool
    /// What stands behind pixels that are not opaque. Without it alpha is dropped and the colours stay as they are in
    /// the file, as in Pillow's `convert("RGB")`.
    public var background: Color?

    public init(
      pixelLimit: Int = 178_956_970, appliesOrientation: Bool = true, background: Color? = nil
    ) {
      self.pixelLimit = pixelLimit
      self.appliesOrientation = appliesOrientation
      self.background = background
    }
  }

  /// Decodes a JPEG or PNG image to 8-bit RGB, as Pillow's `Image.open(file).convert("RGB")` does.
  ///
  /// JPEG: grey, YCbCr, RGB, CMYK and YCCK; baseline, extended and progressive; the two last colour spaces inverted,
  /// as Adobe writes them. PNG: all kinds; grey of 16 bits is cut off at 255 and not scaled, other samples of 16 bits
  /// lose their low byte, palette indices without an entry are black. Colour profiles and gamma are not applied.
  /// Damage that libjpeg gets over (missing blocks, wrong restart markers) is got over, a file that ends too early is
  /// an error, as in Pillow.
  ///
  /// Several threads can decode at a time, also from one region.
  ///
  /// - Throws: `ScaleNetError` of kind `invalidInput` for other formats, which are named, for damaged and truncated
  ///   files, for images of more than `pixelLimit` pixels, and if a mapped file was shortened meanwhile.
  public init(decoding bytes: ByteRegion, options: DecodingOptions = DecodingOptions()) throws(ScaleNetError)
  {
    guard bytes.count > 0 else { throw .unsupportedImage(path: bytes.origin, found: "an empty file") }
    let stored: Image
    let orientation: Orientation
    do {
      (stored, orientation) = try Self.stored(bytes, options: options)
    } catch {
      // What is missing may have been there when the file was opened.
      try bytes.checkIntact()
      throw error
    }
    try bytes.checkIntact()
    self = stored.oriented(orientation)
  }

  /// The image as it is stored, and how it is to be turned.
  private static func stored(
    _ bytes: ByteRegion, options: DecodingOptions
  ) throws(ScaleNetError) -> (Image, Orientation) {
    switch ImageFormat.detect(bytes) {
    case .jpeg:
      let image = try JPEGDecoder.decode(bytes, options: options)
      return (image, options.appliesOrientation ? JPEGSegments.orientation(bytes) : .topLeft)
    case .png:
      let chunks = PNGChunks(bytes)
      let image = try PNGDecoder.decode(bytes, chunks: chunks, options: options)
      return (image, options.appliesOrientation ? chunks.orientation : .topLeft)
    case .some(let other): throw .unsupportedImage(path: bytes.origin, found: other.phrase)
    case nil: throw .unsupportedImage(path: bytes.origin, found: "no image format that is known")
    }
  }
}

extension RawSpan {
  /// A big-endian number of two bytes; nil if it is not all there.
  func bigEndian16(_ offset: Int) -> Int? {
    guard offset >= 0, byteCount >= 2, offset <= byteCount - 2 else { return nil }
    return Int(byte(at: offset)) << 8 | Int(byte(at: offset + 1))
  }

  /// A big-endian number of four bytes; nil if it is not all there.
  func bigEndian32(_ offset: Int) -> Int? {
    guard let high = bigEndian16(offset), let low = bigEndian16(offset + 2) else { return nil }
    return high << 16 | low
  }

  /// A copy of the bytes of a range; nil if they are not all there.
  func copy(_ offset: Int, count: Int) -> [UInt8]? {
    guard offset >= 0, count >= 0, offset <= byteCount, count <= byteCount - offset else { return nil }
    return array(offset..<offset + count)
  }
}
