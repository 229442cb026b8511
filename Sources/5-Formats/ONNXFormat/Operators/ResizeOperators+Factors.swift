import ModelIR

/// Factors in the place of sizes, for readers that need them where the batch is open.
extension ResizeOperators {
  /// The least Float that is not below `size / input`: then the product with `input`, rounded down, is `size` in
  /// Float as in Double. The nearest Float may lie below, and readers that compute in Double then lose a row.
  static func scale(from input: Int, to size: Int) -> Float? {
    let exact = Double(size) / Double(input)
    var scale = Float(exact)
    if Double(scale) * Double(input) < Double(size) { scale = scale.nextUp }
    guard (Float(input) * scale).rounded(.down) == Float(size),
      (Double(input) * Double(scale)).rounded(.down) == Double(size)
    else { return nil }
    return scale
  }

  /// Whether `nearest` picks with a rounded factor the elements that it picks with the exact one.
  static func picksTheSame(_ op: Resize, from input: Int, to size: Int, scale: Float) -> Bool {
    func pick(_ position: Double) -> Int {
      let rounded =
        switch op.nearestMode {
        case .floor: position.rounded(.down)
        case .ceil: position.rounded(.up)
        case .roundPreferFloor: (position - 0.5).rounded(.up)
        case .roundPreferCeil: (position + 0.5).rounded(.down)
        }
      return min(max(Int(rounded), 0), input - 1)
    }
    for index in 0..<size {
      switch op.coordinateTransformation {
      case .asymmetric:
        if pick(Double(index * input) / Double(size)) != pick(Double(Float(index) / scale)) { return false }
      case .halfPixel, .pytorchHalfPixel:
        let exact = Double((2 * index + 1) * input - size) / Double(2 * size)
        if pick(exact) != pick(Double((Float(index) + 0.5) / scale - 0.5)) { return false }
      case .alignCorners:
        // The factor does not enter: positions are index * (input - 1) / (size - 1).
        return true
      case .tfHalfPixelForNN:
        let exact = Double((2 * index + 1) * input) / Double(2 * size)
        if pick(exact) != pick(Double((Float(index) + 0.5) / scale)) { return false }
      case .halfPixelSymmetric:
        let adjusted = Double(size) / (Double(scale) * Double(input))
        let offset = Double(input) / 2 * (1 - adjusted)
        let exact = Double((2 * index + 1) * input - size) / Double(2 * size)
        if pick(exact) != pick(offset + Double((Float(index) + 0.5) / scale - 0.5)) { return false }
      }
    }
    return true
  }
}
