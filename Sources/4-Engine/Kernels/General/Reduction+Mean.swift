// Safe: a reduction is made of the input's shape, so that its places lie within it, and each task writes elements of
// its own.

extension Reduction {
  /// Elements that are worth a task of their own.
  private static let leastTask = 16 * 1024

  /// The means, summed in Double.
  @_specialize(where Scalar == Double)
  @_specialize(where Scalar == Float)
  public func mean<Scalar: BinaryFloatingPoint & Sendable>(
    _ input: UnsafePointer<Scalar>, into output: UnsafeMutablePointer<Scalar>, threads: ThreadPool
  ) {
    if let line = kept.last, line.step == 1 {
      unsafe meanOfLines(line.count, input, output, threads)
      return
    }
    let inner = reduced.last ?? Axis(count: 1, step: 1)
    let outer = reduced.dropLast()
    let outerCount = outer.reduce(1) { $0 * $1.count }
    let total = Double(reducedCount)
    threads.parallelRanges(keptCount, least: max(1, Self.leastTask / max(1, reducedCount))) { range, _ in
      for index in range {
        let source = unsafe input + Self.offset(index, kept[...])
        var sum = 0.0
        for part in 0..<outerCount {
          let from = unsafe source + Self.offset(part, outer)
          for place in 0..<inner.count { unsafe sum += Double(from[place * inner.step]) }
        }
        unsafe output[index] = Scalar(sum / total)
      }
    }
  }

  /// Means of lines that lie side by side: whole lines are added.
  @inline(__always)
  private func meanOfLines<Scalar: BinaryFloatingPoint & Sendable>(
    _ count: Int, _ input: UnsafePointer<Scalar>, _ output: UnsafeMutablePointer<Scalar>,
    _ threads: ThreadPool
  ) {
    let outer = kept.dropLast()
    // Lines are cut so that their sums stay in the first-level cache.
    let length = min(count, 1024)
    let pieces = (count + length - 1) / length
    let outerCount = outer.reduce(1) { $0 * $1.count }
    let reducedCount = reducedCount
    let least = max(1, Self.leastTask / max(1, length * reducedCount))
    threads.parallelRanges(outerCount * pieces, least: least) { range, _ in
      var sums = [Double](repeating: 0, count: length)
      for index in range {
        let first = index % pieces * length
        let width = min(length, count - first)
        let source = unsafe input + (Self.offset(index / pieces, outer) + first)
        for place in 0..<width { sums[place] = 0 }
        for part in 0..<reducedCount {
          let from = unsafe source + Self.offset(part, reduced[...])
          for place in 0..<width { unsafe sums[place] += Double(from[place]) }
        }
        let target = unsafe output + (index / pieces * count + first)
        for place in 0..<width { unsafe target[place] = Scalar(sums[place] / Double(reducedCount)) }
      }
    }
  }
}
