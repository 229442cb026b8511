import FileIO
import ModelIR

extension GraphBuilder {
  mutating func addFlatten(_ node: inout NodeReader) throws(ScaleNetError) {
    let rank = try type(node, 0).rank
    let axis = try node.integer("axis", default: 1)
    // Unlike elsewhere, the axis may be behind the last one.
    let counted = axis == rank ? rank : try node.axis(axis, rank: rank)
    try node.requireInputs(atMost: 1)
    try add(node, .flatten(Flatten(axis: counted)), inputs: [try value(node, 0)])
  }

  mutating func addReshape(_ node: inout NodeReader) throws(ScaleNetError) {
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
  mutating func addSqueeze(_ node: inout NodeReader) throws(ScaleNetError) {
    let x = try type(node, 0)
    let axes = try axes(&node, input: 1, lastAttributeOpset: 12)
    let dimensions = try squeezed(node, x.dimensions, axes: axes, isOne: { $0 == 1 }, one: .fixed(1))
    try node.requireInputs(atMost: 2)
    let reshape = try Self.reshape(to: TensorType(x.dataType, dimensions), node, from: x)
    try add(node, .reshape(reshape), inputs: [try value(node, 0)])
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

  /// The extents that Squeeze or Unsqueeze leaves.
  func squeezed<Extent>(
    _ node: NodeReader, _ extents: [Extent], axes: [Int]?, isOne: (Extent) -> Bool, one: Extent
  ) throws(ScaleNetError) -> [Extent] {
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

  /// The mean over height and width is a GlobalAveragePool, and a Flatten if the axes are not kept.
  mutating func addReduceMean(_ node: inout NodeReader) throws(ScaleNetError) {
    let x = try type(node, 0)
    let keepsAxes = try node.flag("keepdims", default: true)
    let axes = try axes(&node, input: 1, lastAttributeOpset: 17)
    let isNothing = opset >= 18 ? try node.flag("noop_with_empty_axes") : false
    try node.requireInputs(atMost: 2)
    let input = try value(node, 0)
    var counted = Set<Int>()
    for axis in axes ?? [] { counted.insert(try node.axis(axis, rank: x.rank, name: "axes")) }
    if counted.isEmpty {
      guard !isNothing else {
        try add(node, .identity(Identity()), inputs: [input])
        return
      }
      counted = Set(0..<x.rank)
    }
    guard x.rank == 4, counted == [2, 3] else {
      let mean = ReduceMean(axes: counted.sorted(), keepsAxes: keepsAxes)
      try add(node, .reduceMean(mean), inputs: [input])
      return
    }
    guard !keepsAxes else {
      try add(node, .globalAveragePool(GlobalAveragePool()), inputs: [input])
      return
    }
    let pooled = try addStep(node, "pool", .globalAveragePool(GlobalAveragePool()), inputs: [input])
    try add(node, .flatten(Flatten(axis: 1)), inputs: [pooled])
  }
}
