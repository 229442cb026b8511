extension ScaleNetConfiguration {
  public func layerWithoutOutput(inputSide side: Int) -> String? {
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
