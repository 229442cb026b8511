#if SCALENET_WIDE
  internal import Kernels
#endif

/// A convolution as a matrix product whose pixel matrix exists only a panel at a time.
///
/// Two orientations: vectors run along the pixels, or, where maps are so small that this would waste lanes, along
/// the output channels. In the first, a task packs one panel of pixels and multiplies it with panels of weights; in
/// the second, all pixels (they are few) are packed first and each panel of weights is read only once.
final class TiledConvolution: PreparedConvolution {
  let geometry: Convolution
  let layout: ImageLayout
  let pixelsAreColumns: Bool
  /// The rows and columns of one group's product.
  let rows: RowPanels
  let columns: ColumnPanels
  /// Packed as row panels or column panels, group after group.
  let weights: FloatBuffer
  let weightsPerGroup: Int
  let bias: FloatBuffer
  /// The place of each tap of a group, relative to a pixel's first.
  let taps: IndexTable

  init(_ geometry: Convolution, weights: UnsafePointer<Float>, bias: UnsafePointer<Float>?) {
    self.geometry = geometry
    layout = ImageLayout(geometry)
    let pixels = geometry.batch * geometry.output.area
    let channels = geometry.outputChannels / geometry.groups
    let depth = geometry.depth
    pixelsAreColumns = Self.prefersPixelsAsColumns(pixels: pixels, channels: channels)
    rows = RowPanels(rows: pixelsAreColumns ? channels : pixels)
    columns = ColumnPanels(columns: pixelsAreColumns ? pixels : channels)
    weightsPerGroup = depth * (pixelsAreColumns ? channels : columns.paddedColumns)
    self.weights = FloatBuffer(count: weightsPerGroup * geometry.groups)
    self.bias = FloatBuffer(count: geometry.outputChannels)
    if let bias = unsafe bias {
      for channel in 0..<geometry.outputChannels { unsafe self.bias.elements[channel] = unsafe bias[channel] }
    }
    taps = IndexTable(count: depth, layout.tapOffset)
    for group in 0..<geometry.groups {
      let source = unsafe weights + group * channels * depth
      let target = unsafe self.weights.elements + group * weightsPerGroup
      if pixelsAreColumns {
        unsafe rows.pack(
          source, rowStep: depth, columnStep: 1, depth: depth, panels: 0..<rows.count, into: target)
      } else {
        unsafe columns.pack(source, columnStep: depth, depthStep: 1, depth: depth, into: target)
      }
    }
  }

  /// Compares the work of both orientations, idle lanes included; writing across the pixels costs some percent.
  private static func prefersPixelsAsColumns(pixels: Int, channels: Int) -> Bool {
    let alongPixels = (pixels + Tile.lanes - 1) / Tile.lanes * Tile.lanes * channels
    let alongChannels = (channels + Tile.lanes - 1) / Tile.lanes * Tile.lanes * pixels
    return pixels > 1024 || alongPixels * 32 <= alongChannels * 33
  }

  func workspaceCount(threads: Int) -> Int {
    Workspace(self, threads: threads).count
  }

  func run(
    _ input: FeatureMap<Float>, into output: FeatureMap<Float>, residual: FeatureMap<Float>?,
    appliesReLU: Bool, workspace: UnsafeMutablePointer<Float>, threads: ThreadPool
  ) {
    guard unsafe output.batch * output.planeSize > 0 else { return }
    let places = Workspace(self, threads: threads.count)
    var source = unsafe Source(
      elements: UnsafePointer(input.elements), imageStride: input.batchStride,
      end: UnsafePointer(
        input.elements + ((input.batch - 1) * input.batchStride + input.channels * input.planeSize)))
    if layout.needsCopy {
      let copy = unsafe workspace + places.images
      unsafe threads.parallelRanges(input.planeCount, least: 4) { planes, _ in
        for plane in planes {
          unsafe self.layout.copy(input.plane(plane), to: copy + plane * self.layout.planeSize)
        }
      }
      source = unsafe Source(
        elements: UnsafePointer(copy), imageStride: input.channels * layout.planeSize,
        end: UnsafePointer(workspace + places.pixels))
    }
    let target = unsafe Target(output: output, residual: residual, floor: appliesReLU ? 0 : -.infinity)
    if pixelsAreColumns {
      unsafe multiplyAlongPixels(source, target, workspace, places, threads)
    } else {
      unsafe multiplyAlongChannels(source, target, workspace, places, threads)
    }
  }
}
