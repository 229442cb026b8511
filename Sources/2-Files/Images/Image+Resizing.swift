public import FileIO

// Safe: sources lie within the image, as the weights were made for its width or height, and every pixel of the result
// is written once.

extension Image {
  /// The most pixels that a resized image may have; as many as a decoded one.
  static let resizedPixelLimit = DecodingOptions().pixelLimit

  /// The image at another size, bit for bit as Pillow's `Image.resize` computes it.
  ///
  /// - Throws: `invalidOption` if a side is below 1, or the result would have more than 178,956,970 pixels.
  public func resized(
    to size: Size, interpolation: Interpolation, order: ResamplingOrder = .pillow13
  ) throws(ScaleNetError) -> Image {
    try resized(
      to: size, columns: 0..<max(size.width, 0), rows: 0..<max(size.height, 0), interpolation: interpolation,
      order: order)
  }

  /// A part of the image at another size. Only what the part needs is computed, which makes no difference to its pixels.
  ///
  /// - Parameters:
  ///   - size: of the whole.
  ///   - columns: the part, within the whole and not empty.
  ///   - rows: the same of its rows.
  public func resized(
    to size: Size, columns: Range<Int>, rows: Range<Int>, interpolation: Interpolation,
    order: ResamplingOrder = .pillow13
  ) throws(ScaleNetError) -> Image {
    let sides = 1...Int(Int32.max)
    guard sides.contains(size.width), sides.contains(size.height) else {
      throw .invalidOption(
        "size", expected: "a width and height above 0 and below 2147483648", found: "\(size)")
    }
    precondition(!columns.isEmpty && !rows.isEmpty)
    precondition(columns.lowerBound >= 0 && columns.upperBound <= size.width)
    precondition(rows.lowerBound >= 0 && rows.upperBound <= size.height)
    let part = Size(width: columns.count, height: rows.count)
    if size == self.size { return cropped(x: columns.lowerBound, y: rows.lowerBound, to: part) }
    let tallest = max(rows.count, size.height == height ? rows.count : height)
    let (pixels, overflows) = part.width.multipliedReportingOverflow(by: tallest)
    guard !overflows, pixels <= Self.resizedPixelLimit else {
      throw .invalidOption(
        "size", expected: "at most \(Self.resizedPixelLimit) pixels", found: "\(size)")
    }
    if interpolation == .nearest {
      return resizedToNearest(size: size, columns: columns, rows: rows)
    }

    let horizontal =
      size.width == width
      ? nil
      : ResamplingWeights(source: width, result: size.width, range: columns, interpolation: interpolation)
    let vertical =
      size.height == height
      ? nil
      : ResamplingWeights(source: height, result: size.height, range: rows, interpolation: interpolation)
    // Each pass does only what the next one reads.
    let sourceColumns = horizontal?.sources ?? columns
    let sourceRows = vertical?.sources ?? rows
    guard let horizontal else {
      return vertical!.applied(alongColumnsOf: self, columns: sourceColumns, firstRow: 0)
    }
    guard let vertical else {
      return horizontal.applied(alongRowsOf: self, rows: sourceRows, firstColumn: 0)
    }
    if order.goesAlongColumnsFirst(from: self.size, to: size) {
      return horizontal.applied(
        alongRowsOf: vertical.applied(alongColumnsOf: self, columns: sourceColumns, firstRow: 0),
        rows: 0..<rows.count, firstColumn: sourceColumns.lowerBound)
    }
    return vertical.applied(
      alongColumnsOf: horizontal.applied(alongRowsOf: self, rows: sourceRows, firstColumn: 0),
      columns: 0..<columns.count, firstRow: sourceRows.lowerBound)
  }

  private func resizedToNearest(size: Size, columns: Range<Int>, rows: Range<Int>) -> Image {
    let inputColumns = nearestSources(source: width, result: size.width, range: columns)
    let inputRows = nearestSources(source: height, result: size.height, range: rows)
    return unsafe Image(size: Size(width: columns.count, height: rows.count)) { target in
      unsafe pixels.withUnsafeBufferPointer { source in
        var output = unsafe target
        for row in inputRows {
          let line = unsafe source.baseAddress! + row * width * 3
          for column in inputColumns {
            unsafe output[0] = line[column * 3]
            unsafe output[1] = line[column * 3 + 1]
            unsafe output[2] = line[column * 3 + 2]
            unsafe output += 3
          }
        }
      }
    }
  }
}

extension ResamplingWeights {
  /// The pass along rows.
  ///
  /// - Parameters:
  ///   - rows: those of the image that are wanted.
  ///   - firstColumn: what the image's first column is to the weights.
  fileprivate func applied(alongRowsOf image: Image, rows: Range<Int>, firstColumn: Int) -> Image {
    unsafe Image(size: Image.Size(width: starts.count, height: rows.count)) { target in
      unsafe image.pixels.withUnsafeBufferPointer { source in
        unsafe weights.withUnsafeBufferPointer { values in
          var output = unsafe target
          for row in rows {
            let line = unsafe source.baseAddress! + row * image.width * 3
            for pixel in 0..<starts.count {
              var input = unsafe line + (starts[pixel] - firstColumn) * 3
              let weight = unsafe values.baseAddress! + pixel * stride
              var red = Self.half
              var green = Self.half
              var blue = Self.half
              for tap in 0..<counts[pixel] {
                unsafe red &+= Int32(input[0]) &* weight[tap]
                unsafe green &+= Int32(input[1]) &* weight[tap]
                unsafe blue &+= Int32(input[2]) &* weight[tap]
                unsafe input += 3
              }
              unsafe output[0] = Self.sample(red)
              unsafe output[1] = Self.sample(green)
              unsafe output[2] = Self.sample(blue)
              unsafe output += 3
            }
          }
        }
      }
    }
  }

  /// The pass along columns.
  ///
  /// - Parameters:
  ///   - columns: those of the image that are wanted.
  ///   - firstRow: what the image's first row is to the weights.
  fileprivate func applied(alongColumnsOf image: Image, columns: Range<Int>, firstRow: Int) -> Image {
    let samples = columns.count * 3
    return unsafe Image(size: Image.Size(width: columns.count, height: starts.count)) { target in
      unsafe withUnsafeTemporaryAllocation(of: Int32.self, capacity: samples) { sums in
        unsafe image.pixels.withUnsafeBufferPointer { source in
          let sum = sums.baseAddress!
          for row in 0..<starts.count {
            unsafe sum.initialize(repeating: Self.half, count: samples)
            for tap in 0..<counts[row] {
              let weight = weights[row * stride + tap]
              let line =
                unsafe source.baseAddress!
                + ((starts[row] - firstRow + tap) * image.width + columns.lowerBound) * 3
              for index in 0..<samples { unsafe sum[index] &+= Int32(line[index]) &* weight }
            }
            let output = unsafe target + row * samples
            for index in 0..<samples { unsafe output[index] = Self.sample(sum[index]) }
          }
        }
      }
    }
  }
}
