import FileIO
import Images
import ModelIR

extension GraphPreprocessing.Applied {
  /// Random images as a graph with preprocessing takes them, and as the network without it does: computed not by nodes
  /// but by what prepares images for networks.
  ///
  /// - Parameters:
  ///   - shape: of the network's input.
  ///   - isKeras: whether the graph was read from a Keras file, and has channels first.
  func images(
    _ random: inout RandomSource, _ shape: TensorShape, isKeras: Bool
  ) throws(ScaleNetError) -> (graph: Tensor, network: Tensor) {
    let isFirst = networkLayout == .nchw
    let (height, width) = isFirst ? (shape[2], shape[3]) : (shape[1], shape[2])
    let layout = isKeras ? .nchw : layout
    var (bytes, numbers): ([UInt8], [Float]) = ([], [])
    for _ in 0..<shape[0] {
      let pixels = (0..<height * width * 3).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      let image = Image(width: width, height: height, pixels: pixels)
      bytes += image.tensorBytes(channelOrder: channelOrder, layout: layout)
      numbers += image.tensorElements(normalization, channelOrder: .rgb, layout: networkLayout)
    }
    let extents = layout == .nchw ? [3, height, width] : [height, width, 3]
    return (
      try Tensor(.uint8, TensorShape([shape[0]] + extents), storage: ByteRegion.copying(bytes)),
      Tensor(numbers, shape: shape)
    )
  }
}

extension Graph {
  /// Lets the only input take images with their channels first where it takes them last; what was computed of it stays.
  mutating func takeImagesWithChannelsFirst() throws(ScaleNetError) {
    guard let input = inputs.first, self[input].type.rank == 4 else { return }
    let type = self[input].type
    let old = nodes
    nodes = []
    self[input].type = TensorType(type.dataType, [0, 3, 1, 2].map { type.dimensions[$0] })
    var names = UniqueNames(reserving: Set(old.map(\.name)))
    let name = names.new("preprocess.layout")
    let moved = try addNode(
      name, .transpose(Transpose(permutation: [0, 2, 3, 1])), inputs: [input], outputNames: [unusedName(name)]
    )
    let first = nodes
    nodes = old
    replaceUses(of: input, with: moved[0])
    nodes = first + nodes
    try validate()
  }
}
