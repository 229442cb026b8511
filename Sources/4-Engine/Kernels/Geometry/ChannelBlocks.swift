/// How the channels of images lie in blocks, so that one vector holds neighbouring channels of a pixel.
///
/// A blocked batch of images is [image][block][row][column][lane], `lanes` channels a block. Every kernel is then a
/// loop over whole vectors, and nothing is gathered for a product: the layout is kept from the first convolution to
/// the last.
///
/// Channels that do not fill a block (62, 9, 5 and 12 of a ScaleNet) leave lanes empty at the block's end, and
/// `counts` says how many channels each block holds:
///
/// - **Empty lanes** are written as whatever the arithmetic makes of zeros, and never read into another lane.
///   Element-wise kernels and windows compute them along. A convolution's sum skips them: its depth is that of the
///   real channels, so that empty lanes cost memory, but no products. As lanes of its output their weights are 0.
/// - **Concatenation** puts the operands' blocks one after another, each with its own empty lanes: 62 + 9 channels of
///   16 lanes are blocks of 16, 16, 16, 14 and 9. So every operand is produced in its place, as in NCHW, and
///   nothing moves. The next convolution's weights are packed for these blocks.
/// - **Operands** of an element-wise operation, whose blocks differ, are brought to one order before.
/// - **Spatial padding** is not stored. A convolution copies the rows under a band of its output with zeros around
///   them, or gathers the vectors under a few pixels; pools clip their windows.
/// - **Groups** and depthwise convolutions see channels, not blocks: the places of a group's channels are looked up
///   when weights are packed.
public struct ChannelBlocks: Hashable, Sendable {
  /// Channels that a block has room for.
  public let lanes: Int
  /// Channels that each block holds, at least one.
  public let counts: [Int]

  public init(lanes: Int, counts: [Int]) {
    precondition(counts.allSatisfy { 0 < $0 && $0 <= lanes })
    self.lanes = lanes
    self.counts = counts
  }

  /// Full blocks, and the rest in a last one.
  public init(channels: Int, lanes: Int) {
    var counts = [Int](repeating: lanes, count: channels / lanes)
    if channels % lanes > 0 { counts.append(channels % lanes) }
    self.init(lanes: lanes, counts: counts)
  }

  /// The channels, without empty lanes.
  public var channels: Int { counts.reduce(0, +) }

  /// The channels and the empty lanes.
  public var paddedChannels: Int { counts.count * lanes }

  /// Where each channel lies, as an index over all lanes.
  public var places: [Int] {
    counts.enumerated().flatMap { block, count in (0..<count).map { block * lanes + $0 } }
  }

  /// One number for each channel, spread over the lanes; empty lanes get `empty`.
  @_specialize(where Element == Float)
  @_specialize(where Element == Double)
  public func spread<Element>(_ elements: [Element], empty: Element) -> [Element] {
    var result = [Element](repeating: empty, count: paddedChannels)
    var channel = 0
    for (block, count) in counts.enumerated() {
      for lane in 0..<min(count, elements.count - channel) {
        result[block * lanes + lane] = elements[channel + lane]
      }
      channel = min(channel + count, elements.count)
    }
    return result
  }

  /// Neighbouring lanes that hold some neighbouring channels.
  struct Part: Hashable {
    var block: Int
    var lane: Int
    var count: Int
  }

  /// Where a range of channels lies.
  func parts(_ channels: Range<Int>) -> [Part] {
    var result: [Part] = []
    var start = 0
    for (block, count) in counts.enumerated() {
      let here = channels.clamped(to: start..<start + count)
      if !here.isEmpty { result.append(Part(block: block, lane: here.lowerBound - start, count: here.count)) }
      start += count
    }
    return result
  }
}
