/// A convolution in Double as a product of matrices: the inputs of some pixels are laid side by side, and a tile of
/// 4 channels by 4 pixels is summed in registers. Every sum runs in the same order whatever the number of threads.
struct DoubleConvolution: PreparedConvolution {
  typealias Pixels = SIMD4<Double>

  /// Output channels of a tile.
  private static let tile = 4
  /// Tiles of pixels that a task does for each piece of the weights it reads.
  private static let panels = 4

  private let geometry: Convolution
  /// For each group and each four of its output channels: depth times four weights.
  private let weights: [SIMD4<Double>]
  private let bias: [Double]

  init(_ geometry: Convolution, weights: UnsafePointer<Double>, bias: UnsafePointer<Double>?) {
    self.geometry = geometry
    let (depth, perGroup) = (geometry.depth, geometry.outputChannels / geometry.groups)
    var packed: [SIMD4<Double>] = []
    packed.reserveCapacity(geometry.groups * (perGroup + 3) / 4 * depth)
    for group in 0..<geometry.groups {
      for first in stride(from: 0, to: perGroup, by: Self.tile) {
        for k in 0..<depth {
          var four = SIMD4<Double>.zero
          for lane in 0..<min(Self.tile, perGroup - first) {
            four[lane] = unsafe weights[(group * perGroup + first + lane) * depth + k]
          }
          packed.append(four)
        }
      }
    }
    self.weights = packed
    self.bias = (0..<geometry.outputChannels).map { unsafe bias?[$0] ?? 0 }
  }

  /// Four pixels a tile, the tiles of a task, for each thread.
  func workspaceCount(threads: Int) -> Int { threads * geometry.depth * 4 * Self.panels }

  func run(
    _ input: FeatureMap<Double>, into output: FeatureMap<Double>, residual: FeatureMap<Double>?,
    appliesReLU: Bool, workspace: UnsafeMutablePointer<Double>, threads: ThreadPool
  ) {
    let area = geometry.output.area
    let step = 4 * Self.panels
    let parts = (area + step - 1) / step
    let depth = geometry.depth
    threads.parallelFor(geometry.batch * geometry.groups * parts) { task, worker in
      let (image, rest) = task.quotientAndRemainder(dividingBy: geometry.groups * parts)
      let (group, part) = rest.quotientAndRemainder(dividingBy: parts)
      let columns = unsafe UnsafeMutableRawPointer(workspace + worker * depth * step)
        .assumingMemoryBound(to: Pixels.self)
      let first = part * step
      let count = min(step, area - first)
      let panels = (count + 3) / 4
      unsafe gather(input, image, group, first, count, into: columns)
      unsafe multiply(
        columns, panels, first: first, count: count, image: image, group: group, output, residual,
        appliesReLU)
    }
  }

  /// Lays the inputs of `count` pixels from `first` on side by side: for each panel, depth times four pixels.
  private func gather(
    _ input: FeatureMap<Double>, _ image: Int, _ group: Int, _ first: Int, _ count: Int,
    into columns: UnsafeMutablePointer<Pixels>
  ) {
    let window = geometry.window
    let channels = geometry.inputChannels / geometry.groups
    let (height, width) = (geometry.input.height, geometry.input.width)
    let (kernelHeight, kernelWidth) = (window.kernel.height, window.kernel.width)
    let depth = geometry.depth
    let base = unsafe input.elements + image * input.batchStride + group * channels * height * width
    let target = unsafe UnsafeMutableRawPointer(columns).assumingMemoryBound(to: Double.self)
    for pixel in 0..<(count + 3) / 4 * 4 {
      let place = unsafe target + pixel / 4 * depth * 4 + pixel % 4
      let (row, column) = (first + pixel).quotientAndRemainder(dividingBy: geometry.output.width)
      let top = row * window.strides.height - window.padding.top
      let left = column * window.strides.width - window.padding.left
      var k = 0
      for channel in 0..<channels {
        let plane = unsafe base + channel * height * width
        for tapRow in 0..<kernelHeight {
          let y = top + tapRow * window.dilations.height
          for tapColumn in 0..<kernelWidth {
            let x = left + tapColumn * window.dilations.width
            let isInside = pixel < count && y >= 0 && y < height && x >= 0 && x < width
            unsafe place[4 * k] = isInside ? unsafe plane[y * width + x] : 0
            k += 1
          }
        }
      }
    }
  }

  private func multiply(
    _ columns: UnsafeMutablePointer<Pixels>, _ panels: Int, first: Int, count: Int, image: Int, group: Int,
    _ output: FeatureMap<Double>, _ residual: FeatureMap<Double>?, _ appliesReLU: Bool
  ) {
    let depth = geometry.depth
    let perGroup = geometry.outputChannels / geometry.groups
    let blocks = (perGroup + 3) / 4
    unsafe weights.withUnsafeBufferPointer { weights in
      for block in 0..<blocks {
        let own = unsafe weights.baseAddress! + (group * blocks + block) * depth
        for panel in 0..<panels {
          let pixels = unsafe columns + panel * depth
          var (a, b, c, d) = (Pixels.zero, Pixels.zero, Pixels.zero, Pixels.zero)
          for k in 0..<depth {
            let x = unsafe pixels[k]
            let w = unsafe own[k]
            a += x * w[0]
            b += x * w[1]
            c += x * w[2]
            d += x * w[3]
          }
          unsafe store(
            a, block * 4, perGroup, panel, first, count, image, group, output, residual, appliesReLU)
          unsafe store(
            b, block * 4 + 1, perGroup, panel, first, count, image, group, output, residual, appliesReLU)
          unsafe store(
            c, block * 4 + 2, perGroup, panel, first, count, image, group, output, residual, appliesReLU)
          unsafe store(
            d, block * 4 + 3, perGroup, panel, first, count, image, group, output, residual, appliesReLU)
        }
      }
    }
  }

  /// Writes the sums of four pixels of one channel of a group; those beyond the image or the group are dropped.
  @inline(__always)
  private func store(
    _ sums: Pixels, _ channel: Int, _ perGroup: Int, _ panel: Int, _ first: Int, _ count: Int, _ image: Int,
    _ group: Int, _ output: FeatureMap<Double>, _ residual: FeatureMap<Double>?, _ appliesReLU: Bool
  ) {
    guard channel < perGroup else { return }
    let channel = group * perGroup + channel
    let plane = image * geometry.outputChannels + channel
    for pixel in 0..<min(4, count - panel * 4) {
      let place = first + panel * 4 + pixel
      var sum = sums[pixel] + bias[channel]
      if let residual = unsafe residual { unsafe sum += residual.plane(plane)[place] }
      unsafe output.plane(plane)[place] = appliesReLU && sum < 0 ? 0 : sum
    }
  }
}
