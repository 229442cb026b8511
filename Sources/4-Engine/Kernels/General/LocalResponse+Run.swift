#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

// Safe: sizes were checked where the graph was planned (`KernelSet`): planes are those of the two images, and each
// task writes its own.

extension LocalResponse {
  /// Pixels that are computed at a time.
  private static let length = 512

  /// Normalises; input and output do not share memory. Squares are summed in Double.
  @_specialize(where Scalar == Double)
  @_specialize(where Scalar == Float)
  public func run<Scalar: BinaryFloatingPoint & Sendable>(
    _ input: FeatureMap<Scalar>, into output: FeatureMap<Scalar>, threads: ThreadPool
  ) {
    let (channels, size) = unsafe (input.channels, input.planeSize)
    let scale = alpha / Double(self.size)
    unsafe threads.parallelFor(input.planeCount) { plane, _ in
      var sums = [Double](repeating: 0, count: min(size, Self.length))
      let source = unsafe input.plane(plane)
      let target = unsafe output.plane(plane)
      let first = plane - plane % channels
      let neighbours = neighbours(of: plane % channels, count: channels)
      for start in stride(from: 0, to: size, by: Self.length) {
        let count = min(Self.length, size - start)
        for index in 0..<count { sums[index] = 0 }
        for channel in neighbours {
          let from = unsafe input.plane(first + channel) + start
          for index in 0..<count {
            let value = unsafe Double(from[index])
            sums[index] += value * value
          }
        }
        if beta == 0.75 {
          // The usual power, by roots.
          for index in 0..<count {
            let root = (bias + scale * sums[index]).squareRoot()
            unsafe target[start + index] = unsafe Scalar(
              Double(source[start + index]) / (root * root.squareRoot()))
          }
        } else {
          for index in 0..<count {
            unsafe target[start + index] = unsafe Scalar(
              Double(source[start + index]) / pow(bias + scale * sums[index], beta))
          }
        }
      }
    }
  }
}
