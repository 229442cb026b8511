extension ScaleNetConfiguration {
  /// The least side of a square input for which every pool leaves at least one pixel.
  public var leastInputSide: Int {
    // Sides only grow with the input, so the first that works is the least.
    (1...65536).first { failingPlace(side: $0) == nil } ?? 65536
  }

  /// Fails if a pool or convolution would have nothing left of such an input.
  func check(_ size: InputSize) throws(ArchitectureError) {
    // Beyond this the feature maps' element counts make no sense, whatever the memory.
    let most = 16384
    guard (1...most).contains(size.height), (1...most).contains(size.width) else {
      throw .invalidInputSize(found: "\(size)", expected: "sides from 1 to \(most)")
    }
    for side in [size.height, size.width] {
      if let place = failingPlace(side: side) {
        throw .inputTooSmall(height: size.height, width: size.width, least: leastInputSide, place: place)
      }
    }
  }

  /// The first layer that leaves nothing of an input of this side.
  private func failingPlace(side: Int) -> String? {
    // 7x7 stride 2 margin 3, then 3x3 stride 2 margin 1.
    var current = (side - 1) / 2 + 1
    current = (current - 1) / 2 + 1
    for block in blocks {
      if block.stride > 1 { current /= block.stride }
      if current < 1 { return "\(block.name).pool" }
      if let scale = block.scales.first(where: { $0.pool > current }) {
        return "\(block.name).pool2.\(scale.index)"
      }
    }
    return nil
  }
}
