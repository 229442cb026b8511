import ModelIR

extension GraphBuilder {
  mutating func addFlatten(_ node: inout NodeReader) throws(ONNXError) {
    let rank = try type(node, 0).rank
    let axis = try node.integer("axis", default: 1)
    // Unlike elsewhere, the axis may be behind the last one.
    let counted = axis == rank ? rank : try node.axis(axis, rank: rank)
    try node.requireInputs(atMost: 1)
    try add(node, .flatten(Flatten(axis: counted)), inputs: [try value(node, 0)])
  }

  mutating func addReshape(_ node: inout NodeReader) throws(ONNXError) {
    let allowsZero = opset >= 14 ? try node.flag("allowzero") : false
    guard let target = try constant(node, 1, "shape") else {
      throw node.failure("input shape", expected: "a value", found: "none")
    }
    guard target.shape.count == 1 else {
      throw node.failure("input shape", expected: "a vector", found: "\(target)")
    }
    let x = try type(node, 0)
    var shape: [Int] = []
    for (axis, element) in target.elements.enumerated() {
      switch element {
      case .integer(0) where allowsZero:
        throw node.failure("input shape", expected: "extents above 0", found: "\(target)")
      case .integer(let extent): shape.append(Int(extent))
      case .open(let name) where axis < x.rank && x.dimensions[axis] == .symbolic(name): shape.append(0)
      // An open extent that moves is what is left when all others are known.
      case .open where target.elements.count(where: { $0 == element || $0 == .integer(-1) }) == 1:
        shape.append(-1)
      default:
        throw node.failure("input shape", expected: "extents that follow from \(x)", found: "\(target)")
      }
    }
    try node.requireInputs(atMost: 2)
    try add(node, .reshape(Reshape(shape: shape)), inputs: [try value(node, 0)])
  }

  /// Squeeze and Unsqueeze of what the graph computes: a Reshape.
  mutating func addSqueeze(_ node: inout NodeReader) throws(ONNXError) {
    let x = try type(node, 0)
    let axes = try axes(&node, input: 1, lastAttributeOpset: 12)
    let dimensions = try squeezed(node, x.dimensions, axes: axes, isOne: { $0 == 1 }, one: .fixed(1))
    var shape: [Int] = []
    for (axis, dimension) in dimensions.enumerated() {
      if let value = dimension.value {
        shape.append(value)
      } else if axis < x.rank, x.dimensions[axis] == dimension {
        shape.append(0)
      } else {
        shape.append(-1)
      }
    }
    try node.requireInputs(atMost: 2)
    try add(node, .reshape(Reshape(shape: shape)), inputs: [try value(node, 0)])
  }

  /// The extents that Squeeze or Unsqueeze leaves.
  func squeezed<Extent>(
    _ node: NodeReader, _ extents: [Extent], axes: [Int]?, isOne: (Extent) -> Bool, one: Extent
  ) throws(ONNXError) -> [Extent] {
    if node.message.op == "Squeeze" {
      guard let axes else { return extents.filter { !isOne($0) } }
      var removed = Set<Int>()
      for axis in axes {
        let counted = try node.axis(axis, rank: extents.count, name: "axes")
        guard isOne(extents[counted]) else {
          throw node.failure("axes", expected: "extents of 1", found: "\(extents[counted]) at axis \(axis)")
        }
        removed.insert(counted)
      }
      return extents.enumerated().filter { !removed.contains($0.offset) }.map(\.element)
    }
    guard let axes, extents.count + axes.count <= 64 else {
      throw node.failure(
        "axes", expected: "up to \(64 - extents.count) axes", found: axes.map { "\($0.count)" } ?? "none")
    }
    var added = Set<Int>()
    for axis in axes {
      guard added.insert(try node.axis(axis, rank: extents.count + axes.count, name: "axes")).inserted else {
        throw node.failure("axes", expected: "each axis once", found: "\(axes)")
      }
    }
    var rest = extents[...]
    return (0..<extents.count + axes.count).map { added.contains($0) ? one : rest.removeFirst() }
  }

  /// The mean over height and width: a GlobalAveragePool, and a Flatten if the axes are not kept.
  mutating func addReduceMean(_ node: inout NodeReader) throws(ONNXError) {
    let x = try type(node, 0)
    let keepsAxes = try node.flag("keepdims", default: true)
    let axes = try axes(&node, input: 1, lastAttributeOpset: 17)
    if opset >= 18 { _ = try node.flag("noop_with_empty_axes") }
    try node.requireInputs(atMost: 2)
    var counted: [Int] = []
    for axis in axes ?? [] { counted.append(try node.axis(axis, rank: x.rank, name: "axes")) }
    guard x.rank == 4, counted.sorted() == [2, 3] else {
      throw node.failure(
        "axes", expected: "height and width of a value of rank 4", found: "\(axes ?? []) of \(x)")
    }
    let input = try value(node, 0)
    guard !keepsAxes else {
      try add(node, .globalAveragePool(GlobalAveragePool()), inputs: [input])
      return
    }
    let poolName = newNodeName("\(node.name).pool")
    let pooledName = newValueName("\(try node.output()).pooled")
    let pooled = try Self.wrap(path) { () throws(GraphError) in
      try graph.addNode(
        poolName, .globalAveragePool(GlobalAveragePool()), inputs: [input], outputNames: [pooledName])
    }
    try add(node, .flatten(Flatten(axis: 1)), inputs: [pooled[0]])
  }
}
