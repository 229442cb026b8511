import ModelIR

extension GraphBuilder {
  /// Resize of opset 10 and later. In opset 10 it is what Upsample was before.
  mutating func addResize(_ node: inout NodeReader) throws(ONNXError) {
    let mode = try mode(&node)
    let x = try type(node, 0)
    guard opset >= 11 else {
      try node.requireInputs(atMost: 2)
      let scales = try floats(node, 1, "scales")
      try addResize(
        node, Resize(mode: mode, coordinateTransformation: .asymmetric, extent: .sizes([])), x: x,
        axes: Array(0..<x.rank), scales: scales, sizes: nil)
      return
    }
    let coordinates = try node.string("coordinate_transformation_mode", default: "half_pixel")
    guard let transformation = Resize.CoordinateTransformation(rawValue: coordinates) else {
      throw node.failure(
        "attribute coordinate_transformation_mode",
        expected: "half_pixel, pytorch_half_pixel, asymmetric or align_corners", found: coordinates)
    }
    let rounding = try node.string("nearest_mode", default: "round_prefer_floor")
    guard let nearestMode = Resize.NearestMode(rawValue: rounding) else {
      throw node.failure(
        "attribute nearest_mode", expected: "round_prefer_floor, round_prefer_ceil, floor or ceil",
        found: rounding)
    }
    // These speak of cubic interpolation and of cropping, which are refused above.
    node.ignore("cubic_coeff_a")
    node.ignore("extrapolation_value")
    try node.requireZero("exclude_outside")
    var axes = Array(0..<x.rank)
    if opset >= 18 {
      try node.requireZero("antialias")
      let policy = try node.string("keep_aspect_ratio_policy", default: "stretch")
      guard policy == "stretch" else {
        throw node.failure("attribute keep_aspect_ratio_policy", expected: "stretch", found: policy)
      }
      if let given = try node.integers("axes") {
        axes = []
        for axis in given { axes.append(try node.axis(axis, rank: x.rank, name: "attribute axes")) }
      }
    }
    try node.requireInputs(atMost: 4)
    let scales = try constant(node, 2, "scales").flatMap { $0.elements.isEmpty ? nil : $0 }
    let sizes = try constant(node, 3, "sizes").flatMap { $0.elements.isEmpty ? nil : $0 }
    // Nearest alone rounds; the payload of others has one form.
    let op = Resize(
      mode: mode, coordinateTransformation: transformation,
      nearestMode: mode == .nearest ? nearestMode : .floor, extent: .sizes([]))
    try addResize(
      node, op, x: x, axes: axes, scales: scales == nil ? nil : try floats(node, 2, "scales"), sizes: sizes)
  }

  /// Upsample of opsets 7 to 9.
  mutating func addUpsample(_ node: inout NodeReader) throws(ONNXError) {
    guard opset <= 9 else {
      throw node.failure("op_type", expected: "Resize in opset \(opset)", found: "Upsample")
    }
    let mode = try mode(&node)
    let x = try type(node, 0)
    let scales = opset < 9 ? try node.floats("scales") : try floats(node, 1, "scales")
    try node.requireInputs(atMost: 2)
    try addResize(
      node, Resize(mode: mode, coordinateTransformation: .asymmetric, extent: .sizes([])), x: x,
      axes: Array(0..<x.rank), scales: scales, sizes: nil)
  }

  private func mode(_ node: inout NodeReader) throws(ONNXError) -> Resize.Mode {
    let name = try node.string("mode", default: "nearest")
    guard let mode = Resize.Mode(rawValue: name) else {
      throw node.failure("attribute mode", expected: "nearest or linear", found: name)
    }
    return mode
  }

  private func floats(_ node: NodeReader, _ index: Int, _ name: String) throws(ONNXError) -> [Float] {
    guard let partial = try constant(node, index, name) else {
      throw node.failure("input \(name)", expected: "a value", found: "none")
    }
    guard let values = partial.reals else {
      throw node.failure("input \(name)", expected: "known real numbers", found: "\(partial)")
    }
    return values.map { Float($0) }
  }

  /// Adds a Resize in its one form: sizes rather than scales where both say the same, and only the axes that count.
  private mutating func addResize(
    _ node: NodeReader, _ template: Resize, x: TensorType, axes: [Int], scales: [Float]?,
    sizes: PartialTensor?
  ) throws(ONNXError) {
    var newSizes = [Int?](repeating: nil, count: x.rank)
    var newScales = [Float?](repeating: nil, count: x.rank)
    switch (scales, sizes) {
    case (let scales?, nil):
      guard scales.count == axes.count else {
        throw node.failure("input scales", expected: "\(axes.count) factors", found: "\(scales)")
      }
      for (axis, scale) in zip(axes, scales) where scale != 1 { newScales[axis] = scale }
      for (axis, scale) in zip(axes, scales) {
        newSizes[axis] = scale == 1 ? nil : Self.size(x.dimensions[axis].value, scale: scale)
      }
    case (nil, let sizes?):
      guard sizes.elements.count == axes.count else {
        throw node.failure("input sizes", expected: "\(axes.count) extents", found: "\(sizes)")
      }
      for (axis, element) in zip(axes, sizes.elements) {
        switch element {
        case .integer(let size):
          if x.dimensions[axis].value != Int(size) { newSizes[axis] = Int(size) }
        case .open(let name) where x.dimensions[axis] == .symbolic(name): break
        default:
          throw node.failure("input sizes", expected: "extents that follow from \(x)", found: "\(sizes)")
        }
      }
    default:
      throw node.failure(
        "inputs", expected: "scales or sizes", found: scales == nil ? "neither" : "both")
    }
    let changed = (0..<x.rank).filter { newSizes[$0] != nil || newScales[$0] != nil }
    var resize = template
    // Height and width belong together, also where one of them stays.
    resize.axes = x.rank == 4 && changed.allSatisfy({ $0 >= 2 }) ? [2, 3] : changed
    let complete = resize.axes.map { newSizes[$0] ?? (newScales[$0] == nil ? x.dimensions[$0].value : nil) }
    if complete.allSatisfy({ $0 != nil }) {
      resize.extent = .sizes(complete.compactMap { $0 })
    } else {
      resize.extent = .scales(resize.axes.map { newScales[$0] ?? 1 })
    }
    guard !resize.axes.isEmpty else {
      throw node.failure("input X", expected: "axes to resize", found: "\(x)")
    }
    try add(node, .resize(resize), inputs: [try value(node, 0)])
  }

  /// The extent that a factor stands for, if the factor is out / in but for rounding to Float (by one step up or down).
  private static func size(_ extent: Int?, scale: Float) -> Int? {
    guard let extent, extent > 0, extent <= 1 << 24, scale > 0, scale <= 65536 else { return nil }
    let size = (Double(extent) * Double(scale)).rounded()
    guard size >= 1, size <= Double(1 << 24) else { return nil }
    let exact = Float(size / Double(extent))
    return abs(exact - scale) <= exact.ulp ? Int(size) : nil
  }
}
