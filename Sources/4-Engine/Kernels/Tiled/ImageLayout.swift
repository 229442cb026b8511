#if SCALENET_WIDE
  internal import Kernels
#endif

/// Where a convolution finds its pixels: in the input itself, or in a padded copy of it.
///
/// In the copy the columns of an image row are sorted by their remainder of the horizontal stride. So for each tap
/// of the kernel, neighbouring output pixels of a row read neighbouring elements, whatever the stride.
final class ImageLayout: Sendable {
  /// Whether the input has to be copied first.
  let needsCopy: Bool
  /// Output rows and columns as the panels see them: one row for a pointwise convolution.
  let rows: Int
  let columns: Int
  /// Elements from one output row to the next, in the source.
  let rowStep: Int
  /// Elements of a channel, in the source.
  let planeSize: Int

  /// The copy: elements of a row of one remainder, of a whole row, and the number of rows.
  private let phaseWidth: Int
  private let rowPitch: Int
  private let height: Int
  private let window: Window
  private let input: Extent

  init(_ geometry: Convolution) {
    window = geometry.window
    input = geometry.input
    let output = geometry.output
    let isDense = window.strides == Extent(1, 1) && window.padding.isZero
    needsCopy = !isDense
    if isDense {
      (phaseWidth, rowPitch, height) = (input.width, input.width, input.height)
    } else {
      let width = input.width + window.padding.left + window.padding.right
      phaseWidth = (width + window.strides.width - 1) / window.strides.width
      rowPitch = phaseWidth * window.strides.width
      height = input.height + window.padding.top + window.padding.bottom
    }
    planeSize = height * rowPitch
    let isPointwise = isDense && window.kernel == Extent(1, 1)
    rows = isPointwise ? 1 : output.height
    columns = isPointwise ? output.area : output.width
    rowStep = window.strides.height * rowPitch
  }

  /// Elements from an output pixel's first tap to tap `index`, counted channel, row, column.
  func tapOffset(_ index: Int) -> Int {
    let kernel = window.kernel
    let x = index % kernel.width * window.dilations.width
    let y = index / kernel.width % kernel.height * window.dilations.height
    let phases = needsCopy ? window.strides.width : 1
    return index / kernel.area * planeSize + y * rowPitch + x % phases * phaseWidth + x / phases
  }

  /// Copies one plane, and zeros around it.
  func copy(_ source: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>) {
    let phases = window.strides.width
    for row in 0..<height {
      let y = row - window.padding.top
      for phase in 0..<phases {
        let line = unsafe target + row * rowPitch + phase * phaseWidth
        guard y >= 0, y < input.height else {
          for index in 0..<phaseWidth { unsafe line[index] = 0 }
          continue
        }
        // Padded column x = phase + index * phases holds input column x - left.
        let first = max(0, (window.padding.left - phase + phases - 1) / phases)
        let end = input.width + window.padding.left - phase
        let last = min(phaseWidth, max(first, end <= 0 ? 0 : (end + phases - 1) / phases))
        let begin = min(first, last)
        for index in 0..<begin { unsafe line[index] = 0 }
        let from = unsafe source + y * input.width + (phase - window.padding.left)
        if phases == 1 {
          unsafe (line + begin).update(from: from + begin, count: last - begin)
        } else {
          var index = begin
          // Two vectors that end within the row have one vector of every other element.
          while phases == 2, index + Tile.lanes <= last,
            phase - window.padding.left + 2 * (index + Tile.lanes) <= input.width
          {
            unsafe Vector.everyOther(from + 2 * index).store(line + index)
            index += Tile.lanes
          }
          while index < last {
            unsafe line[index] = unsafe from[index * phases]
            index += 1
          }
        }
        for index in last..<phaseWidth { unsafe line[index] = 0 }
      }
    }
  }
}
