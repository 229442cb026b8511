import FileIO
import ModelIR

/// The same elements in another shape, and shapes themselves.
enum ShapeOperators {
  static let handlers: [OperatorHandler] = [
    .plain("Identity", .identity(Identity())),
    OperatorHandler("Shape", readShape), OperatorHandler("Size", readSize),
    OperatorHandler("Flatten", readFlatten), OperatorHandler("Reshape", readReshape),
    OperatorHandler("Squeeze", readSqueeze), OperatorHandler("Unsqueeze", readSqueeze),
    OperatorHandler("Expand", since: 8, readExpand), OperatorHandler("Tile", readTile),
  ]

  // MARK: Shape and Size

  /// Shape takes a range of axes from opset 15.
  private static func readShape(_ node: inout NodeReader, _ graph: inout GraphReader) throws(ScaleNetError) {
    let input = try graph.operand(node, 0)
    let dimensions = graph.type(input).dimensions
    var (start, end) = (0, dimensions.count)
    if node.opset >= 15 {
      start = try node.integer("start", default: 0)
      end = try node.integer("end", default: dimensions.count)
    }
    func clamped(_ value: Int) -> Int {
      min(max(value < 0 ? value + dimensions.count : value, 0), dimensions.count)
    }
    let axes = clamped(start)..<max(clamped(start), clamped(end))
    try node.requireInputs(atMost: 1)
    if let known = KnownTensor(dimensions: dimensions[axes]) {
      try node.finish()
      try graph.define(node, output: try node.output(), .constant(known, value: nil))
    } else {
      try graph.add(node, .shape(Shape(axes: axes)), [input])
    }
  }

  static func write(_ op: Shape, _ node: inout NodeWriter) throws(ScaleNetError) {
    if op.axes == 0..<node.type(0).rank { return }
    try node.require(opset: 15)
    node.set("start", op.axes.lowerBound)
    node.set("end", op.axes.upperBound)
  }

  private static func readSize(_ node: inout NodeReader, _ graph: inout GraphReader) throws(ScaleNetError) {
    let input = try graph.operand(node, 0)
    try node.requireInputs(atMost: 1)
    var product: Dimension? = .fixed(1)
    for dimension in graph.type(input).dimensions {
      switch (product, dimension) {
      case (let left?, .fixed(let value)): product = value > 0 ? left.multiplied(by: value) : .fixed(0)
      case (.fixed(let value), .symbolic): product = dimension.multiplied(by: value)
      default: product = nil
      }
    }
    guard let product, let known = KnownTensor(dimensions: [product]) else {
      try graph.add(node, .size(Size()), [input])
      return
    }
    let scalar = KnownTensor(known.tensor.reshaped([]) ?? known.tensor, open: known.open)
    try node.finish()
    try graph.define(node, output: try node.output(), .constant(scalar, value: nil))
  }

  // MARK: Reshape and its kin

  private static func readFlatten(_ node: inout NodeReader, _ graph: inout GraphReader) throws(ScaleNetError)
  {
    let rank = try graph.type(node, 0).rank
    let axis = try node.integer("axis", default: 1)
    // Unlike elsewhere, the axis may be behind the last one.
    let counted = axis == rank ? rank : try node.axis(axis, rank: rank)
    try node.requireInputs(atMost: 1)
    try graph.add(node, .flatten(Flatten(axis: counted)), [try graph.operand(node, 0)])
  }

  static func write(_ op: Flatten, _ node: inout NodeWriter) {
    node.set("axis", op.axis)
  }

  /// An extent of 0 keeps the input's, unless `allowzero` of opset 14 says otherwise.
  private static func readReshape(_ node: inout NodeReader, _ graph: inout GraphReader) throws(ScaleNetError)
  {
    let allowsZero = node.opset >= 14 ? try node.flag("allowzero") : false
    try node.requireInputs(atMost: 2)
    let input = try graph.operand(node, 0)
    let x = graph.type(input)
    guard try graph.known(node, 1) != nil else {
      let op = Computed.reshape(allowsZero: allowsZero)
      try graph.add(node, .computed(op), [input, try graph.operand(node, 1)])
      return
    }
    guard let target = try graph.constant(node, 1, "shape"), target.shape.count == 1,
      let extents = try graph.extents(node, 1)
    else {
      throw node.failure("input shape", expected: "a vector of integers", found: "another")
    }
    if allowsZero, extents.contains(0) {
      guard case .constant(let known, _) = graph.scope[input], known.tensor.elementCount == 0,
        let shape = TensorShape(checking: extents.map { $0.value ?? 1 }),
        let empty = known.tensor.reshaped(shape)
      else {
        throw node.failure("input shape", expected: "extents that hold \(x)", found: "\(target)")
      }
      try node.finish()
      try graph.define(node, output: try node.output(), .constant(KnownTensor(empty), value: nil))
      return
    }
    var shape: [Int] = []
    let known = withoutRest(extents, of: x)
    for (axis, extent) in known.enumerated() {
      if let value = extent.value {
        shape.append(value)
      } else if axis < x.rank, x.dimensions[axis] == extent {
        shape.append(0)
      } else if !known.contains(-1), !shape.contains(-1) {
        // An open extent that moves is what is left when all others are known.
        shape.append(-1)
      } else {
        let op = Computed.reshape(allowsZero: false)
        try graph.add(node, .computed(op), [input, try graph.operand(node, 1)])
        return
      }
    }
    try graph.add(node, .reshape(Reshape(shape: shape)), [input])
  }

  /// The extents with what is left, -1, computed, if an open extent moves and that can be said.
  private static func withoutRest(_ extents: [Dimension], of x: TensorType) -> [Dimension] {
    guard let hole = extents.firstIndex(of: -1), !x.dimensions.contains(.unknown),
      extents.enumerated().contains(where: { axis, extent in
        extent.value == nil && !(axis < x.rank && x.dimensions[axis] == extent)
      })
    else { return extents }
    var rest = x.dimensions
    var divisor = 1
    for (axis, extent) in extents.enumerated() where axis != hole {
      let stated = extent == 0 && axis < x.rank ? x.dimensions[axis] : extent
      if let value = stated.value {
        divisor *= max(value, 1)
      } else if let index = rest.firstIndex(where: { $0.ratio(to: stated) != nil }) {
        rest[index] = .fixed(rest[index].ratio(to: stated) ?? 1)
      } else if let index = rest.firstIndex(where: { stated.ratio(to: $0) != nil }),
        let factor = stated.ratio(to: rest[index])
      {
        // Elements of other axes move to the open one.
        rest[index] = .fixed(1)
        divisor *= factor
      } else {
        return extents
      }
    }
    let open = rest.filter { $0.value == nil }
    var product: Dimension? = open.count > 1 ? nil : open.first ?? .fixed(1)
    for value in rest.compactMap(\.value) { product = product?.multiplied(by: value) }
    guard let left = product?.divided(by: divisor) else { return extents }
    var result = extents
    result[hole] = left
    return result
  }

  static func write(_ op: Reshape, _ node: inout NodeWriter) {
    node.addIntegers("shape", op.shape)
  }

  /// The Reshape that gives a type: an open extent stays where it is in `from`, the result itself by default, or is
  /// what is left.
  static func reshape(
    to type: TensorType, _ node: NodeReader, from: TensorType? = nil
  ) throws(ScaleNetError) -> Reshape {
    var shape: [Int] = []
    for (axis, dimension) in type.dimensions.enumerated() {
      if let value = dimension.value {
        shape.append(value)
      } else if let from, axis < from.rank, from.dimensions[axis] == dimension {
        shape.append(0)
      } else if from == nil, axis == 0 {
        // Here steps leave the first axis alone.
        shape.append(0)
      } else {
        shape.append(-1)
      }
    }
    guard shape.count(where: { $0 == -1 }) <= 1 else {
      throw node.failure("input 0", expected: "at most one open extent that moves", found: "\(type)")
    }
    return Reshape(shape: shape)
  }

  /// Axes stand in an attribute until opset 12, and then in an input. What the graph computes is squeezed by a Reshape.
  private static func readSqueeze(_ node: inout NodeReader, _ graph: inout GraphReader) throws(ScaleNetError)
  {
    let input = try graph.operand(node, 0)
    let x = graph.type(input)
    let isSqueeze = node.message.op == "Squeeze"
    var stated: [Int]?
    if node.opset < 13 {
      stated = try node.integers("axes")
    } else {
      stated = try graph.integersIfKnown(node, 1)
      if stated == nil, let axes = try graph.optionalOperand(node, 1) {
        try graph.add(node, .computed(isSqueeze ? .squeeze : .unsqueeze), [input, axes])
        return
      }
    }
    try node.requireInputs(atMost: 2)
    let op: Operator
    if isSqueeze {
      let all = x.dimensions.indices.filter { x.dimensions[$0] == 1 }
      let axes = try stated.map { (axes) throws(ScaleNetError) in try node.axes(axes, rank: x.rank) } ?? all
      if let axis = axes.first(where: { !x.dimensions[$0].isCompatible(with: 1) }) {
        throw node.failure(
          "axes", expected: "extents of 1", found: "\(x.dimensions[axis]) at axis \(axis)")
      }
      op = .squeeze(Squeeze(axes: Set(axes).sorted()))
    } else {
      guard let stated, x.rank + stated.count <= 64 else {
        throw node.failure(
          "axes", expected: "up to \(64 - x.rank) axes", found: stated.map { "\($0.count)" } ?? "none")
      }
      op = .unsqueeze(Unsqueeze(axes: try node.axes(stated, rank: x.rank + stated.count).sorted()))
    }
    if case .value = graph.scope[input], !x.dimensions.contains(.unknown),
      let result = try? op.kind.inferTypes([x])[0],
      let reshape = try? reshape(to: result, node, from: x)
    {
      try graph.add(node, .reshape(reshape), [input])
    } else {
      try graph.add(node, op, [input])
    }
  }

  static func writeAxes(_ axes: [Int], _ node: inout NodeWriter) {
    if node.opset >= 13 { node.addIntegers("axes", axes) } else { node.set("axes", axes) }
  }

  private static func readExpand(_ node: inout NodeReader, _ graph: inout GraphReader) throws(ScaleNetError) {
    try node.requireInputs(atMost: 2)
    let input = try graph.operand(node, 0)
    let x = graph.type(input)
    var shape: [Int] = []
    guard let extents = try graph.extents(node, 1) else {
      try graph.add(node, .computed(.expand()), [input, try graph.operand(node, 1)])
      return
    }
    for (index, extent) in extents.enumerated() {
      let axis = index + x.rank - extents.count
      if let value = extent.value, value >= 0 {
        shape.append(value)
      } else if axis >= 0, x.dimensions[axis] == extent {
        shape.append(1)
      } else if extent.value == nil, extents.allSatisfy({ $0.value ?? 0 >= 0 }) {
        try graph.add(node, .computed(.expand(known: extents)), [input, try graph.operand(node, 1)])
        return
      } else {
        throw node.failure("input shape", expected: "extents that follow from \(x)", found: "\(extents)")
      }
    }
    try graph.add(node, .expand(Expand(shape: shape)), [input])
  }

  static func write(_ op: Expand, _ node: inout NodeWriter) {
    node.addIntegers("shape", op.shape)
  }

  private static func readTile(_ node: inout NodeReader, _ graph: inout GraphReader) throws(ScaleNetError) {
    try node.requireInputs(atMost: 2)
    let input = try graph.operand(node, 0)
    if let repeats = try graph.integersIfKnown(node, 1) {
      try graph.add(node, .tile(Tile(repeats: repeats)), [input])
    } else {
      let known = try graph.extents(node, 1).flatMap { tiled(graph.type(input), $0) }
      try graph.add(node, .computed(.tile(known: known)), [input, try graph.operand(node, 1)])
    }
  }

  /// The extents of a value that is repeated, as often as there are images among others; nil if one is not known.
  private static func tiled(_ x: TensorType, _ repeats: [Dimension]) -> [Dimension]? {
    guard x.rank == repeats.count else { return nil }
    let known = zip(x.dimensions, repeats).compactMap { extent, count -> Dimension? in
      if let number = count.value { return number > 0 ? extent.multiplied(by: number) : nil }
      return extent.value.flatMap { $0 > 0 ? count.multiplied(by: $0) : nil }
    }
    return known.count == x.rank ? known : nil
  }

  static func write(_ op: Tile, _ node: inout NodeWriter) {
    node.addIntegers("repeats", op.repeats)
  }

  // MARK: Parameters that the graph computes

  /// What the payload has beside the inputs, which are ONNX's.
  static func write(_ op: Computed, _ node: inout NodeWriter) throws(ScaleNetError) {
    switch op {
    case .expand, .slice, .tile, .clip, .range: break
    case .reshape(let allowsZero):
      guard allowsZero else { break }
      try node.require(opset: 14)
      node.set("allowzero", true)
    case .gather(let axis): node.set("axis", axis)
    case .pad(let mode):
      if node.inputs.count > 3 { try node.require(opset: 18) }
      if mode == .wrap { try node.require(opset: 19) }
      node.set("mode", mode.rawValue)
    case .resize(let resize): try ResizeOperators.writeAttributes(resize, &node, statesAxes: true)
    case .reduce(let function, let keepsAxes, let keepsAllWithoutAxes):
      try node.require(opset: function == .sum ? 13 : 18)
      node.set("keepdims", keepsAxes)
      node.set("noop_with_empty_axes", keepsAllWithoutAxes)
    case .squeeze, .unsqueeze: try node.require(opset: 13)
    case .split(let axis, _):
      try node.require(opset: 13)
      node.set("axis", axis)
    case .topK(let axis, let isLargest, let isSorted):
      node.set("axis", axis)
      node.set("largest", isLargest)
      node.set("sorted", isSorted)
    case .cumSum(let isExclusive, let isReverse):
      node.set("exclusive", isExclusive)
      node.set("reverse", isReverse)
    case .oneHot(let axis): node.set("axis", axis)
    case .trilu(let isUpper):
      try node.require(opset: 14)
      node.set("upper", isUpper)
    case .constantOfShape(let value, _): try node.set("value", value)
    }
  }
}
