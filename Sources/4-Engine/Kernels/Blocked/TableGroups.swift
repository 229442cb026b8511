internal import CKernels

// Safe: weights are packed into buffers that are made for the geometry, sizes were checked where the graph was
// planned (`KernelSet`): images have the extents that it says.

/// A convolution whose groups are parts of a block, by the C kernels: depthwise, or some channels a group (ResNeXt).
@safe final class TableGroups: BlockedConvolution, @unchecked Sendable {
  private let table: UnsafePointer<kernels_table>
  private let geometry: Convolution
  private let lanes: Int
  private let blocks: Int
  /// Channels of a group.
  private let group: Int
  private let weights: FloatBuffer
  private let bias: FloatBuffer
  /// Rows of the output that a task computes.
  private let bandRows: Int
  private let scratchCount: Int

  /// Whether these kernels compute a convolution whose input lies in these blocks: groups have as many input as output
  /// channels, and do not fill a block.
  static func compute(_ geometry: Convolution, _ input: ChannelBlocks?, lanes: Int) -> Bool {
    geometry.groups > 1 && geometry.inputChannels == geometry.outputChannels
      && [1, 2, 4, 8].contains(geometry.inputChannels / geometry.groups)
      && geometry.inputChannels / geometry.groups < lanes
      && input == ChannelBlocks(channels: geometry.inputChannels, lanes: lanes)
  }

  init(
    _ table: UnsafePointer<kernels_table>, _ geometry: Convolution, weights: UnsafePointer<Float>,
    bias: UnsafePointer<Float>?
  ) {
    unsafe self.table = table
    self.geometry = geometry
    let lanes = unsafe Int(table.pointee.lanes)
    self.lanes = lanes
    blocks = (geometry.outputChannels + lanes - 1) / lanes
    let window = geometry.window
    let taps = window.kernel.area
    let group = geometry.inputChannels / geometry.groups
    self.group = group
    self.weights = FloatBuffer(count: blocks * taps * group * lanes)
    self.bias = FloatBuffer(count: blocks * lanes)
    for channel in 0..<geometry.outputChannels {
      let start = channel / lanes * taps * group * lanes + channel % lanes
      for tap in 0..<taps {
        for index in 0..<group {
          unsafe self.weights.elements[start + (tap * group + index) * lanes] = unsafe weights[
            (channel * group + index) * taps + tap]
        }
      }
      if let bias = unsafe bias { unsafe self.bias.elements[channel] = unsafe bias[channel] }
    }
    let columns =
      (geometry.output.width - 1) * window.strides.width + (window.kernel.width - 1) * window.dilations.width
      + 1
    let height = geometry.output.height
    // The copy of a band stays in the first-level cache.
    let most = max(1, 6 * 1024 / max(1, columns * lanes * window.strides.height))
    let bands = max(1, (height + most - 1) / most)
    bandRows = max(1, (height + bands - 1) / bands)
    let rows =
      (bandRows - 1) * window.strides.height + (window.kernel.height - 1) * window.dilations.height + 1
    scratchCount = (rows * columns * lanes + 15) / 16 * 16
  }

  func workspaceCount(threads: Int) -> Int { threads * scratchCount }

  func run(
    _ input: FeatureMap<Float>, into output: FeatureMap<Float>, residual: FeatureMap<Float>?,
    function: FusedFunction?, workspace: UnsafeMutablePointer<Float>, threads: ThreadPool
  ) {
    var window = unsafe kernels_window(geometry.window, input, output: geometry.output)
    var sums = unsafe kernels_sums(
      runs: nil, run_count: 0, depth: Int64(geometry.window.kernel.area * group),
      weights: UnsafePointer(weights.elements),
      bias: UnsafePointer(bias.elements), blocks: Int64(blocks), output: kernels_images(output),
      residual: residual.map { unsafe kernels_images($0) } ?? kernels_images(),
      pixel_step: Int64(lanes), function: kernels_function(function))
    let height = geometry.output.height
    let bands = (height + bandRows - 1) / bandRows
    let cost = bandRows * geometry.output.width * lanes
    unsafe withUnsafePointer(to: &window) { window in
      unsafe withUnsafePointer(to: &sums) { sums in
        threads.parallelRanges(
          geometry.batch * blocks * bands, least: max(1, TableKernels.leastTask / max(1, cost))
        ) { range, worker in
          for index in range {
            let plane = index / bands
            let first = index % bands * self.bandRows
            let block = Int64(plane % self.blocks)
            unsafe self.table.pointee.depthwise(
              sums, window, Int64(plane / self.blocks), block, Int64(self.group), Int64(first),
              Int64(min(height, first + self.bandRows)), workspace + worker * self.scratchCount)
          }
        }
      }
    }
  }
}
