import CImageCodec
public import FileIO

// Safe: the pixels are 3 bytes for each of width x height, as every image's; what the library gives is copied as far
// as its count, and freed.

extension Image {
  /// The image as a PNG file.
  public func pngData() throws(ScaleNetError) -> [UInt8] {
    try unsafe encoded("a PNG image") { pixels, count in
      unsafe scalenet_png_encode(pixels, UInt32(width), UInt32(height), &count)
    }
  }

  /// The image as a baseline JPEG file with halved chroma, as Pillow saves it.
  ///
  /// - Parameter quality: from 1 to 100.
  /// - Throws: `invalidOption` if a side is longer than JPEG's 65,500 pixels.
  public func jpegData(quality: Int = 85) throws(ScaleNetError) -> [UInt8] {
    precondition((1...100).contains(quality))
    guard width <= 65_500, height <= 65_500 else {
      throw .invalidOption(
        "size", expected: "sides of at most 65500 pixels for a JPEG image", found: "\(size)")
    }
    return try unsafe encoded("a JPEG image") { pixels, count in
      unsafe scalenet_jpeg_encode(pixels, UInt32(width), UInt32(height), Int32(quality), &count)
    }
  }

  @unsafe private func encoded(
    _ what: String, _ encode: (UnsafePointer<UInt8>, inout Int) -> UnsafeMutablePointer<UInt8>?
  ) throws(ScaleNetError) -> [UInt8] {
    var count = 0
    guard let bytes = unsafe pixels.withUnsafeBufferPointer({ unsafe encode($0.baseAddress!, &count) }) else {
      throw .noMemory(for: what)
    }
    defer { unsafe scalenet_image_free(bytes) }
    return unsafe [UInt8](UnsafeBufferPointer(start: bytes, count: count))
  }
}
