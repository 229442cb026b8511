import FileIO
import ModelIR

/// Resize, and Upsample before it.
enum ResizeOperators {
  static let handlers: [OperatorHandler] = [
    OperatorHandler("Resize", since: 10, readResize), OperatorHandler("Upsample", readUpsample),
  ]

  /// What opset 10 and Upsample are: positions are divided by the factor, and rounded down.
  private static func asymmetric(_ mode: Resize.Mode) -> Resize {
    Resize(mode: mode, coordinateTransformation: .asymmetric, extent: .sizes([]))
  }

  /// In opset 10 Resize is what Upsample was before.
  private static func readResize(_ node: inout NodeReader, _ graph: inout GraphReader) throws(ScaleNetError) {
    let mode = try mode(&node)
    let x = try graph.type(node, 0)
    guard node.opset >= 11 else {
      try node.requireInputs(atMost: 2)
      try add(node, asymmetric(mode), x: x, axes: Array(0..<x.rank), scales: 1, sizes: nil, .stretch, &graph)
      return
    }
    let coordinates = try node.string("coordinate_transformation_mode", default: "half_pixel")
    let known = Resize.CoordinateTransformation(rawValue: coordinates)
    guard let transformation = known, has(transformation, opset: node.opset) else {
      throw node.failure(
        "attribute coordinate_transformation_mode",
        expected: "half_pixel, pytorch_half_pixel, asymmetric, align_corners"
          + (node.opset >= 19
            ? " or half_pixel_symmetric" : node.opset <= 12 ? " or tf_half_pixel_for_nn" : ""),
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
    var policy = Policy.stretch
    if node.opset >= 18 {
      antialias = try node.flag("antialias")
      policy = try node.choice("keep_aspect_ratio_policy", default: .stretch)
      if let given = try node.integers("axes") {
        axes = try node.axes(given, rank: x.rank, name: "attribute axes")
      }
    }
    try node.requireInputs(atMost: 4)
    // Nearest alone rounds, and cubic alone has a coefficient; the payload of others has one form.
    let op = Resize(
      mode: mode, coordinateTransformation: transformation,
      nearestMode: mode == .nearest ? nearestMode : .floor, extent: .sizes([]),
      cubicCoefficient: mode == .cubic ? coefficient : -0.75,
      excludesOutside: mode != .nearest && excludesOutside, antialias: mode != .nearest && antialias)
    try add(node, op, x: x, axes: axes, scales: 2, sizes: 3, policy, &graph)
  }

  private enum Policy: String, CaseIterable {
    case stretch
    case notLarger = "not_larger"
    case notSmaller = "not_smaller"
  }

  private static func has(_ transformation: Resize.CoordinateTransformation, opset: Int) -> Bool {
    switch transformation {
    case .halfPixelSymmetric: opset >= 19
    case .tfHalfPixelForNN: opset <= 12
    case .halfPixel, .pytorchHalfPixel, .asymmetric, .alignCorners: true
    }
  }

  /// Upsample of opsets 7 to 9.
  private static func readUpsample(_ node: inout NodeReader, _ graph: inout GraphReader) throws(ScaleNetError)
  {
    guard node.opset <= 9 else {
      throw node.failure("op_type", expected: "Resize in opset \(node.opset)", found: "Upsample")
    }
    let mode = try mode(&node)
    let x = try graph.type(node, 0)
    let axes = Array(0..<x.rank)
    try node.requireInputs(atMost: 2)
    guard node.opset < 9 else {
      try add(node, asymmetric(mode), x: x, axes: axes, scales: 1, sizes: nil, .stretch, &graph)
      return
    }
    let op = try resized(
      node, asymmetric(mode), x: x, axes: axes, scales: try node.floats("scales"), sizes: nil)
    try add(node, op, &graph)
  }

  private static func mode(_ node: inout NodeReader) throws(ScaleNetError) -> Resize.Mode {
    let name = try node.string("mode", default: "nearest")
    // Upsample of opset 7 also spells linear so.
    let mode = Resize.Mode(rawValue: name == "bilinear" && node.opset < 9 ? "linear" : name)
    guard let mode, mode != .cubic || node.opset >= 11 else {
      throw node.failure(
        "attribute mode", expected: node.opset >= 11 ? "nearest, linear or cubic" : "nearest or linear",
        found: name)
    }
    return mode
  }

  // MARK: Extents

  /// Adds a Resize whose scales or sizes are inputs.
  private static func add(
    _ node: NodeReader, _ template: Resize, x: TensorType, axes: [Int], scales: Int, sizes: Int?,
    _ policy: Policy, _ graph: inout GraphReader
  ) throws(ScaleNetError) {
    func isEmpty(_ index: Int?) throws(ScaleNetError) -> Bool {
      guard let index, node.input(index) != nil else { return true }
      return try graph.type(node, index).dimensions == [0]
    }
    let states = (scales: try !isEmpty(scales), sizes: try !isEmpty(sizes))
    let index = states.scales ? scales : sizes ?? scales
    if states.scales != states.sizes, try graph.known(node, index) == nil {
      guard policy == .stretch else {
        throw node.failure("input sizes", expected: "a constant", found: "a value computed by the graph")
      }
      var op = template
      op.axes = axes.sorted()
      guard axes == op.axes else {
        throw node.failure("attribute axes", expected: "ascending axes", found: "\(axes)")
      }
      let given = try graph.operand(node, index)
      let inputs = [try graph.operand(node, 0), nil, states.scales ? given : nil, states.sizes ? given : nil]
      try graph.add(node, .computed(.resize(op)), states.sizes ? inputs : Array(inputs.prefix(3)))
      return
    }
    let factors = states.scales ? try graph.reals(node, scales, "scales") : nil
    let extents =
      states.sizes
      ? try sizes.flatMap { (index) throws(ScaleNetError) in try graph.extents(node, index) } : nil
    // Scales leave nothing for the policy to decide.
    if policy != .stretch, factors == nil, let extents {
      try add(node, try keepingAspectRatio(node, template, policy, extents, x, axes), &graph)
    } else {
      try add(node, try resized(node, template, x: x, axes: axes, scales: factors, sizes: extents), &graph)
    }
  }

  private static func add(_ node: NodeReader, _ op: Resize, _ graph: inout GraphReader) throws(ScaleNetError)
  {
    try graph.add(node, op.axes.isEmpty ? .identity(Identity()) : .resize(op), [try graph.operand(node, 0)])
  }

  /// What a policy makes of stated sizes: all axes get one factor, the least or the greatest of those asked for, and
  /// extents are rounded, halves up. Positions follow from the factor, not from the rounded extents.
  private static func keepingAspectRatio(
    _ node: NodeReader, _ template: Resize, _ policy: Policy, _ sizes: [Dimension], _ x: TensorType,
    _ axes: [Int]
  ) throws(ScaleNetError) -> Resize {
    let extents = axes.compactMap { x.dimensions[$0].value }
    let stated = sizes.compactMap(\.value)
    guard stated.count == axes.count, extents.count == axes.count, extents.allSatisfy({ $0 > 0 }) else {
      throw node.failure("input sizes", expected: "\(axes.count) known extents", found: "\(sizes) for \(x)")
    }
    let factors = zip(stated, extents).map { Double($0) / Double($1) }
    let factor = (policy == .notLarger ? factors.min() : factors.max()) ?? 1
    var rounded: [Int] = []
    for extent in extents {
      let size = (factor * Double(extent) + 0.5).rounded(.down)
      guard size <= Double(1 << 24) else {
        throw node.failure("input sizes", expected: "at most \(1 << 24)", found: "\(sizes) for \(x)")
      }
      rounded.append(Int(size))
    }
    let order = axes.indices.sorted { axes[$0] < axes[$1] }
    var resize = template
    resize.axes = order.map { axes[$0] }
    let result = order.map { rounded[$0] }
    let isExact = zip(extents, rounded).allSatisfy { Double($1) == factor * Double($0) }
    resize.extent =
      isExact
      ? .sizes(result)
      : .rounded(sizes: result, scales: [Float](repeating: Float(factor), count: axes.count))
    return resize
  }

  /// A Resize in its one form: sizes rather than scales where both say the same, and only the axes that count.
  private static func resized(
    _ node: NodeReader, _ template: Resize, x: TensorType, axes: [Int], scales: [Float]?, sizes: [Dimension]?
  ) throws(ScaleNetError) -> Resize {
    var newSizes = [Int?](repeating: nil, count: x.rank)
    var newScales = [Float?](repeating: nil, count: x.rank)
    switch (scales, sizes) {
    case (let scales?, nil):
      guard scales.count == axes.count else {
        throw node.failure("input scales", expected: "\(axes.count) factors", found: "\(scales)")
      }
      for (axis, scale) in zip(axes, scales) where scale != 1 {
        newScales[axis] = scale
        newSizes[axis] = size(x.dimensions[axis].value, scale: scale)
      }
    case (nil, let sizes?):
      guard sizes.count == axes.count else {
        throw node.failure("input sizes", expected: "\(axes.count) extents", found: "\(sizes)")
      }
      for (axis, size) in zip(axes, sizes) where x.dimensions[axis] != size {
        guard let value = size.value else {
          throw node.failure("input sizes", expected: "extents that follow from \(x)", found: "\(sizes)")
        }
        newSizes[axis] = value
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
    return resize
  }

  /// The extent that a factor stands for, if the factor is out / in but for rounding to Float (by one step up or down)
  /// and the product in Float, rounded down, is that extent, as shape inference and ONNX Runtime compute it.
  private static func size(_ extent: Int?, scale: Float) -> Int? {
    guard let extent, extent > 0, extent <= 1 << 24, scale > 0, scale <= 65536 else { return nil }
    let size = (Float(extent) * scale).rounded(.down)
    guard size >= 1, size <= Float(1 << 24) else { return nil }
    let exact = Float(Double(size) / Double(extent))
    return abs(exact - scale) <= exact.ulp ? Int(size) : nil
  }

  // MARK: Writing

  /// Resize takes sizes of all axes where they are known. With an open extent it takes factors where they are exact,
  /// from opset 18 sizes of the resized axes alone, and otherwise factors that all readers take for the right size.
  static func write(_ op: Resize, _ node: inout NodeWriter) throws(ScaleNetError) {
    let x = node.type(0)
    try writeAttributes(op, &node, statesAxes: false)
    switch op.extent {
    case .scales(let scales):
      addScales(scales, axes: op.axes, rank: x.rank, &node)
    case .rounded(let sizes, let scales):
      try addRounded(sizes, scales: scales, op, &node)
    case .sizes(let sizes):
      var output = x.dimensions
      for (axis, size) in zip(op.axes, sizes) { output[axis] = .fixed(size) }
      let all = output.compactMap(\.value)
      if all.count == x.rank {
        addSizes(all, &node)
        return
      }
      let inputs = op.axes.map { x.dimensions[$0].value ?? 0 }
      let isExact = zip(inputs, sizes).allSatisfy { $0 > 0 && $1 % $0 == 0 }
      if node.opset >= 18 && !isExact {
        node.set("axes", op.axes)
        addSizes(sizes, &node)
        return
      }
      var scales: [Float] = []
      for (input, size) in zip(inputs, sizes) {
        guard input > 0, let scale = scale(from: input, to: size),
          op.mode != .nearest || picksTheSame(op, from: input, to: size, scale: scale)
        else {
          throw node.failure(
            "sizes", expected: "opset 18 or later, a fixed batch, or a factor that Float can express",
            found: "opset \(node.opset), \(x) resized to \(sizes)")
        }
        scales.append(scale)
      }
      addScales(scales, axes: op.axes, rank: x.rank, &node)
    }
  }

  /// The attributes beside the extents, which are inputs. Axes may be stated from opset 18.
  static func writeAttributes(
    _ op: Resize, _ node: inout NodeWriter, statesAxes: Bool
  ) throws(ScaleNetError) {
    node.set("coordinate_transformation_mode", op.coordinateTransformation.rawValue)
    node.set("mode", op.mode.rawValue)
    switch op.mode {
    case .nearest:
      node.set("nearest_mode", op.nearestMode.rawValue)
    case .linear:
      break
    case .cubic:
      node.set("cubic_coeff_a", op.cubicCoefficient)
    }
    if op.excludesOutside && op.mode != .nearest { node.set("exclude_outside", true) }
    if op.antialias && op.mode != .nearest {
      guard node.opset >= 18 else {
        throw node.failure("antialias", expected: "opset 18 or later", found: "opset \(node.opset)")
      }
      node.set("antialias", true)
    }
    switch op.coordinateTransformation {
    case .halfPixelSymmetric where node.opset < 19:
      throw node.failure(
        "coordinate_transformation_mode", expected: "opset 19 or later",
        found: "half_pixel_symmetric, opset \(node.opset)")
    case .tfHalfPixelForNN where node.opset > 12:
      throw node.failure(
        "coordinate_transformation_mode", expected: "opset 12 or earlier",
        found: "tf_half_pixel_for_nn, opset \(node.opset)")
    default:
      break
    }
    if statesAxes, op.axes != Array(0..<node.type(0).rank) {
      try node.require(opset: 18)
      node.set("axes", op.axes)
    }
  }

  private static func addSizes(_ sizes: [Int], _ node: inout NodeWriter) {
    addEmptyInputs(&node, count: 2)
    node.addConstant("sizes", Tensor(sizes.map { Int64($0) }, shape: [sizes.count]))
  }

  /// Sizes of which a policy makes the same factor and the same sizes again.
  private static func addRounded(
    _ sizes: [Int], scales: [Float], _ op: Resize, _ node: inout NodeWriter
  ) throws(ScaleNetError) {
    try node.require(opset: 18)
    let factors = zip(op.axes, sizes).map { axis, size in
      Float(Double(size) / Double(node.type(0).dimensions[axis].value ?? 1))
    }
    let policy: Policy
    if scales.allSatisfy({ $0 == factors.max() }) {
      policy = .notSmaller
    } else if scales.allSatisfy({ $0 == factors.min() }) {
      policy = .notLarger
    } else {
      throw node.failure(
        "sizes", expected: "extents that a common factor of one of them gives", found: "\(sizes)")
    }
    node.set("keep_aspect_ratio_policy", policy.rawValue)
    node.set("axes", op.axes)
    addSizes(sizes, &node)
  }

  private static func addScales(_ scales: [Float], axes: [Int], rank: Int, _ node: inout NodeWriter) {
    var all = [Float](repeating: 1, count: rank)
    for (axis, scale) in zip(axes, scales) { all[axis] = scale }
    addEmptyInputs(&node, count: 1)
    node.addConstant("scales", Tensor(all, shape: [rank]))
  }

  /// The inputs roi, and scales where sizes are given: left out from opset 13, empty tensors before.
  private static func addEmptyInputs(_ node: inout NodeWriter, count: Int) {
    for suffix in ["roi", "scales"].prefix(count) {
      if node.opset >= 13 {
        node.inputs.append("")
      } else {
        node.addConstant(suffix, Tensor([Float](), shape: [0]))
      }
    }
  }
}
