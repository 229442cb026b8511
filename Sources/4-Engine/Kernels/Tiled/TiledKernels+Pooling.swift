#if SCALENET_WIDE
  internal import Kernels
#endif

extension TiledKernels {
  func maxPool(
    _ window: Window, _ input: FeatureMap<Float>, into output: FeatureMap<Float>, threads: ThreadPool
  ) {
    let least = unsafe max(1, Self.leastTask / max(1, input.planeSize))
    unsafe threads.parallelRanges(input.planeCount, least: least) { planes, _ in
      let pass = unsafe WindowPass<MaximumReduction>(window, input: input.extent, output: output.extent)
      for plane in planes {
        let source = unsafe input.plane(plane)
        let target = unsafe output.plane(plane)
        for row in unsafe 0..<output.extent.height {
          unsafe pass.run(row, source, into: target + row * output.extent.width)
        }
      }
    }
  }

  func averagePool(
    _ window: Window, countsPadding: Bool, _ input: FeatureMap<Float>, into output: FeatureMap<Float>,
    threads: ThreadPool
  ) {
    let width = unsafe output.extent.width
    let least = unsafe max(1, Self.leastTask / max(1, input.planeSize))
    unsafe threads.parallelRanges(input.planeCount, least: least) { planes, _ in
      let pass = unsafe WindowPass<SumReduction>(window, input: input.extent, output: output.extent)
      for plane in planes {
        let source = unsafe input.plane(plane)
        let target = unsafe output.plane(plane)
        for row in unsafe 0..<output.extent.height {
          let line = unsafe target + row * width
          unsafe pass.run(row, source, into: line)
          for column in 0..<width {
            let count = unsafe window.meanCount(
              row: row, column: column, input: input.extent, countsPadding: countsPadding)
            unsafe line[column] /= Float(count)
          }
        }
      }
    }
  }

  func globalAveragePool(
    _ input: FeatureMap<Float>, into output: FeatureMap<Float>, threads: ThreadPool
  ) {
    let size = unsafe input.planeSize
    let least = max(1, Self.leastTask / max(1, size))
    unsafe threads.parallelRanges(input.planeCount, least: least) { planes, _ in
      for plane in planes {
        let source = unsafe input.plane(plane)
        var sums = Vector.zero
        var index = 0
        while index + Tile.lanes <= size {
          unsafe sums += .load(source + index)
          index += Tile.lanes
        }
        var sum = sums.sum()
        while index < size {
          unsafe sum += source[index]
          index += 1
        }
        unsafe output.plane(plane)[0] = sum / Float(size)
      }
    }
  }
}
