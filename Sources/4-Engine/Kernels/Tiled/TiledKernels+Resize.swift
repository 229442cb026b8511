#if SCALENET_WIDE
  internal import Kernels
#endif

extension TiledKernels {
  func resize(
    _ resampling: Resampling, _ input: FeatureMap<Float>, into output: FeatureMap<Float>, threads: ThreadPool
  ) {
    let rows = resampling.rows
    let width = resampling.input.width
    let outputWidth = resampling.output.width
    let columns = ColumnSources(resampling.columns)
    let least = unsafe max(1, Self.leastTask / max(1, output.planeSize))
    unsafe threads.parallelRanges(input.planeCount, least: least) { planes, _ in
      let line = FloatBuffer(count: width)
      defer { withExtendedLifetime(line) {} }
      for plane in planes {
        let source = unsafe input.plane(plane)
        let target = unsafe output.plane(plane)
        for row in 0..<resampling.output.height {
          let out = unsafe target + row * outputWidth
          let upper = unsafe source + rows.lower[row] * width
          if resampling.isLinear {
            let fraction = Float(rows.fraction[row])
            unsafe mix(upper, source + rows.upper[row] * width, fraction, count: width, into: line.elements)
            unsafe columns.mix(line.elements, into: out)
          } else if row > 0 && rows.lower[row] == rows.lower[row - 1] {
            for index in 0..<outputWidth { unsafe out[index] = unsafe (out - outputWidth)[index] }
          } else {
            unsafe columns.take(upper, into: out)
          }
        }
      }
    }
  }

  /// `upper + (lower - upper) * fraction`, with both weights kept apart as in the definition.
  @inline(__always)
  private func mix(
    _ upper: UnsafeMutablePointer<Float>, _ lower: UnsafeMutablePointer<Float>, _ fraction: Float, count: Int,
    into target: UnsafeMutablePointer<Float>
  ) {
    let near = Vector(repeating: 1 - fraction)
    let far = Vector(repeating: fraction)
    var index = 0
    while index + Tile.lanes <= count {
      unsafe (Vector.load(upper + index) * near).adding(.load(lower + index), times: far).store(
        target + index)
      index += Tile.lanes
    }
    while index < count {
      unsafe target[index] = unsafe upper[index] * (1 - fraction) + lower[index] * fraction
      index += 1
    }
  }
}
