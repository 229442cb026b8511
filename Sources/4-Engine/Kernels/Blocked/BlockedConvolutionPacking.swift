internal import CKernels

// Safe: packing goes over the weights of the geometry, which follows from their shape, and the tables live as long as
// the call that gets their addresses.

/// The tables and weights of a convolution, in the order in which its sums are taken.
struct ConvolutionTables {
  private(set) var sections: [ConvolutionSection] = []
  private(set) var runs: [kernels_run] = []
  private(set) var units: [kernels_unit] = []
  /// Three numbers for each chunk of each section, as the C code wants them.
  private(set) var chunks: [Int64] = []
  /// For each product of each section: which weight of an output channel it takes, counted over the section's channels
  /// and all taps.
  private(set) var order: [[Int64]] = []
  private(set) var weightCount = 0

  /// Elements of a copy of rows that stays in the second-level cache.
  private static let bandElements = 48 * 1024

  /// Rows of the input under a band.
  var copiedRows: Int {
    let window = geometry.window
    return (bandRows - 1) * window.strides.height + (window.kernel.height - 1) * window.dilations.height + 1
  }

  /// Elements of a plane, or of a block, of copied rows.
  var planeStride: Int { copiedRows * paddedColumns * pixel }

  /// Units that are gathered at a time.
  static let chunkUnits = 96

  let geometry: Convolution
  let method: ConvolutionMethod
  let input: ChannelBlocks?
  let output: ChannelBlocks
  /// Rows of the output that a task computes where rows are copied, and the size of the copy.
  let bandRows: Int
  let paddedColumns: Int
  /// Elements of a pixel of the input.
  var pixel: Int { input == nil ? 1 : output.lanes }

  init(_ geometry: Convolution, _ method: ConvolutionMethod, input: ChannelBlocks?, output: ChannelBlocks) {
    self.geometry = geometry
    self.method = method
    self.input = input
    self.output = output
    let window = geometry.window
    let columns =
      (geometry.output.width - 1) * window.strides.width + (window.kernel.width - 1) * window.dilations.width
      + 1
    paddedColumns = columns
    let group = geometry.inputChannels / geometry.groups
    let planes =
      input.map { min($0.paddedChannels, max(group, $0.lanes) + $0.lanes) } ?? geometry.inputChannels
    let height = geometry.output.height
    let most = max(1, Self.bandElements / max(1, planes * columns * window.strides.height))
    let bands = (height + most - 1) / most
    bandRows = max(1, (height + bands - 1) / max(1, bands))
    for (blocks, channels) in Self.sections(geometry, output) { add(blocks, channels) }
    // Pointers to the tables exist even where a method needs none.
    units.append(kernels_unit(row: 0, column: 0, block: 0))
    chunks.append(0)
  }

  /// Neighbouring output blocks with the same input channels.
  private static func sections(
    _ geometry: Convolution, _ output: ChannelBlocks
  ) -> [(blocks: Range<Int>, channels: Range<Int>)] {
    let inputs = geometry.inputChannels / geometry.groups
    let outputs = geometry.outputChannels / geometry.groups
    var result: [(blocks: Range<Int>, channels: Range<Int>)] = []
    var first = 0
    for (block, count) in output.counts.enumerated() {
      let channels = first / outputs * inputs..<((first + count - 1) / outputs + 1) * inputs
      if let last = result.last, last.channels == channels {
        result[result.count - 1].blocks = last.blocks.lowerBound..<block + 1
      } else {
        result.append((block..<block + 1, channels))
      }
      first += count
    }
    return result
  }

  private mutating func add(_ blocks: Range<Int>, _ channels: Range<Int>) {
    let (firstRun, firstUnit, firstChunk) = (runs.count, units.count, chunks.count / 3)
    var order: [Int64] = []
    var inputBlocks = channels
    if let input {
      let parts = input.parts(channels)
      inputBlocks = parts[0].block..<parts[parts.count - 1].block + 1
      switch method {
      case .pointwise, .winograd:
        for part in parts { runs.append(run(unit: part.block, part)) }
        order = Array(0..<Int64(channels.count))
      case .rows:
        appendTaps(parts, channels, &order)
      case .gathered:
        appendGathered(parts, channels, &order)
      }
    } else {
      appendPlanes(&order)
    }
    let depth = channels.count * (method == .winograd ? 1 : geometry.window.kernel.area)
    if method == .gathered {
      chunks += [Int64(runs.count - firstRun), Int64(units.count - firstUnit), Int64(depth)]
    }
    sections.append(
      ConvolutionSection(
        blocks: blocks, channels: channels, inputBlocks: inputBlocks, depth: depth,
        runs: firstRun..<runs.count,
        units: firstUnit..<units.count, chunks: firstChunk..<max(firstChunk, chunks.count / 3 - 1),
        weights: weightCount))
    self.order.append(order)
    weightCount += blocks.count * output.lanes * depth * (method == .winograd ? 16 : 1)
  }

  private func run(unit: Int, _ part: ChannelBlocks.Part) -> kernels_run {
    kernels_run(unit: Int64(unit), lane: Int32(part.lane), count: Int32(part.count))
  }

  /// Blocked rows: units are elements of the copy.
  private mutating func appendTaps(
    _ parts: [ChannelBlocks.Part], _ channels: Range<Int>, _ order: inout [Int64]
  ) {
    let kernel = geometry.window.kernel
    let dilations = geometry.window.dilations
    for tap in 0..<kernel.area {
      let row = tap / kernel.width * dilations.height
      let column = tap % kernel.width * dilations.width
      for part in parts {
        runs.append(
          run(
            unit: (part.block - parts[0].block) * planeStride + (row * paddedColumns + column) * pixel, part))
      }
      order += (0..<channels.count).map { Int64($0 * kernel.area + tap) }
    }
  }

  /// Rows of planes: a run is a row of the kernel.
  private mutating func appendPlanes(_ order: inout [Int64]) {
    let kernel = geometry.window.kernel
    let dilations = geometry.window.dilations
    let length = dilations.width == 1 ? kernel.width : 1
    for channel in 0..<geometry.inputChannels {
      for row in 0..<kernel.height {
        for column in stride(from: 0, to: kernel.width, by: length) {
          let place = row * dilations.height * paddedColumns + column * dilations.width
          runs.append(kernels_run(unit: Int64(channel * planeStride + place), lane: 0, count: Int32(length)))
        }
      }
    }
    order = Array(0..<Int64(geometry.inputChannels * kernel.area))
  }

  /// Gathered vectors: units are counted from the beginning of their chunk.
  private mutating func appendGathered(
    _ parts: [ChannelBlocks.Part], _ channels: Range<Int>, _ order: inout [Int64]
  ) {
    let kernel = geometry.window.kernel
    let dilations = geometry.window.dilations
    let (firstRun, firstUnit) = (runs.count, units.count)
    var (unit, depth) = (0, 0)
    for tap in 0..<kernel.area {
      for part in parts {
        if unit % Self.chunkUnits == 0 {
          chunks += [Int64(runs.count - firstRun), Int64(units.count - firstUnit), Int64(depth)]
        }
        units.append(
          kernels_unit(
            row: Int32(tap / kernel.width * dilations.height),
            column: Int32(tap % kernel.width * dilations.width),
            block: Int64(part.block * geometry.input.area * output.lanes)))
        runs.append(run(unit: unit % Self.chunkUnits, part))
        unit += 1
        depth += part.count
      }
      order += (0..<channels.count).map { Int64($0 * kernel.area + tap) }
    }
  }
}

extension ConvolutionTables {
  /// Calls `body` with the tables of runs, units and chunks.
  func withPointers(
    _ body: (UnsafePointer<kernels_run>, UnsafePointer<kernels_unit>, UnsafePointer<Int64>) -> Void
  ) {
    unsafe runs.withUnsafeBufferPointer { runs in
      unsafe units.withUnsafeBufferPointer { units in
        unsafe chunks.withUnsafeBufferPointer { chunks in
          unsafe body(runs.baseAddress!, units.baseAddress!, chunks.baseAddress!)
        }
      }
    }
  }

  /// Packs OIHW weights: for each pair of output blocks [depth][2][lanes], for a last single one [depth][1][lanes].
  /// Everything is written: lanes without a channel, and products with channels of another group, are 0.
  func pack(
    _ weights: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>,
    _ threads: ThreadPool?
  ) {
    for (section, order) in zip(sections, order) {
      let pairs = (section.blocks.count + 1) / 2
      func packPair(_ pair: Int) {
        let first = section.blocks.lowerBound + 2 * pair
        unsafe pack(
          first..<min(first + 2, section.blocks.upperBound), of: section, order, weights,
          into: target + (section.weights + 2 * pair * section.depth * output.lanes))
      }
      guard let threads, pairs > 1 else {
        for pair in 0..<pairs { packPair(pair) }
        continue
      }
      threads.parallelFor(pairs) { pair, _ in packPair(pair) }
    }
  }

  /// Packs two blocks, or a last one.
  private func pack(
    _ blocks: Range<Int>, of section: ConvolutionSection, _ order: [Int64],
    _ weights: UnsafePointer<Float>,
    into target: UnsafeMutablePointer<Float>
  ) {
    let lanes = output.lanes
    let outputs = geometry.outputChannels / geometry.groups
    let inputs = geometry.inputChannels / geometry.groups
    let area = geometry.window.kernel.area
    let width = blocks.count * lanes
    let isOneGroup = section.channels.count == inputs
    let position = section.blocks.count * section.depth * lanes
    if !isOneGroup || blocks.contains(where: { output.counts[$0] < lanes }) {
      for part in 0..<(method == .winograd ? 16 : 1) {
        unsafe (target + part * position).update(repeating: 0, count: section.depth * width)
      }
    }
    for block in blocks {
      let start = unsafe target + (block - blocks.lowerBound) * lanes
      let channels = block * lanes..<block * lanes + output.counts[block]
      if method == .winograd {
        unsafe kernels_pack_winograd(
          weights + channels.lowerBound * inputs * area, Int64(inputs * area), Int64(section.depth),
          Int64(channels.count), Int64(width), Int64(position), start)
      } else if isOneGroup {
        unsafe kernels_pack(
          weights + channels.lowerBound * inputs * area, Int64(inputs * area), order,
          Int64(section.depth),
          Int64(channels.count), Int64(width), start)
      } else {
        // Several groups: products with channels of another one stay 0.
        for (lane, channel) in channels.enumerated() {
          let own = (channel / outputs * inputs - section.channels.lowerBound) * area
          for (depth, place) in order.enumerated()
          where Int(place) >= own && Int(place) < own + inputs * area {
            unsafe start[depth * width + lane] = unsafe weights[
              channel * inputs * area + Int(place) - own]
          }
        }
      }
    }
  }
}
