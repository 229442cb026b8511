extension ResNetConfiguration {
  public func layerWithoutOutput(inputSide side: Int) -> String? {
    // Every other layer has margins, so that a single pixel passes.
    let pooled = (side - 1) / 2 + 1
    return naming.poolsLikeCaffe && pooled < 3 ? "maxpool" : nil
  }
}
