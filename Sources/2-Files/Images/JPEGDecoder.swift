import CImageCodec
import FileIO

// Safe: the library gets the address of bytes that are kept for as long as the reader lives, and writes as many
// samples as the header that was read before has.

/// JPEG images, through libjpeg-turbo.
enum JPEGDecoder {
  /// The most scans of a progressive image, five times what any encoder is known to write.
  static let scanLimit: Int32 = 500

  /// The image as it is stored.
  static func decode(
    _ bytes: ByteRegion, options: Image.DecodingOptions
  ) throws(ScaleNetError) -> Image {
    try unsafe bytes.withUnsafeBytes { (source) throws(ScaleNetError) in
      let reader = unsafe try Reader(source, path: bytes.origin)
      let header = try reader.header(pixelLimit: options.pixelLimit)
      try reader.start()
      return try reader.image(header)
    }
  }

  /// The library's decompressor.
  @safe private struct Reader: ~Copyable {
    private let jpeg: OpaquePointer
    private let path: String
    private let count: Int

    init(_ source: UnsafeRawBufferPointer, path: String) throws(ScaleNetError) {
      guard
        let jpeg = unsafe scalenet_jpeg_create(
          source.baseAddress!.assumingMemoryBound(to: UInt8.self), source.count)
      else { throw .noMemory(for: "a JPEG decoder") }
      unsafe self.jpeg = jpeg
      self.path = path
      count = source.count
    }

    deinit { unsafe scalenet_jpeg_destroy(jpeg) }

    func header(pixelLimit: Int) throws(ScaleNetError) -> scalenet_jpeg_header {
      var header = scalenet_jpeg_header()
      try check(unsafe scalenet_jpeg_read_header(jpeg, &header), place: "header", expected: "an image")
      let size = Image.Size(width: Int(header.width), height: Int(header.height))
      guard size.width * size.height <= pixelLimit else {
        throw .imageTooLarge(path: path, size: size, limit: pixelLimit)
      }
      return header
    }

    func start() throws(ScaleNetError) {
      try check(
        unsafe scalenet_jpeg_start(jpeg, JPEGDecoder.scanLimit), place: "image data",
        expected: "all scans and the end marker")
    }

    func image(_ header: scalenet_jpeg_header) throws(ScaleNetError) -> Image {
      let (width, height) = (Int(header.width), Int(header.height))
      var status = SCALENET_IMAGE_DONE
      let image = unsafe Image(size: Image.Size(width: width, height: height)) { target in
        switch header.channels {
        case 3:
          status = unsafe scalenet_jpeg_read_rows(jpeg, target, height)
        default:
          let channels = Int(header.channels)
          unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: width * channels) { row in
            for index in 0..<height {
              status = unsafe scalenet_jpeg_read_rows(jpeg, row.baseAddress!, 1)
              guard status == SCALENET_IMAGE_DONE else { return }
              let output = unsafe target + index * width * 3
              if channels == 1 {
                unsafe Rows.expandGrey(row.baseAddress!, to: output, count: width)
              } else {
                unsafe Rows.convertInvertedCMYK(row.baseAddress!, to: output, count: width)
              }
            }
          }
        }
      }
      let read = unsafe scalenet_jpeg_rows_read(jpeg)
      try check(status, place: "image data", expected: "\(height) rows, of which \(read) are there")
      return image
    }

    private func check(
      _ status: scalenet_image_status, place: String, expected: @autoclosure () -> String
    ) throws(ScaleNetError) {
      guard status != SCALENET_IMAGE_DONE else { return }
      if status == SCALENET_IMAGE_TRUNCATED {
        throw .truncatedImage(
          path: path, format: .jpeg, place: place, offset: count, expected: expected())
      }
      throw .damagedImage(
        path: path, format: .jpeg, offset: unsafe scalenet_jpeg_position(jpeg),
        reason: unsafe String(cString: scalenet_jpeg_message(jpeg)))
    }
  }
}

/// The segments of a JPEG file before its first scan.
enum JPEGSegments {
  /// How the image is to be turned, by Exif or XMP data in APP1 segments.
  ///
  /// Segments are looked for as Pillow does. Nothing is an error here: what is damaged is libjpeg's to say.
  static func orientation(_ bytes: ByteRegion) -> Image.Orientation {
    var exif: [UInt8] = []
    var xmp: [UInt8] = []
    bytes.withBytes { span in
      var offset = 2
      while offset + 1 < span.byteCount {
        guard span.byte(at: offset) == 0xff else {
          offset += 1
          continue
        }
        let marker = span.byte(at: offset + 1)
        offset += 1
        // 0xff may be repeated before a marker.
        if marker == 0xff { continue }
        offset += 1
        if marker == 0xda { return }
        // These have no length.
        if marker < 0xc0 || marker == 0xc8 || (0xd0...0xd9).contains(marker) || (0xf0...0xfd).contains(marker)
        {
          continue
        }
        guard let length = span.bigEndian16(offset), length >= 2 else { return }
        if marker == 0xe1, let segment = span.copy(offset + 2, count: length - 2) {
          // Exif data longer than a segment continues in the next.
          if segment.starts(with: ExifOrientation.prefix) { exif += segment.dropFirst(6) }
          if segment.starts(with: Self.xmpPrefix) { xmp = segment }
        }
        offset += length
      }
    }
    return ExifOrientation.orientation(exif: exif, xmp: xmp)
  }

  private static let xmpPrefix = Array("http://ns.adobe.com/xap/1.0/\0".utf8)
}
