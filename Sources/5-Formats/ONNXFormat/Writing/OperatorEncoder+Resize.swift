import FileIO
import ModelIR

extension OperatorEncoder {
  /// Resize takes sizes of all axes where they are known. With an open extent it takes factors where they are exact,
  /// from opset 18 sizes of the resized axes alone, and otherwise factors that all readers take for the right size.
  func encode(_ op: Resize, _ node: Node, into encoding: inout NodeEncoding) throws(ScaleNetError) {
    let x = type(node, 0)
    encoding.set("coordinate_transformation_mode", op.coordinateTransformation.rawValue)
    encoding.set("mode", op.mode.rawValue)
    switch op.mode {
    case .nearest:
      encoding.set("nearest_mode", op.nearestMode.rawValue)
    case .linear:
      break
    case .cubic:
      encoding.set("cubic_coeff_a", op.cubicCoefficient)
    }
    if op.excludesOutside && op.mode != .nearest { encoding.set("exclude_outside", true) }
    if op.antialias && op.mode != .nearest {
      guard opset >= 18 else {
        throw failure(node, "antialias", "opset 18 or later", "opset \(opset)")
      }
      encoding.set("antialias", true)
    }
    switch op.coordinateTransformation {
    case .halfPixelSymmetric where opset < 19:
      throw failure(
        node, "coordinate_transformation_mode", "opset 19 or later", "half_pixel_symmetric, opset \(opset)")
    case .tfHalfPixelForNN where opset > 12:
      throw failure(
        node, "coordinate_transformation_mode", "opset 12 or earlier", "tf_half_pixel_for_nn, opset \(opset)")
    default:
      break
    }
    switch op.extent {
    case .scales(let scales):
      addScales(scales, axes: op.axes, rank: x.rank, to: &encoding)
    case .sizes(let sizes):
      var output = x.dimensions
      for (axis, size) in zip(op.axes, sizes) { output[axis] = .fixed(size) }
      let all = output.compactMap(\.value)
      if all.count == x.rank {
        addSizes(all, to: &encoding)
        return
      }
      let inputs = op.axes.map { x.dimensions[$0].value ?? 0 }
      let isExact = zip(inputs, sizes).allSatisfy { $0 > 0 && $1 % $0 == 0 }
      if opset >= 18 && !isExact {
        encoding.set("axes", op.axes)
        addSizes(sizes, to: &encoding)
        return
      }
      var scales: [Float] = []
      for (input, size) in zip(inputs, sizes) {
        guard input > 0, let scale = Self.scale(from: input, to: size),
          op.mode != .nearest || Self.picksTheSame(op, from: input, to: size, scale: scale)
        else {
          throw failure(
            node, "sizes", "opset 18 or later, a fixed batch, or a factor that Float can express",
            "opset \(opset), \(x) resized to \(sizes)")
        }
        scales.append(scale)
      }
      addScales(scales, axes: op.axes, rank: x.rank, to: &encoding)
    }
  }

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
  private static func picksTheSame(_ op: Resize, from input: Int, to size: Int, scale: Float) -> Bool {
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

  private func addSizes(_ sizes: [Int], to encoding: inout NodeEncoding) {
    addEmptyInputs(to: &encoding, count: 2)
    encoding.addConstant("sizes", Tensor(sizes.map { Int64($0) }, shape: [sizes.count]), in: graph)
  }

  private func addScales(_ scales: [Float], axes: [Int], rank: Int, to encoding: inout NodeEncoding) {
    var all = [Float](repeating: 1, count: rank)
    for (axis, scale) in zip(axes, scales) { all[axis] = scale }
    addEmptyInputs(to: &encoding, count: 1)
    encoding.addConstant("scales", Tensor(all, shape: [rank]), in: graph)
  }

  /// The inputs roi, and scales where sizes are given: left out from opset 13, empty tensors before.
  private func addEmptyInputs(to encoding: inout NodeEncoding, count: Int) {
    for suffix in ["roi", "scales"].prefix(count) {
      if opset >= 13 {
        encoding.inputs.append("")
      } else {
        encoding.addConstant(suffix, Tensor([Float](), shape: [0]), in: graph)
      }
    }
  }
}
