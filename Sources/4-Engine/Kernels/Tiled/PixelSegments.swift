/// Consecutive output pixels as runs that lie in one image row each, and the gathering of their taps.
final class PixelSegments {
  private var count = 0
  /// For each run: its place in the source, its place in the panel and its length.
  private var sources = InlineArray<32, Int>(repeating: 0)
  private var targets = InlineArray<32, Int>(repeating: 0)
  private var lengths = InlineArray<32, Int>(repeating: 0)

  /// At most 32 pixels, counted over all images.
  init(_ pixels: Range<Int>, layout: ImageLayout, imageStride: Int) {
    var pixel = pixels.lowerBound
    while pixel < pixels.upperBound {
      let line = pixel / layout.columns
      let column = pixel % layout.columns
      let length = min(pixels.upperBound - pixel, layout.columns - column)
      sources[count] = line / layout.rows * imageStride + line % layout.rows * layout.rowStep + column
      targets[count] = pixel - pixels.lowerBound
      lengths[count] = length
      count += 1
      pixel += length
    }
  }

  /// Fills `target` [depth, pitch] with the taps of the pixels.
  ///
  /// Whole vectors are copied where both sides have room: what is written too much is overwritten by what follows.
  ///
  /// - Parameters:
  ///   - source: the first channel of the first image
  ///   - sourceEnd: the end of what may be read
  ///   - taps: the place of each tap, relative to a pixel's first
  func gather(
    from source: UnsafePointer<Float>, sourceEnd: UnsafePointer<Float>, taps: UnsafePointer<Int32>,
    depth: Int,
    pitch: Int, into target: UnsafeMutablePointer<Float>
  ) {
    let targetEnd = unsafe target + depth * pitch
    if count == 1 && lengths[0] == Tile.columns {
      for tap in 0..<depth {
        let from = unsafe source + (Int(taps[tap]) + sources[0])
        let line = unsafe target + tap * pitch
        unsafe Vector.load(from).store(line)
        unsafe Vector.load(from + Tile.lanes).store(line + Tile.lanes)
      }
      return
    }
    for tap in 0..<depth {
      let origin = unsafe source + Int(taps[tap])
      let line = unsafe target + tap * pitch
      for segment in 0..<count {
        let from = unsafe origin + sources[segment]
        let to = unsafe line + targets[segment]
        let length = lengths[segment]
        var index = 0
        while unsafe index < length && from + (index + Tile.lanes) <= sourceEnd
          && to + (index + Tile.lanes) <= targetEnd
        {
          unsafe Vector.load(from + index).store(to + index)
          index += Tile.lanes
        }
        while index < length {
          unsafe to[index] = unsafe from[index]
          index += 1
        }
      }
    }
  }
}
