import CImageCodec
import FileIO

// Safe: the library gets the address of bytes that are kept for as long as the reader lives, and writes rows of the
// length that follows from the header that was read before.

/// PNG images, through libpng, which undoes compression, filters and interlacing; samples become colours here.
enum PNGDecoder {
  /// The image as it is stored.
  ///
  /// - Parameter chunks: of the same bytes.
  static func decode(
    _ bytes: ByteRegion, chunks: PNGChunks, options: Image.DecodingOptions
  ) throws(ScaleNetError) -> Image {
    let image = try unsafe bytes.withUnsafeBytes { (source) throws(ScaleNetError) in
      let reader = unsafe try Reader(source, path: bytes.origin)
      let header = try reader.header(pixelLimit: options.pixelLimit)
      let conversion = PNGConversion(header, chunks: chunks, background: options.background)
      try reader.start(keeps16Bits: conversion.keeps16Bits)
      return try reader.image(header, conversion)
    }
    if let offset = chunks.truncatedOffset {
      throw .truncatedImage(
        path: bytes.origin, format: .png, place: "chunk behind the image data", offset: offset,
        expected: "as many bytes as the chunk says")
    }
    return image
  }

  /// The library's decompressor.
  @safe private struct Reader: ~Copyable {
    private let png: OpaquePointer
    private let path: String
    private let count: Int

    init(_ source: UnsafeRawBufferPointer, path: String) throws(ScaleNetError) {
      guard
        let png = unsafe scalenet_png_create(
          source.baseAddress!.assumingMemoryBound(to: UInt8.self), source.count)
      else { throw .noMemory(for: "a PNG decoder") }
      unsafe self.png = png
      self.path = path
      count = source.count
    }

    deinit { unsafe scalenet_png_destroy(png) }

    func header(pixelLimit: Int) throws(ScaleNetError) -> scalenet_png_header {
      var header = scalenet_png_header()
      try check(
        unsafe scalenet_png_read_header(png, &header), place: "header",
        expected: "chunks up to the first IDAT")
      let size = Image.Size(width: Int(header.width), height: Int(header.height))
      guard size.width * size.height <= pixelLimit else {
        throw .imageTooLarge(path: path, size: size, limit: pixelLimit)
      }
      return header
    }

    func start(keeps16Bits: Bool) throws(ScaleNetError) {
      try check(unsafe scalenet_png_start(png, keeps16Bits ? 1 : 0), place: "image data", expected: "rows")
    }

    func image(
      _ header: scalenet_png_header, _ conversion: PNGConversion
    ) throws(ScaleNetError) -> Image {
      let (width, height) = (Int(header.width), Int(header.height))
      let rowBytes = width * conversion.bytesPerPixel
      // Interlaced rows come in seven passes over the whole image.
      let rowsAtOnce = header.is_interlaced != 0 ? height : 1
      var status = SCALENET_IMAGE_DONE
      let image = unsafe Image(size: Image.Size(width: width, height: height)) { target in
        let rows = UnsafeMutablePointer<UInt8>.allocate(capacity: rowBytes * rowsAtOnce)
        defer { unsafe rows.deallocate() }
        for first in stride(from: 0, to: height, by: rowsAtOnce) {
          status = unsafe scalenet_png_read_rows(png, rows, rowsAtOnce)
          guard status == SCALENET_IMAGE_DONE else { return }
          for index in 0..<rowsAtOnce {
            unsafe conversion.convert(
              rows + index * rowBytes, to: target + (first + index) * width * 3, count: width)
          }
        }
      }
      let read = unsafe scalenet_png_rows_read(png)
      try check(status, place: "image data", expected: "\(height) rows, of which \(read) are there")
      return image
    }

    private func check(
      _ status: scalenet_image_status, place: String, expected: @autoclosure () -> String
    ) throws(ScaleNetError) {
      guard status != SCALENET_IMAGE_DONE else { return }
      if status == SCALENET_IMAGE_TRUNCATED {
        throw .truncatedImage(path: path, format: .png, place: place, offset: count, expected: expected())
      }
      throw .damagedImage(
        path: path, format: .png, offset: unsafe scalenet_png_position(png),
        reason: unsafe String(cString: scalenet_png_message(png)))
    }
  }
}

/// How the samples of a PNG image become RGB.
struct PNGConversion {
  private enum Kind {
    /// One byte, through the table.
    case table
    case grey16
    case greyAlpha
    case rgb
    case rgb16
    case rgba
  }

  private let kind: Kind
  private let background: Image.Color?
  /// For each sample of one byte its three channels.
  private var table: [UInt8] = []
  /// The samples, of 16 bits, that are transparent as a whole.
  private let transparentSamples: [UInt16]
  /// Whether both bytes of a sample are looked at.
  let keeps16Bits: Bool
  /// Of the rows as they are read.
  let bytesPerPixel: Int

  init(_ header: scalenet_png_header, chunks: PNGChunks, background: Image.Color?) {
    self.background = background
    // Alpha counts only where there is something behind it.
    let transparency = background == nil ? [] : chunks.transparency
    switch (header.color_type, header.bit_depth) {
    case (0, 16): kind = .grey16
    case (2, 16) where transparency.count >= 6: kind = .rgb16
    case (2, _): kind = .rgb
    case (4, _): kind = .greyAlpha
    case (6, _): kind = .rgba
    default: kind = .table
    }
    keeps16Bits = kind == .grey16 || kind == .rgb16
    bytesPerPixel = Int(header.channels) * (keeps16Bits ? 2 : 1)
    let isKeyed =
      (header.color_type == 0 && transparency.count >= 2)
      || (header.color_type == 2 && transparency.count >= 6)
    transparentSamples =
      isKeyed
      ? (0..<Int(header.channels)).map {
        UInt16(transparency[$0 * 2]) << 8 | UInt16(transparency[$0 * 2 + 1])
      } : []
    if kind == .table {
      table = makeTable(header, palette: chunks.palette, transparency: transparency)
    }
  }

  private func makeTable(
    _ header: scalenet_png_header, palette: [UInt8], transparency: [UInt8]
  ) -> [UInt8] {
    let isPalette = header.color_type == 3
    let largest = 1 << Int(header.bit_depth) - 1
    return (0..<256).flatMap { sample -> [UInt8] in
      let channels: [UInt8]
      var alpha: UInt8 = 255
      if isPalette {
        // What has no entry is black.
        channels = sample * 3 + 2 < palette.count ? Array(palette[sample * 3..<sample * 3 + 3]) : [0, 0, 0]
        if sample < transparency.count { alpha = transparency[sample] }
      } else {
        channels = [UInt8](repeating: UInt8(min(sample, largest) * 255 / largest), count: 3)
        if transparentSamples == [UInt16(sample)] { alpha = 0 }
      }
      guard let background else { return channels }
      return zip(channels, [background.red, background.green, background.blue]).map {
        Rows.composite($0, alpha: alpha, over: $1)
      }
    }
  }

  /// Converts a row as the reader gives it.
  @unsafe func convert(
    _ source: UnsafePointer<UInt8>, to target: UnsafeMutablePointer<UInt8>, count: Int
  ) {
    let behind = background ?? .black
    switch kind {
    case .table:
      unsafe table.withUnsafeBufferPointer { table in
        for index in 0..<count {
          let entry = unsafe Int(source[index]) * 3
          unsafe target[index * 3] = table[entry]
          unsafe target[index * 3 + 1] = table[entry + 1]
          unsafe target[index * 3 + 2] = table[entry + 2]
        }
      }
    case .grey16:
      for index in 0..<count {
        let sample = unsafe UInt16(source[index * 2]) << 8 | UInt16(source[index * 2 + 1])
        // Pillow's mode I;16 has no scale of its own: what is above 255 becomes white.
        let value = UInt8(clamping: sample)
        let isTransparent = transparentSamples.first == sample
        unsafe target[index * 3] = isTransparent ? behind.red : value
        unsafe target[index * 3 + 1] = isTransparent ? behind.green : value
        unsafe target[index * 3 + 2] = isTransparent ? behind.blue : value
      }
    case .greyAlpha:
      for index in 0..<count {
        let value = unsafe source[index * 2]
        let alpha = background == nil ? 255 : unsafe source[index * 2 + 1]
        unsafe put(value, value, value, alpha: alpha, over: behind, at: target + index * 3)
      }
    case .rgb:
      unsafe target.update(from: source, count: count * 3)
      guard transparentSamples.count == 3 else { return }
      for index in 0..<count
      where (0..<3).allSatisfy({ unsafe UInt16(source[index * 3 + $0]) == transparentSamples[$0] }) {
        unsafe behind.write(to: target + index * 3, count: 1)
      }
    case .rgb16:
      for index in 0..<count {
        var isTransparent = true
        for channel in 0..<3 {
          let high = unsafe source[index * 6 + channel * 2]
          let low = unsafe source[index * 6 + channel * 2 + 1]
          if transparentSamples[channel] != UInt16(high) << 8 | UInt16(low) { isTransparent = false }
          unsafe target[index * 3 + channel] = high
        }
        if isTransparent { unsafe behind.write(to: target + index * 3, count: 1) }
      }
    case .rgba:
      for index in 0..<count {
        let pixel = unsafe source + index * 4
        let alpha = background == nil ? 255 : unsafe pixel[3]
        unsafe put(pixel[0], pixel[1], pixel[2], alpha: alpha, over: behind, at: target + index * 3)
      }
    }
  }

  @inline(__always)
  @unsafe private func put(
    _ red: UInt8, _ green: UInt8, _ blue: UInt8, alpha: UInt8, over behind: Image.Color,
    at target: UnsafeMutablePointer<UInt8>
  ) {
    unsafe target[0] = Rows.composite(red, alpha: alpha, over: behind.red)
    unsafe target[1] = Rows.composite(green, alpha: alpha, over: behind.green)
    unsafe target[2] = Rows.composite(blue, alpha: alpha, over: behind.blue)
  }
}
