public import FileIO

extension Image {
  /// The most pixels that a resized image may have; as many as a decoded one.
  static let resizedPixelLimit = DecodingOptions().pixelLimit

  /// The image at another size, bit for bit as Pillow's `Image.resize` computes it.
  ///
  /// - Throws: `invalidOption` if a side is below 1, or the result would have more than 178,956,970 pixels.
  public func resized(to size: Size, interpolation: Interpolation) throws(ScaleNetError) -> Image {
    try resized(
      to: size, columns: 0..<max(size.width, 0), rows: 0..<max(size.height, 0), interpolation: interpolation)
  }

  /// A part of the image at another size. Only what the part needs is computed, which makes no difference to its pixels.
  ///
  /// - Parameters:
  ///   - size: of the whole.
  ///   - columns: the part, within the whole and not empty.
  ///   - rows: the same of its rows.
  public func resized(
    to size: Size, columns: Range<Int>, rows: Range<Int>, interpolation: Interpolation
  ) throws(ScaleNetError) -> Image {
    guard size.width > 0, size.height > 0 else {
      throw .invalidImageSize("resize", size, expected: "a width and height above 0")
    }
    precondition(!columns.isEmpty && !rows.isEmpty)
    precondition(columns.lowerBound >= 0 && columns.upperBound <= size.width)
    precondition(rows.lowerBound >= 0 && rows.upperBound <= size.height)
    let part = Size(width: columns.count, height: rows.count)
    if size == self.size { return cropped(x: columns.lowerBound, y: rows.lowerBound, to: part) }
    let tallest = max(rows.count, size.height == height ? rows.count : height)
    let (pixels, overflows) = part.width.multipliedReportingOverflow(by: tallest)
    guard !overflows, pixels <= Self.resizedPixelLimit else {
      throw .invalidImageSize("resize", size, expected: "at most \(Self.resizedPixelLimit) pixels")
    }
    if interpolation == .nearest {
      return resizedToNearest(size: size, columns: columns, rows: rows)
    }

    // Vertical weights tell which rows the horizontal pass is needed for.
    let vertical =
      size.height == height
      ? nil
      : ResamplingWeights(source: height, result: size.height, range: rows, interpolation: interpolation)
    let sources = vertical?.sources ?? rows
    let wide: Image
    if size.width == width {
      wide = cropped(
        x: columns.lowerBound, y: sources.lowerBound, to: Size(width: part.width, height: sources.count))
    } else {
      let weights = ResamplingWeights(
        source: width, result: size.width, range: columns, interpolation: interpolation)
      wide = resampledHorizontally(weights, rows: sources)
    }
    guard let vertical else { return wide }
    return wide.resampledVertically(vertical, firstRow: sources.lowerBound)
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

  /// The pass along rows: some rows of the image at the width that the weights are for.
  private func resampledHorizontally(_ weights: ResamplingWeights, rows: Range<Int>) -> Image {
    unsafe Image(size: Size(width: weights.starts.count, height: rows.count)) { target in
      unsafe pixels.withUnsafeBufferPointer { source in
        unsafe weights.weights.withUnsafeBufferPointer { values in
          var output = unsafe target
          for row in rows {
            let line = unsafe source.baseAddress! + row * width * 3
            for pixel in 0..<weights.starts.count {
              var input = unsafe line + weights.starts[pixel] * 3
              let weight = unsafe values.baseAddress! + pixel * weights.stride
              var red = ResamplingWeights.half
              var green = ResamplingWeights.half
              var blue = ResamplingWeights.half
              for tap in 0..<weights.counts[pixel] {
                unsafe red &+= Int32(input[0]) &* weight[tap]
                unsafe green &+= Int32(input[1]) &* weight[tap]
                unsafe blue &+= Int32(input[2]) &* weight[tap]
                unsafe input += 3
              }
              unsafe output[0] = ResamplingWeights.sample(red)
              unsafe output[1] = ResamplingWeights.sample(green)
              unsafe output[2] = ResamplingWeights.sample(blue)
              unsafe output += 3
            }
          }
        }
      }
    }
  }

  /// The pass along columns. The image's first row is the row `firstRow` that the weights count from.
  private func resampledVertically(_ weights: ResamplingWeights, firstRow: Int) -> Image {
    let stride = width * 3
    return unsafe Image(size: Size(width: width, height: weights.starts.count)) { target in
      unsafe withUnsafeTemporaryAllocation(of: Int32.self, capacity: stride) { sums in
        unsafe pixels.withUnsafeBufferPointer { source in
          let sum = sums.baseAddress!
          for row in 0..<weights.starts.count {
            unsafe sum.initialize(repeating: ResamplingWeights.half, count: stride)
            for tap in 0..<weights.counts[row] {
              let weight = weights.weights[row * weights.stride + tap]
              let line = unsafe source.baseAddress! + (weights.starts[row] - firstRow + tap) * stride
              for index in 0..<stride { unsafe sum[index] &+= Int32(line[index]) &* weight }
            }
            let output = unsafe target + row * stride
            for index in 0..<stride { unsafe output[index] = ResamplingWeights.sample(sum[index]) }
          }
        }
      }
    }
  }
}
