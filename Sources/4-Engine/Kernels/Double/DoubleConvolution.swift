internal import CKernels

// Safe: weights and scratch memory are made for the geometry, sizes were checked where the graph was planned
// (`KernelSet`): images have the extents that it says.

/// A convolution in Double as a product of matrices: the inputs of some pixels are laid side by side in panels, and
/// tiles of channels by pixels are summed in registers, a piece of the depth at a time. Every sum runs in the same
/// order whatever the number of threads.
@safe final class DoubleConvolution: PreparedConvolution, @unchecked Sendable {
  typealias Scalar = Double

  /// Panels of pixels that a task sums for each piece of the weights that it reads.
  private static let panels = 8
  /// Products of a piece of the depth: a panel and a tile's weights stay in the first cache.
  private static let pieceDepth = 256
  /// Tiles of channels that a task sums at most: their sums stay in the second cache.
  private static let mostTiles = 24

  private let table: UnsafePointer<kernels_double_table>
  private let geometry: Convolution
  private let weights: PackedDoubles
  private let bias: [Double]
  private let rows: Int
  private let pixels: Int

  convenience init(
    _ table: UnsafePointer<kernels_double_table>, _ geometry: Convolution, weights: UnsafePointer<Double>,
    bias: UnsafePointer<Double>?
  ) {
    unsafe self.init(table, geometry, bias) { order in
      unsafe PackedDoubles(weights, count: geometry.weightCount, order)
    }
  }

  /// The same of weights that are float32 numbers: nothing is widened.
  convenience init(
    _ table: UnsafePointer<kernels_double_table>, _ geometry: Convolution, floats: UnsafePointer<Float>,
    bias: UnsafePointer<Double>?, _ threads: ThreadPool
  ) {
    unsafe self.init(table, geometry, bias) { order in
      unsafe PackedDoubles(floats, count: geometry.weightCount, order, threads)
    }
  }

  private init(
    _ table: UnsafePointer<kernels_double_table>, _ geometry: Convolution, _ bias: UnsafePointer<Double>?,
    packed: (Order) -> PackedDoubles
  ) {
    unsafe self.table = table
    self.geometry = geometry
    rows = unsafe Int(table.pointee.rows)
    pixels = unsafe Int(table.pointee.pixels)
    weights = packed(Order(geometry: geometry, rows: rows))
    self.bias = (0..<geometry.outputChannels).map { unsafe bias?[$0] ?? 0 }
  }

  /// For each group, piece of the depth and tile of channels: [depth][rows]. Tiles are tasks.
  private struct Order: PackingOrder {
    let geometry: Convolution
    let rows: Int

    func pack<Source: BinaryFloatingPoint, Target: BinaryFloatingPoint>(
      _ source: UnsafePointer<Source>, into target: UnsafeMutablePointer<Target>, _ threads: ThreadPool?
    ) {
      let (depth, perGroup) = (geometry.depth, geometry.outputChannels / geometry.groups)
      let tiles = (perGroup + rows - 1) / rows
      forEach(geometry.groups * tiles, threads) { index in
        let (group, tile) = index.quotientAndRemainder(dividingBy: tiles)
        let height = min(rows, perGroup - tile * rows)
        let first = unsafe source + (group * perGroup + tile * rows) * depth
        for piece in stride(from: 0, to: depth, by: DoubleConvolution.pieceDepth) {
          let count = min(depth - piece, DoubleConvolution.pieceDepth)
          let place = unsafe target + ((group * depth + piece) * perGroup + tile * rows * count)
          for channel in 0..<height {
            let line = unsafe first + (channel * depth + piece)
            for k in 0..<count { unsafe place[k * height + channel] = Target(unsafe line[k]) }
          }
        }
      }
    }
  }

  private var perGroup: Int { geometry.outputChannels / geometry.groups }
  private var tiles: Int { (perGroup + rows - 1) / rows }
  private var piece: Int { min(geometry.depth, Self.pieceDepth) }
  private var panelCount: Int { Self.panels * piece * pixels }
  private var lineCount: Int { Self.panels * pixels }
  private var factorCount: Int { piece * rows }
  private var sumCount: Int { min(tiles, Self.mostTiles) * Self.panels * rows * pixels }

  func workspaceCount(threads: Int) -> Int {
    threads * ((panelCount + lineCount + factorCount + sumCount + 7) / 8 * 8)
  }

  func run(
    _ input: FeatureMap<Double>, into output: FeatureMap<Double>, residual: FeatureMap<Double>?,
    appliesReLU: Bool, workspace: UnsafeMutablePointer<Double>, threads: ThreadPool
  ) {
    let area = geometry.output.area
    let parts = (area + lineCount - 1) / lineCount
    let images = geometry.batch * geometry.groups * parts
    // Where there are few pixels, tasks share the channels: how makes no difference to any sum.
    let wanted =
      images >= 4 * threads.count || threads.count == 1
      ? 1 : (4 * threads.count + images - 1) / max(images, 1)
    let shares = min(tiles, max(wanted, (tiles + Self.mostTiles - 1) / Self.mostTiles))
    threads.parallelFor(images * shares) { index, worker in
      let (task, share) = index.quotientAndRemainder(dividingBy: shares)
      let (image, rest) = task.quotientAndRemainder(dividingBy: self.geometry.groups * parts)
      let (group, part) = rest.quotientAndRemainder(dividingBy: parts)
      let first = part * area / parts
      let own = DoubleTask(
        image: image, group: group, first: first, count: (part + 1) * area / parts - first,
        tiles: share * self.tiles / shares..<(share + 1) * self.tiles / shares)
      unsafe self.compute(
        own, input, output, residual, appliesReLU,
        workspace + worker * (self.workspaceCount(threads: 1)))
    }
  }

  private func compute(
    _ task: DoubleTask, _ input: FeatureMap<Double>, _ output: FeatureMap<Double>,
    _ residual: FeatureMap<Double>?, _ appliesReLU: Bool, _ workspace: UnsafeMutablePointer<Double>
  ) {
    let depth = geometry.depth
    let channels = geometry.inputChannels / geometry.groups
    let planes =
      unsafe input.elements + (task.image * input.batchStride + task.group * channels * geometry.input.area)
    let panels = unsafe workspace
    let line = unsafe panels + panelCount
    let factors = unsafe line + lineCount
    let sums = unsafe factors + factorCount
    var window = kernels_double_window(geometry)
    let panelCount = (task.count + pixels - 1) / pixels
    for start in stride(from: 0, to: depth, by: Self.pieceDepth) {
      let end = min(depth, start + Self.pieceDepth)
      unsafe table.pointee.gather(
        &window, planes, Int64(start), Int64(end), Int64(task.first), Int64(task.count), line, panels)
      for (place, tile) in task.tiles.enumerated() {
        let height = min(rows, perGroup - tile * rows)
        let packed = (task.group * depth + start) * perGroup + tile * rows * (end - start)
        let weights = unsafe weights.read(
          table, from: packed, count: height * (end - start), scratch: factors)
        for panel in 0..<panelCount {
          let isHalf = task.count - panel * pixels <= pixels / 2
          unsafe table.pointee.sums(
            Int64(height), isHalf ? 1 : 2, Int64(end - start), weights,
            panels + panel * (end - start) * pixels,
            start > 0 ? 1 : 0, sums + (place * panelCount + panel) * rows * pixels)
        }
      }
    }
    for (place, tile) in task.tiles.enumerated() {
      for row in 0..<min(rows, perGroup - tile * rows) {
        let channel = task.group * perGroup + tile * rows + row
        let plane = task.image * geometry.outputChannels + channel
        for panel in 0..<panelCount {
          let first = task.first + panel * pixels
          unsafe table.pointee.finish(
            sums + ((place * panelCount + panel) * rows + row) * pixels,
            Int64(min(pixels, task.count - panel * pixels)), 1, bias[channel],
            residual.map { unsafe UnsafePointer($0.plane(plane) + first) }, appliesReLU ? 1 : 0,
            output.plane(plane) + first)
        }
      }
    }
  }
}

/// Some pixels of an image and some tiles of a group's channels.
private struct DoubleTask {
  let image: Int
  let group: Int
  let first: Int
  let count: Int
  let tiles: Range<Int>
}

extension kernels_double_window {
  /// Steps that are never taken may be any number in a file.
  fileprivate init(_ geometry: Convolution) {
    let (window, output) = (geometry.window, geometry.output)
    self.init(
      height: Int32(geometry.input.height), width: Int32(geometry.input.width), columns: Int32(output.width),
      kernel_height: Int32(window.kernel.height), kernel_width: Int32(window.kernel.width),
      stride_height: output.height == 1 ? 1 : Int32(window.strides.height),
      stride_width: output.width == 1 ? 1 : Int32(window.strides.width),
      dilation_height: window.kernel.height == 1 ? 1 : Int32(window.dilations.height),
      dilation_width: window.kernel.width == 1 ? 1 : Int32(window.dilations.width),
      top: Int32(window.padding.top), left: Int32(window.padding.left))
  }
}
