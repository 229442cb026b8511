// Safe: a movement is made of the two shapes, so that its places lie within both arrays, and each task writes lines
// of its own.

extension Movement {
  /// Elements that are worth a task of their own.
  private static let leastTask = 16 * 1024
  /// Lines of the output that a transposition writes at the same time.
  private static let transposedLines = 8

  /// Moves the elements. The memory of input and output is not shared.
  @_specialize(where Scalar == Double)
  @_specialize(where Scalar == Float)
  public func run<Scalar: BinaryFloatingPoint & Sendable>(
    _ input: UnsafePointer<Scalar>, into output: UnsafeMutablePointer<Scalar>, threads: ThreadPool
  ) {
    if axes.contains(where: { $0.source.count == 0 }) { return }
    if axes.count > 1, case .strided(let columns, let columnStep) = axes[axes.count - 1].source,
      columnStep > 1, case .strided(let rows, 1) = axes[axes.count - 2].source
    {
      unsafe transpose(rows, columns, columnStep, input, output, threads)
      return
    }
    let last = axes.count - 1
    let length = axes[last].source.count
    let fill = Scalar(fill)
    let lines = axes[..<last].reduce(1) { $0 * $1.source.count }
    threads.parallelRanges(lines, least: max(1, Self.leastTask / length)) { range, _ in
      for index in range {
        let place = place(of: index, axes: last)
        let target = unsafe output + place.output
        if let source = place.input {
          unsafe line.copy(input + source, to: target, fill: fill)
        } else {
          unsafe target.update(repeating: fill, count: length)
        }
      }
    }
  }

  /// Where index `index` over the first `count` axes begins in input and output; no place in the input for what is
  /// filled.
  @inline(__always)
  private func place(of index: Int, axes count: Int) -> (input: Int?, output: Int) {
    var rest = index
    var source = base
    var target = 0
    var isFilled = false
    for axis in stride(from: count - 1, through: 0, by: -1) {
      let extent = axes[axis].source.count
      let position = rest % extent
      rest /= extent
      target += position * axes[axis].outputStep
      switch axes[axis].source {
      case .strided(_, let step):
        source += position * step
      case .table(let terms):
        if terms[position] < 0 { isFilled = true } else { source += terms[position] }
      }
    }
    return (isFilled ? nil : source, target)
  }

  /// Exchanges the two innermost axes a few lines at a time, so that each cache line is read once.
  @inline(__always)
  private func transpose<Scalar: BinaryFloatingPoint & Sendable>(
    _ rows: Int, _ columns: Int, _ columnStep: Int, _ input: UnsafePointer<Scalar>,
    _ output: UnsafeMutablePointer<Scalar>, _ threads: ThreadPool
  ) {
    let outer = axes.count - 2
    let pitch = axes[outer].outputStep
    let blocks = (rows + Self.transposedLines - 1) / Self.transposedLines
    let count = axes[..<outer].reduce(1) { $0 * $1.source.count } * blocks
    let fill = Scalar(fill)
    let least = max(1, Self.leastTask / (columns * Self.transposedLines))
    threads.parallelRanges(count, least: least) { range, _ in
      for index in range {
        let place = place(of: index / blocks, axes: outer)
        let first = index % blocks * Self.transposedLines
        let height = min(Self.transposedLines, rows - first)
        let target = unsafe output + (place.output + first * pitch)
        if let source = place.input {
          let from = unsafe input + (source + first)
          for column in 0..<columns {
            for row in 0..<height {
              unsafe target[row * pitch + column] = unsafe from[column * columnStep + row]
            }
          }
        } else {
          for row in 0..<height { unsafe (target + row * pitch).update(repeating: fill, count: columns) }
        }
      }
    }
  }
}
