internal import CKernels

/// Output blocks that sum the same input channels: all of them, or those of one group.
struct ConvolutionSection {
  /// Blocks of the output.
  var blocks: Range<Int>
  /// Input channels that are summed, and the blocks, or planes, that hold them.
  var channels: Range<Int>
  var inputBlocks: Range<Int>
  /// The number of products of a sum.
  var depth: Int
  /// Ranges of the tables of all sections.
  var runs: Range<Int>
  var units: Range<Int>
  /// Chunks of the depth, by index in the table of chunks.
  var chunks: Range<Int>
  /// Where the weights begin, in elements.
  var weights: Int
}

/// How a convolution gets at the input of its sums.
enum ConvolutionMethod {
  /// 1 x 1: the pixels as they lie.
  case pointwise
  /// Rows of the output by bands: the rows under them are copied with their padding.
  case rows
  /// What some pixels sum is gathered: for small maps, and for whatever the others do not know.
  case gathered
  /// 3 x 3 by Winograd's minimal filtering.
  case winograd
}

extension ConvolutionMethod {
  /// The fastest method. All that matters here is the geometry: results must not depend on the number of threads.
  init(_ geometry: Convolution, isPlanar: Bool, lanes: Int, tile: Int) {
    let window = geometry.window
    let output = geometry.output
    if window.kernel == Extent(1, 1), window.strides == Extent(1, 1), window.padding.isZero, !isPlanar,
      geometry.batch == 1 || output.area >= tile
    {
      self = .pointwise
    } else if isPlanar {
      self = .rows
    } else if Self.winogradIsFaster(geometry) {
      self = .winograd
    } else if window.strides.width <= 2, output.width >= min(tile, 12) {
      self = .rows
    } else {
      self = .gathered
    }
  }

  /// Few tiles do not pay for reading 16 weights instead of 9, few channels not for the transforms.
  private static func winogradIsFaster(_ geometry: Convolution) -> Bool {
    let window = geometry.window
    guard window.kernel == Extent(3, 3), window.strides == Extent(1, 1), window.dilations == Extent(1, 1),
      geometry.groups == 1, min(geometry.inputChannels, geometry.outputChannels) >= 32
    else { return false }
    let output = geometry.output
    // Whatever the batch, so that an image has one result.
    let tiles = ((output.height + 1) / 2) * ((output.width + 1) / 2)
    return tiles >= 40
  }
}
