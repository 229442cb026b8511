#if SCALENET_WIDE
  internal import Kernels
#endif

/// A convolution in which every output channel has one input channel: planes are computed by themselves, several
/// vectors of output pixels at a time, tap by tap.
final class DepthwiseConvolution: PreparedConvolution {
  /// Vectors of pixels that are summed at the same time.
  private static let units = 4

  private let geometry: Convolution
  private let layout: ImageLayout
  private let taps: Int
  private let offsets: IndexTable
  private let weights: FloatBuffer
  private let bias: FloatBuffer?

  /// `geometry` has as many groups as input channels.
  init(_ geometry: Convolution, weights: UnsafePointer<Float>, bias: UnsafePointer<Float>?) {
    let layout = ImageLayout(geometry)
    self.geometry = geometry
    self.layout = layout
    taps = geometry.window.kernel.area
    offsets = IndexTable(count: taps) { layout.tapOffset($0) }
    self.weights = FloatBuffer(count: geometry.weightCount)
    for index in 0..<geometry.weightCount { unsafe self.weights.elements[index] = unsafe weights[index] }
    self.bias = unsafe bias.map { source in
      let copy = FloatBuffer(count: geometry.outputChannels)
      for index in 0..<copy.count { unsafe copy.elements[index] = unsafe source[index] }
      return copy
    }
  }

  /// A copy of a plane, and what vectors read behind its end.
  private var copyCount: Int { (layout.planeSize + Tile.lanes + 15) / 16 * 16 }

  func workspaceCount(threads: Int) -> Int { threads * copyCount }

  func run(
    _ input: FeatureMap<Float>, into output: FeatureMap<Float>, residual: FeatureMap<Float>?,
    appliesReLU: Bool, workspace: UnsafeMutablePointer<Float>, threads: ThreadPool
  ) {
    let channels = geometry.outputChannels
    let multiplier = channels / geometry.inputChannels
    let least = max(1, TiledKernels.leastTask / max(1, layout.planeSize))
    threads.parallelRanges(geometry.batch * channels, least: least) { planes, worker in
      let copy = unsafe workspace + worker * self.copyCount
      for index in self.layout.planeSize..<self.copyCount { unsafe copy[index] = 0 }
      for plane in planes {
        let channel = plane % channels
        let source = unsafe input.plane(plane / channels * self.geometry.inputChannels + channel / multiplier)
        if self.layout.needsCopy {
          unsafe self.layout.copy(source, to: copy)
        } else {
          unsafe copy.update(from: source, count: self.layout.planeSize)
        }
        unsafe self.convolve(
          copy, channel, into: output.plane(plane), residual: residual?.plane(plane), appliesReLU)
      }
    }
  }

  /// Computes a plane. A vector may be stored across the end of its row: the next row is written after it.
  @inline(__always)
  private func convolve(
    _ source: UnsafeMutablePointer<Float>, _ channel: Int, into target: UnsafeMutablePointer<Float>,
    residual: UnsafeMutablePointer<Float>?, _ appliesReLU: Bool
  ) {
    let width = layout.columns
    let end = layout.rows * width
    let blocks = (width + Tile.lanes - 1) / Tile.lanes
    let count = layout.rows * blocks
    let floor = Vector(repeating: appliesReLU ? 0 : -.infinity)
    let start = unsafe Vector(repeating: bias?.elements[channel] ?? 0)
    let factors = unsafe weights.elements + channel * taps
    var row = 0
    var column = 0
    var unit = 0
    while unit < count {
      let live = min(Self.units, count - unit)
      var sources = InlineArray<4, Int>(repeating: 0)
      var targets = InlineArray<4, Int>(repeating: 0)
      var lengths = InlineArray<4, Int>(repeating: 0)
      for index in 0..<live {
        sources[index] = row * layout.rowStep + column
        targets[index] = row * width + column
        lengths[index] = min(Tile.lanes, width - column)
        column += Tile.lanes
        if column >= width { (row, column) = (row + 1, 0) }
      }
      let first = unsafe source + sources[0]
      let second = unsafe source + sources[1]
      let third = unsafe source + sources[2]
      let fourth = unsafe source + sources[3]
      var sums = InlineArray<4, Vector>(repeating: start)
      for tap in 0..<taps {
        let offset = unsafe Int(offsets.elements[tap])
        let factor = unsafe Vector(repeating: factors[tap])
        sums[0] = unsafe sums[0].adding(factor, times: .load(first + offset))
        sums[1] = unsafe sums[1].adding(factor, times: .load(second + offset))
        sums[2] = unsafe sums[2].adding(factor, times: .load(third + offset))
        sums[3] = unsafe sums[3].adding(factor, times: .load(fourth + offset))
      }
      for index in 0..<live {
        let place = targets[index]
        var value = sums[index]
        if let residual = unsafe residual {
          value = unsafe value + .load(residual + place, count: lengths[index])
        }
        value = value.replacing(with: floor, where: value .< floor)
        if unsafe residual == nil && place + Tile.lanes <= end {
          unsafe value.store(target + place)
        } else {
          unsafe value.store(target + place, count: lengths[index])
        }
      }
      unit += live
    }
  }
}
