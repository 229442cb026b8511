import FileIO
import ModelIR

extension GraphBuilder {
  /// Resize of opset 10 and later. In opset 10 it is what Upsample was before.
  mutating func addResize(_ node: inout NodeReader) throws(ScaleNetError) {
    let mode = try mode(&node)
    let x = try type(node, 0)
    guard opset >= 11 else {
      try node.requireInputs(atMost: 2)
      let scales = try reals(node, 1, "scales")
      try addResize(
        node, Resize(mode: mode, coordinateTransformation: .asymmetric, extent: .sizes([])), x: x,
        axes: Array(0..<x.rank), scales: scales, sizes: nil)
      return
    }
    let coordinates = try node.string("coordinate_transformation_mode", default: "half_pixel")
    let known = Resize.CoordinateTransformation(rawValue: coordinates)
    guard let transformation = known, Self.has(transformation, opset: opset) else {
      throw node.failure(
        "attribute coordinate_transformation_mode",
        expected: "half_pixel, pytorch_half_pixel, asymmetric, align_corners"
          + (opset >= 19 ? " or half_pixel_symmetric" : opset <= 12 ? " or tf_half_pixel_for_nn" : ""),
        found: coordinates)
    }
    let rounding = try node.string("nearest_mode", default: "round_prefer_floor")
    guard let nearestMode = Resize.NearestMode(rawValue: rounding) else {
      throw node.failure(
        "attribute nearest_mode", expected: "round_prefer_floor, round_prefer_ceil, floor or ceil",
        found: rounding)
    }
    // This speaks of cropping, which is refused above.
    node.ignore("extrapolation_value")
    let coefficient = try node.float("cubic_coeff_a", default: -0.75)
    let excludesOutside = try node.flag("exclude_outside")
    var axes = Array(0..<x.rank)
    var antialias = false
    var policy = "stretch"
    if opset >= 18 {
      antialias = try node.flag("antialias")
      policy = try node.string("keep_aspect_ratio_policy", default: "stretch")
      if let given = try node.integers("axes") {
        axes = []
        for axis in given { axes.append(try node.axis(axis, rank: x.rank, name: "attribute axes")) }
        guard Set(axes).count == axes.count else {
          throw node.failure("attribute axes", expected: "each axis once", found: "\(given)")
        }
      }
    }
    try node.requireInputs(atMost: 4)
    let scales = try reals(node, 2, "scales").flatMap { $0.isEmpty ? nil : $0 }
    var sizes = try constant(node, 3, "sizes").flatMap { $0.elements.isEmpty ? nil : $0 }
    // Scales leave nothing for the policy to decide.
    if policy != "stretch", let stated = sizes {
      sizes = try keepingAspectRatio(node, policy, stated, x, axes)
    }
    // Nearest alone rounds, and cubic alone has a coefficient; the payload of others has one form.
    let op = Resize(
      mode: mode, coordinateTransformation: transformation,
      nearestMode: mode == .nearest ? nearestMode : .floor, extent: .sizes([]),
      cubicCoefficient: mode == .cubic ? coefficient : -0.75,
      excludesOutside: mode != .nearest && excludesOutside, antialias: mode != .nearest && antialias)
    try addResize(node, op, x: x, axes: axes, scales: scales, sizes: sizes)
  }

  private static func has(_ transformation: Resize.CoordinateTransformation, opset: Int) -> Bool {
    switch transformation {
    case .halfPixelSymmetric: opset >= 19
    case .tfHalfPixelForNN: opset <= 12
    default: true
    }
  }

  /// The sizes that a policy makes of those stated: all axes get one factor, the least or the greatest of those asked
  /// for, and are rounded, halves up.
  private func keepingAspectRatio(
    _ node: NodeReader, _ policy: String, _ sizes: PartialTensor, _ x: TensorType, _ axes: [Int]
  ) throws(ScaleNetError) -> PartialTensor {
    guard policy == "not_larger" || policy == "not_smaller" else {
      throw node.failure(
        "attribute keep_aspect_ratio_policy", expected: "stretch, not_larger or not_smaller", found: policy)
    }
    let extents = axes.compactMap { x.dimensions[$0].value }
    guard let stated = sizes.integers, stated.count == axes.count, extents.count == axes.count,
      extents.allSatisfy({ $0 > 0 })
    else {
      throw node.failure("input sizes", expected: "\(axes.count) known extents", found: "\(sizes) for \(x)")
    }
    let factors = zip(stated, extents).map { Double($0) / Double($1) }
    let factor = (policy == "not_larger" ? factors.min() : factors.max()) ?? 1
    var result = sizes
    for (index, extent) in extents.enumerated() {
      let size = (factor * Double(extent) + 0.5).rounded(.down)
      guard size <= Double(1 << 24) else {
        throw node.failure("input sizes", expected: "at most \(1 << 24)", found: "\(sizes) for \(x)")
      }
      result.elements[index] = .integer(Int64(size))
    }
    return result
  }

  /// Upsample of opsets 7 to 9.
  mutating func addUpsample(_ node: inout NodeReader) throws(ScaleNetError) {
    guard opset <= 9 else {
      throw node.failure("op_type", expected: "Resize in opset \(opset)", found: "Upsample")
    }
    let mode = try mode(&node)
    let x = try type(node, 0)
    let scales = opset < 9 ? try node.floats("scales") : try reals(node, 1, "scales")
    try node.requireInputs(atMost: 2)
    try addResize(
      node, Resize(mode: mode, coordinateTransformation: .asymmetric, extent: .sizes([])), x: x,
      axes: Array(0..<x.rank), scales: scales, sizes: nil)
  }

  private func mode(_ node: inout NodeReader) throws(ScaleNetError) -> Resize.Mode {
    let name = try node.string("mode", default: "nearest")
    // Upsample of opset 7 also spells linear so.
    let mode = Resize.Mode(rawValue: name == "bilinear" && opset < 9 ? "linear" : name)
    guard let mode, mode != .cubic || opset >= 11 else {
      throw node.failure(
        "attribute mode", expected: opset >= 11 ? "nearest, linear or cubic" : "nearest or linear",
        found: name)
    }
    return mode
  }

  /// Adds a Resize in its one form: sizes rather than scales where both say the same, and only the axes that count.
  private mutating func addResize(
    _ node: NodeReader, _ template: Resize, x: TensorType, axes: [Int], scales: [Float]?,
    sizes: PartialTensor?
  ) throws(ScaleNetError) {
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
    let input = try value(node, 0)
    try add(node, resize.axes.isEmpty ? .identity(Identity()) : .resize(resize), inputs: [input])
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
