#if SCALENET_WIDE
  internal import Kernels
#endif

/// Reduces the windows of an output row in two passes: first down the columns, whole vectors at a time, into a line
/// with its padding, then along the line.
final class WindowPass<Reduction: WindowReduction> {
  private let window: Window
  private let input: Extent
  private let output: Extent
  private let line: FloatBuffer

  init(_ window: Window, input: Extent, output: Extent) {
    self.window = window
    self.input = input
    self.output = output
    // A last window may hang over the end of the padding.
    let reach =
      (output.width - 1) * window.strides.width + (window.kernel.width - 1) * window.dilations.width + 1
    line = FloatBuffer(
      count: max(input.width + window.padding.left + window.padding.right, reach) + 2 * Tile.columns)
    for index in 0..<line.count { unsafe line.elements[index] = Reduction.identity }
  }

  /// The rows of the window at output row `row` that lie on the image.
  @inline(__always)
  private func taps(_ row: Int) -> Range<Int> {
    Window.taps(
      row, kernel: window.kernel.height, stride: window.strides.height, dilation: window.dilations.height,
      padding: window.padding.top, size: input.height)
  }

  /// Reduces the windows of output row `row` of the plane at `source`.
  @inline(__always)
  func run(_ row: Int, _ source: UnsafeMutablePointer<Float>, into target: UnsafeMutablePointer<Float>) {
    unsafe reduceColumns(row, source)
    let tapCount = window.kernel.width
    let dilation = window.dilations.width
    let step = window.strides.width
    var index = 0
    if step == 1 {
      while index + Tile.lanes <= output.width {
        var result = unsafe Vector.load(line.elements + index)
        for tap in 1..<max(tapCount, 1) {
          result = unsafe Reduction.combine(result, .load(line.elements + (index + tap * dilation)))
        }
        unsafe result.store(target + index)
        index += Tile.lanes
      }
    } else if step == 2 {
      while index + Tile.lanes <= output.width {
        var result = unsafe Vector.everyOther(line.elements + 2 * index)
        for tap in 1..<max(tapCount, 1) {
          result = unsafe Reduction.combine(
            result, .everyOther(line.elements + (2 * index + tap * dilation)))
        }
        unsafe result.store(target + index)
        index += Tile.lanes
      }
    }
    while index < output.width {
      let first = unsafe line.elements + index * step
      var result = unsafe first[0]
      for tap in 1..<max(tapCount, 1) { result = unsafe Reduction.combine(result, first[tap * dilation]) }
      unsafe target[index] = result
      index += 1
    }
  }

  @inline(__always)
  private func reduceColumns(_ row: Int, _ source: UnsafeMutablePointer<Float>) {
    let taps = taps(row)
    let width = input.width
    let step = window.dilations.height * width
    let first =
      unsafe source
      + (row * window.strides.height - window.padding.top + taps.lowerBound * window.dilations.height) * width
    let target = unsafe line.elements + window.padding.left
    var index = 0
    while index + Tile.lanes <= width {
      var result = Vector(repeating: Reduction.identity)
      for tap in 0..<taps.count {
        result = unsafe Reduction.combine(result, .load(first + (tap * step + index)))
      }
      unsafe result.store(target + index)
      index += Tile.lanes
    }
    while index < width {
      var result = Reduction.identity
      for tap in 0..<taps.count { result = unsafe Reduction.combine(result, first[tap * step + index]) }
      unsafe target[index] = result
      index += 1
    }
  }
}
