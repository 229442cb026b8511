#if SCALENET_WIDE
  internal import Kernels
#endif

extension TiledConvolution {
  /// The places of the parts of the scratch memory, in elements.
  final class Workspace: Sendable {
    /// The padded copy of all images, if there is one.
    let images = 0
    /// All pixels as row panels, if vectors run along channels.
    let pixels: Int
    /// For each thread: a panel of pixels, if vectors run along them, and the sums of a task.
    let panels: Int
    let sumsInPanels: Int
    let panelStep: Int
    let count: Int

    init(_ convolution: TiledConvolution, threads: Int) {
      func aligned(_ count: Int) -> Int { (count + 15) / 16 * 16 }
      let geometry = convolution.geometry
      let layout = convolution.layout
      let copied = geometry.batch * geometry.inputChannels * layout.planeSize
      pixels = layout.needsCopy ? aligned(copied + Tile.lanes) : 0
      let isAlongPixels = convolution.pixelsAreColumns
      let packed = geometry.batch * geometry.output.area * geometry.depth * geometry.groups
      panels = pixels + (isAlongPixels ? 0 : aligned(packed))
      sumsInPanels = isAlongPixels ? aligned(geometry.depth * Tile.columns) : 0
      panelStep = sumsInPanels + TaskGrid.mostRows * Tile.columns
      count = panels + panelStep * threads
    }
  }

  /// What pixels are read from.
  @safe final class Source {
    let elements: UnsafePointer<Float>
    let imageStride: Int
    /// The end of what may be read.
    let end: UnsafePointer<Float>

    init(elements: UnsafePointer<Float>, imageStride: Int, end: UnsafePointer<Float>) {
      unsafe self.elements = unsafe elements
      self.imageStride = imageStride
      unsafe self.end = unsafe end
    }
  }

  /// What is written, and how.
  @safe final class Target {
    let output: FeatureMap<Float>
    let residual: FeatureMap<Float>?
    /// 0 for ReLU, else minus infinity.
    let floor: Float

    init(output: FeatureMap<Float>, residual: FeatureMap<Float>?, floor: Float) {
      unsafe self.output = unsafe output
      unsafe self.residual = unsafe residual
      self.floor = floor
    }
  }
}
