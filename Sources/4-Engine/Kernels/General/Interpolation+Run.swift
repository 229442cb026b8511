// Safe: sizes were checked where the graph was planned (`KernelSet`): sources lie within a line of the input, and
// each task writes lines of its own.

extension Interpolation {
  /// Elements that are worth a task of their own.
  private static let leastTask = 16 * 1024

  /// Resamples; both arrays are without gaps and do not share memory.
  @_specialize(where Scalar == Double)
  @_specialize(where Scalar == Float)
  public func run<Scalar: BinaryFloatingPoint & Sendable>(
    _ source: UnsafePointer<Scalar>, into target: UnsafeMutablePointer<Scalar>, threads: ThreadPool
  ) {
    let factors = weights.map { Scalar($0) }
    if inner == 1 {
      let least = max(1, Self.leastTask / max(1, sources.count))
      threads.parallelRanges(outer, least: least) { lines, _ in
        for line in lines {
          let from = unsafe source + line * input
          let to = unsafe target + line * output
          for index in 0..<output {
            var sum: Scalar = 0
            for term in starts[index]..<starts[index + 1] {
              unsafe sum += factors[term] * from[sources[term]]
            }
            unsafe to[index] = sum
          }
        }
      }
      return
    }
    threads.parallelRanges(outer * output, least: max(1, Self.leastTask / inner)) { lines, _ in
      for line in lines {
        let index = line % output
        let from = unsafe source + line / output * input * inner
        let to = unsafe target + line * inner
        let terms = starts[index]..<starts[index + 1]
        for term in terms {
          let factor = factors[term]
          let part = unsafe from + sources[term] * inner
          if term == terms.lowerBound {
            for place in 0..<inner { unsafe to[place] = unsafe factor * part[place] }
          } else {
            for place in 0..<inner { unsafe to[place] += factor * part[place] }
          }
        }
      }
    }
  }
}
