/// Where in a tensor the errors lie: the largest in each cell of a grid, as a part of the reference's largest magnitude.
package struct ErrorMap: Sendable, Hashable {
  /// The most cells along an axis.
  private static let mostCells = 56

  /// What the tensor is called.
  package let name: String
  package let shape: [Int]
  /// What rows and columns of the grid are: `rows of the image`, `columns of the image`; or `elements`.
  package let axes: String
  package let rows: Int
  package let columns: Int
  /// Row by row; infinite where one side alone is not finite.
  package let cells: [Double]
  /// The largest error of each channel, or of each group of neighbouring ones; empty where the tensor is no image.
  package let channels: [Double]

  /// - Parameters:
  ///   - own: the left's elements, row-major.
  ///   - other: the right's, in the same order.
  init(name: String, own: [Float], other: [Float], shape: [Int]) {
    self.name = name
    self.shape = shape
    let isImage = shape.count == 4
    // Elements of what is no image are laid out in lines of the last axis, or folded where that is all there is.
    let count = own.count
    let last = shape.last ?? 1
    let height: Int
    let width: Int
    if isImage || (shape.count > 1 && count > last) {
      width = max(last, 1)
      height = isImage ? shape[2] : count / max(last, 1)
      axes = isImage ? "rows and columns of the image" : "lines, and elements of the last axis"
    } else {
      width = max(1, min(count, Self.mostCells))
      height = (count + width - 1) / width
      axes = "elements, line by line"
    }
    let magnitude = other.reduce(0) { max($0, $1.isFinite ? Double(abs($1)) : 0) }
    rows = max(1, min(height, Self.mostCells))
    columns = max(1, min(width, Self.mostCells))
    var cells = [Double](repeating: 0, count: rows * columns)
    let groups = isImage ? min(shape[1], Self.mostCells) : 0
    var channels = [Double](repeating: 0, count: groups)
    for (index, (a, b)) in zip(own, other).enumerated() {
      guard a != b, !(a.isNaN && b.isNaN) else { continue }
      let error = a.isFinite && b.isFinite ? abs(Double(a) - Double(b)) : .infinity
      let share = magnitude > 0 ? error / magnitude : .infinity
      let row = index / width % max(height, 1) * rows / max(height, 1)
      let cell = row * columns + index % width * columns / width
      cells[cell] = max(cells[cell], share)
      if groups > 0 {
        let channel = index / (height * width) % shape[1] * groups / shape[1]
        channels[channel] = max(channels[channel], share)
      }
    }
    self.cells = cells
    self.channels = channels
  }
}
