#if SCALENET_WIDE
  internal import Kernels
#endif

extension TiledConvolution {
  /// Rows are pixels, columns are output channels.
  func multiplyAlongChannels(
    _ source: Source, _ target: Target, _ workspace: UnsafeMutablePointer<Float>, _ places: Workspace,
    _ threads: ThreadPool
  ) {
    let depth = geometry.depth
    let groupChannels = geometry.outputChannels / geometry.groups
    let groupInputs = geometry.inputChannels / geometry.groups
    let pixels = unsafe workspace + places.pixels
    threads.parallelFor(geometry.groups * rows.count) { index, _ in
      let group = index / self.rows.count
      let panel = index % self.rows.count
      let first = self.rows.start(panel)
      let height = self.rows.height(panel)
      unsafe PixelSegments(first..<first + height, layout: self.layout, imageStride: source.imageStride)
        .gather(
          from: source.elements + group * groupInputs * self.layout.planeSize, sourceEnd: source.end,
          taps: self.taps.elements, depth: depth, pitch: height,
          into: pixels + (group * self.rows.rows + first) * depth)
    }
    let grid = TaskGrid(
      groups: geometry.groups, rows: rows, columnPanels: columns.count, threads: threads.count)
    threads.parallelFor(grid.count) { index, worker in
      let (group, panels, columnPanel) = grid.task(index)
      let first = self.columns.start(columnPanel)
      let channel = group * groupChannels + first
      unsafe PanelProduct.run(
        self.rows, panels: panels, rowPanels: pixels + group * self.rows.rows * depth,
        vectors: self.columns.vectors(columnPanel),
        columnPanel: self.weights.elements + (group * self.weightsPerGroup + first * depth), depth: depth,
        sums: workspace + (places.panels + worker * places.panelStep)
      ) { panel, sums in
        let pixel = self.rows.start(panel)
        unsafe self.write(
          sums, pixels: pixel..<pixel + self.rows.height(panel),
          channels: channel..<channel + self.columns.width(columnPanel), target)
      }
    }
  }

  /// Writes sums [pixels, Tile.columns] across to the planes of the output.
  @inline(__always)
  private func write(
    _ sums: UnsafeMutablePointer<Float>, pixels: Range<Int>, channels: Range<Int>, _ target: Target
  ) {
    let area = geometry.output.area
    var pixel = pixels.lowerBound
    while pixel < pixels.upperBound {
      let image = pixel / area
      let inPlane = pixel - image * area
      let length = min(pixels.upperBound - pixel, area - inPlane)
      let firstSum = unsafe sums + (pixel - pixels.lowerBound) * Tile.columns
      let output = unsafe target.output.elements + (image * target.output.batchStride + inPlane)
      let residual = unsafe target.residual.map { unsafe $0.elements + (image * $0.batchStride + inPlane) }
      for channel in channels {
        let bias = unsafe bias.elements[channel]
        let sum = unsafe firstSum + (channel - channels.lowerBound)
        let line = unsafe output + channel * area
        if let residual = unsafe residual {
          let other = unsafe residual + channel * area
          for index in 0..<length {
            let value = unsafe sum[index * Tile.columns] + bias + other[index]
            unsafe line[index] = value < target.floor ? target.floor : value
          }
        } else {
          for index in 0..<length {
            let value = unsafe sum[index * Tile.columns] + bias
            unsafe line[index] = value < target.floor ? target.floor : value
          }
        }
      }
      pixel += length
    }
  }
}
