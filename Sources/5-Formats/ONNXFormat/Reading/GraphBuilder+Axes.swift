import FileIO
import ModelIR

extension GraphBuilder {
  mutating func addTranspose(_ node: inout NodeReader) throws(ScaleNetError) {
    let rank = try type(node, 0).rank
    let order = try node.integers("perm") ?? Array((0..<rank).reversed())
    try addUnary(node, .transpose(Transpose(permutation: order)))
  }

  /// Slice has its limits in attributes until opset 9, then in inputs. Axes that are taken whole are left out, so that
  /// they may be open.
  mutating func addSlice(_ node: inout NodeReader) throws(ScaleNetError) {
    let x = try type(node, 0)
    let starts: [Int]?
    let ends: [Int]?
    let axes: [Int]?
    let steps: [Int]?
    if opset < 10 {
      (starts, ends) = (try node.integers("starts"), try node.integers("ends"))
      (axes, steps) = (try node.integers("axes"), nil)
      try node.requireInputs(atMost: 1)
    } else {
      (starts, ends) = (try integers(node, 1, "starts"), try integers(node, 2, "ends"))
      (axes, steps) = (try integers(node, 3, "axes"), try integers(node, 4, "steps"))
      try node.requireInputs(atMost: 5)
    }
    guard let starts, let ends, starts.count == ends.count,
      (axes?.count ?? starts.count) == starts.count, (steps?.count ?? starts.count) == starts.count
    else {
      throw node.failure(
        "starts, ends, axes and steps", expected: "as many numbers in each",
        found: "\(starts ?? []), \(ends ?? []), \(axes ?? []), \(steps ?? [])")
    }
    var slice = Slice(axes: [], starts: [], steps: [], counts: [])
    for index in starts.indices {
      let axis = try node.axis(axes?[index] ?? index, rank: x.rank, name: "axes")
      let step = steps?[index] ?? 1
      // What exporters write for "to the end".
      if step == 1, starts[index] == 0, ends[index] >= Int(Int32.max) { continue }
      guard let extent = x.dimensions[axis].value else {
        throw node.failure("input data, axis \(axis)", expected: "a known extent", found: "\(x)")
          .advising(.closeExtents)
      }
      guard
        let range = PartialTensor.sliceRange(
          extent: extent, start: Int64(starts[index]), end: Int64(ends[index]), step: Int64(step))
      else { throw node.failure("steps", expected: "none of 0", found: "\(step)") }
      if range.start == 0, step == 1, range.count == extent { continue }
      slice.axes.append(axis)
      slice.starts.append(range.start)
      slice.steps.append(range.count > 1 ? step : 1)
      slice.counts.append(range.count)
    }
    let input = try value(node, 0)
    try add(node, slice.axes.isEmpty ? .identity(Identity()) : .slice(slice), inputs: [input])
  }

  /// The extents that Split gives its outputs along the axis.
  func splitExtents(_ node: inout NodeReader, extent: Int) throws(ScaleNetError) -> [Int] {
    let parts = node.message.outputs.count
    let stated: [Int]?
    if opset < 13 {
      stated = try node.integers("split")
      try node.requireInputs(atMost: 1)
    } else {
      stated = try integers(node, 1, "split")
      try node.requireInputs(atMost: 2)
    }
    if opset >= 18, let count = try node.integer("num_outputs"), count != parts {
      throw node.failure("attribute num_outputs", expected: "\(parts) outputs", found: "\(count)")
    }
    if let stated {
      guard stated.count == parts, stated.allSatisfy({ (0...extent).contains($0) }),
        stated.reduce(0, +) == extent
      else {
        throw node.failure("split", expected: "\(parts) extents of \(extent) in all", found: "\(stated)")
      }
      return stated
    }
    guard parts > 0, opset >= 18 || extent % parts == 0 else {
      throw node.failure("outputs", expected: "a divisor of \(extent) of them", found: "\(parts)")
    }
    // The last one may be smaller.
    let size = (extent + parts - 1) / parts
    return (0..<parts).map { max(min(size, extent - $0 * size), 0) }
  }

  /// Split is one Slice for each output.
  mutating func addSplit(_ node: inout NodeReader) throws(ScaleNetError) {
    let x = try type(node, 0)
    let axis = try node.axis(try node.integer("axis", default: 0), rank: x.rank)
    guard let extent = x.dimensions[axis].value else {
      throw node.failure("input, axis \(axis)", expected: "a known extent", found: "\(x)")
        .advising(.closeExtents)
    }
    let extents = try splitExtents(&node, extent: extent)
    try node.finish()
    let input = try value(node, 0)
    var start = 0
    for (output, count) in zip(node.message.outputs, extents) {
      defer { start += count }
      guard !output.isEmpty else { continue }
      let slice = Slice(axes: [axis], starts: [start], steps: [1], counts: [count])
      let name = newNodeName("\(node.name).\(output)")
      try add(node, named: name, .slice(slice), inputs: [input], output: output)
    }
  }

  mutating func addGather(_ node: inout NodeReader) throws(ScaleNetError) {
    let x = try type(node, 0)
    let axis = try node.axis(try node.integer("axis", default: 0), rank: x.rank)
    try node.requireInputs(atMost: 2)
    guard let positions = try constant(node, 1, "indices"), let stated = positions.integers else {
      throw node.failure("input indices", expected: "known integers", found: "none")
    }
    guard let extent = x.dimensions[axis].value else {
      throw node.failure("input data, axis \(axis)", expected: "a known extent", found: "\(x)")
        .advising(.closeExtents)
    }
    var indices: [Int] = []
    for index in stated { indices.append(try node.axis(Int(index), rank: extent, name: "input indices")) }
    let gather = Gather(axis: axis, indices: indices, indexShape: positions.shape)
    try add(node, .gather(gather), inputs: [try value(node, 0)])
  }

  /// Pad has its numbers in attributes until opset 10, then in inputs, and from opset 18 for some axes only.
  mutating func addPad(_ node: inout NodeReader) throws(ScaleNetError) {
    let x = try type(node, 0)
    let modeName = try node.string("mode", default: "constant")
    guard let mode = Pad.Mode(rawValue: modeName), mode != .wrap || opset >= 19 else {
      throw node.failure(
        "attribute mode", expected: "constant, reflect, edge\(opset >= 19 ? " or wrap" : "")", found: modeName
      )
    }
    let stated: [Int]?
    let fill: Float
    var axes = Array(0..<x.rank)
    if opset < 11 {
      stated = try node.integers("pads")
      fill = try node.float("value", default: 0)
      try node.requireInputs(atMost: 1)
    } else {
      stated = try integers(node, 1, "pads")
      fill = try real(node, 2, "constant_value") ?? 0
      if opset >= 18, let given = try integers(node, 3, "axes") {
        axes = []
        for axis in given { axes.append(try node.axis(axis, rank: x.rank, name: "axes")) }
      }
      try node.requireInputs(atMost: opset < 18 ? 3 : 4)
    }
    guard let stated, stated.count == 2 * axes.count, Set(axes).count == axes.count else {
      throw node.failure(
        "pads", expected: "two numbers for each of the axes \(axes)", found: "\(stated ?? [])")
    }
    var pads = [Int](repeating: 0, count: 2 * x.rank)
    for (index, axis) in axes.enumerated() {
      pads[axis] = stated[index]
      pads[axis + x.rank] = stated[index + axes.count]
    }
    let input = try value(node, 0)
    let isNothing = pads.allSatisfy { $0 == 0 }
    try add(
      node, isNothing ? .identity(Identity()) : .pad(Pad(pads: pads, mode: mode, value: fill)),
      inputs: [input])
  }

  mutating func addExpand(_ node: NodeReader) throws(ScaleNetError) {
    try node.requireInputs(atMost: 2)
    let x = try type(node, 0)
    guard let target = try constant(node, 1, "shape"), target.shape.count == 1 else {
      throw node.failure("input shape", expected: "a vector", found: "none")
    }
    var shape: [Int] = []
    for (index, element) in target.elements.enumerated() {
      let axis = index + x.rank - target.elements.count
      switch element {
      case .integer(let extent) where extent >= 0: shape.append(Int(extent))
      case .open(let name) where axis >= 0 && x.dimensions[axis] == .symbolic(name): shape.append(1)
      default:
        throw node.failure("input shape", expected: "extents that follow from \(x)", found: "\(target)")
      }
    }
    let expand = Expand(shape: shape)
    try add(node, .expand(expand), inputs: [try value(node, 0)])
  }
}
