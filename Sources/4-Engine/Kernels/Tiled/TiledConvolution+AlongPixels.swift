#if SCALENET_WIDE
  internal import Kernels
#endif

extension TiledConvolution {
  /// Rows are output channels, columns are pixels.
  func multiplyAlongPixels(
    _ source: Source, _ target: Target, _ workspace: UnsafeMutablePointer<Float>, _ places: Workspace,
    _ threads: ThreadPool
  ) {
    let depth = geometry.depth
    let groupInputs = geometry.inputChannels / geometry.groups
    let grid = TaskGrid(
      groups: geometry.groups, rows: rows, columnPanels: columns.count, threads: threads.count)
    threads.parallelFor(grid.count) { index, worker in
      let (group, panels, columnPanel) = grid.task(index)
      let panel = unsafe workspace + (places.panels + worker * places.panelStep)
      let first = self.columns.start(columnPanel)
      let pixels = first..<first + self.columns.width(columnPanel)
      let vectors = self.columns.vectors(columnPanel)
      unsafe PixelSegments(pixels, layout: self.layout, imageStride: source.imageStride).gather(
        from: source.elements + group * groupInputs * self.layout.planeSize, sourceEnd: source.end,
        taps: self.taps.elements, depth: depth, pitch: vectors * Tile.lanes, into: panel)
      unsafe PanelProduct.run(
        self.rows, panels: panels, rowPanels: self.weights.elements + group * self.weightsPerGroup,
        vectors: vectors, columnPanel: panel, depth: depth, sums: panel + places.sumsInPanels
      ) { panel, sums in
        let channel = group * self.rows.rows + self.rows.start(panel)
        unsafe self.write(sums, channels: channel..<channel + self.rows.height(panel), pixels: pixels, target)
      }
    }
  }

  /// Writes sums [channels, Tile.columns] to the planes of the output.
  @inline(__always)
  private func write(
    _ sums: UnsafeMutablePointer<Float>, channels: Range<Int>, pixels: Range<Int>, _ target: Target
  ) {
    let area = geometry.output.area
    var pixel = pixels.lowerBound
    while pixel < pixels.upperBound {
      let image = pixel / area
      let length = min(pixels.upperBound - pixel, (image + 1) * area - pixel)
      for channel in channels {
        let inImage = channel * area + pixel - image * area
        let sum = unsafe sums + ((channel - channels.lowerBound) * Tile.columns + pixel - pixels.lowerBound)
        unsafe Self.finish(
          sum, count: length, bias: bias.elements[channel],
          residual: target.residual.map { unsafe $0.elements + (image * $0.batchStride + inImage) },
          floor: target.floor,
          into: unsafe target.output.elements + (image * target.output.batchStride + inImage))
      }
      pixel += length
    }
  }

  /// `max(sums + bias + residual, floor)`
  @inline(__always)
  private static func finish(
    _ sums: UnsafeMutablePointer<Float>, count: Int, bias: Float, residual: UnsafeMutablePointer<Float>?,
    floor: Float, into target: UnsafeMutablePointer<Float>
  ) {
    let wideBias = Vector(repeating: bias)
    let wideFloor = Vector(repeating: floor)
    var index = 0
    if let residual = unsafe residual {
      while index + Tile.lanes <= count {
        let value = unsafe Vector.load(sums + index) + wideBias + .load(residual + index)
        unsafe value.replacing(with: wideFloor, where: value .< wideFloor).store(target + index)
        index += Tile.lanes
      }
    } else {
      while index + Tile.lanes <= count {
        let value = unsafe Vector.load(sums + index) + wideBias
        unsafe value.replacing(with: wideFloor, where: value .< wideFloor).store(target + index)
        index += Tile.lanes
      }
    }
    while index < count {
      var value = unsafe sums[index] + bias
      if let residual = unsafe residual { unsafe value += residual[index] }
      unsafe target[index] = value < floor ? floor : value
      index += 1
    }
  }
}
