import FileIO
import ModelIR

/// Parts of axes, their order, and what stands around them.
enum AxisOperators {
  static let handlers: [OperatorHandler] = [
    OperatorHandler("Transpose", readTranspose), OperatorHandler("Concat", readConcat),
    OperatorHandler("Slice", readSlice), OperatorHandler("Split", readSplit),
    OperatorHandler("Pad", readPad), OperatorHandler("Trilu", since: 14, readTrilu),
    OperatorHandler("EyeLike", since: 9, readEyeLike),
    .plain("ReverseSequence", since: 10, inputs: 2) { (node) throws(ScaleNetError) in
      .reverseSequence(
        ReverseSequence(
          timeAxis: try node.integer("time_axis", default: 0),
          batchAxis: try node.integer("batch_axis", default: 1)))
    },
  ]

  private static func readTranspose(
    _ node: inout NodeReader, _ graph: inout GraphReader
  ) throws(ScaleNetError) {
    let rank = try graph.type(node, 0).rank
    let order = try node.integers("perm") ?? Array((0..<rank).reversed())
    try node.requireInputs(atMost: 1)
    try graph.add(node, .transpose(Transpose(permutation: order)), [try graph.operand(node, 0)])
  }

  static func write(_ op: Transpose, _ node: inout NodeWriter) {
    node.set("perm", op.permutation)
  }

  private static func readConcat(_ node: inout NodeReader, _ graph: inout GraphReader) throws(ScaleNetError) {
    let axis = try node.requiredInteger("axis")
    let rank = try graph.type(node, 0).rank
    let concat = Concat(axis: try node.axis(axis, rank: rank))
    try graph.add(node, .concat(concat), try graph.operands(node))
  }

  static func write(_ op: Concat, _ node: inout NodeWriter) {
    node.set("axis", op.axis)
  }

  // MARK: Slice and Split

  /// Slice has its limits in attributes until opset 9, then in inputs. Axes that are taken whole are left out, so that
  /// they may be open.
  private static func readSlice(_ node: inout NodeReader, _ graph: inout GraphReader) throws(ScaleNetError) {
    let input = try graph.operand(node, 0)
    let x = graph.type(input)
    let starts: [Int]?
    let ends: [Int]?
    let axes: [Int]?
    let steps: [Int]?
    if node.opset < 10 {
      (starts, ends) = (try node.integers("starts"), try node.integers("ends"))
      (axes, steps) = (try node.integers("axes"), nil)
      try node.requireInputs(atMost: 1)
    } else {
      try node.requireInputs(atMost: 5)
      for index in 1..<node.message.inputs.count where node.input(index) != nil {
        if try graph.integersIfKnown(node, index) == nil {
          try graph.add(node, .computed(.slice), try graph.operands(node))
          return
        }
      }
      (starts, ends) = (try graph.integers(node, 1, "starts"), try graph.integers(node, 2, "ends"))
      (axes, steps) = (try graph.integers(node, 3, "axes"), try graph.integers(node, 4, "steps"))
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
      // What exporters write for "to the end", JAX's among them.
      if step == 1, starts[index] == 0, ends[index] >= 1_000_000_000 { continue }
      guard let extent = x.dimensions[axis].value else {
        if node.opset >= 10, x.dimensions[axis] == .unknown {
          try graph.add(node, .computed(.slice), try graph.operands(node))
          return
        }
        throw node.failure("input data, axis \(axis)", expected: "a known extent", found: "\(x)")
          .advising(.closeExtents)
      }
      guard
        let range = sliceRange(
          extent: extent, start: Int64(starts[index]), end: Int64(ends[index]), step: Int64(step))
      else { throw node.failure("steps", expected: "none of 0", found: "\(step)") }
      if range.start == 0, step == 1, range.count == extent { continue }
      slice.axes.append(axis)
      slice.starts.append(range.start)
      slice.steps.append(range.count > 1 ? step : 1)
      slice.counts.append(range.count)
    }
    try graph.add(node, slice.axes.isEmpty ? .identity(Identity()) : .slice(slice), [input])
  }

  /// What `Slice` takes of an axis of `extent`: from `start` to before `end` by `step`, negative numbers counted from
  /// the end, and all of it clamped, as ONNX defines. nil for a step of 0.
  static func sliceRange(
    extent: Int, start: Int64, end: Int64, step: Int64
  ) -> (start: Int, count: Int)? {
    guard step != 0, step != .min else { return nil }
    let extent = Int64(extent)
    func clamped(_ value: Int64, _ range: ClosedRange<Int64>) -> Int64 {
      let counted = value < 0 ? value.addingReportingOverflow(extent).partialValue : value
      // A sum that is negative still lies before the first element.
      return min(max(counted, range.lowerBound), range.upperBound)
    }
    guard extent > 0 else { return (0, 0) }
    let first: Int64
    let room: Int64
    if step > 0 {
      first = clamped(start, 0...extent)
      room = clamped(end, 0...extent) - first
    } else {
      first = clamped(start, 0...(extent - 1))
      room = first - clamped(end, -1...(extent - 1))
    }
    guard room > 0 else { return (0, 0) }
    return (Int(first), Int((room - 1) / abs(step) + 1))
  }

  static func write(_ op: Slice, _ node: inout NodeWriter) {
    node.addIntegers("starts", op.starts)
    // An end before the first element would count from the back: the least number of all stands for it.
    node.addIntegers(
      "ends",
      op.starts.indices.map { index in
        let end = op.starts[index] + op.steps[index] * op.counts[index]
        return end < 0 ? Int(Int64.min) : end
      })
    node.addIntegers("axes", op.axes)
    node.addIntegers("steps", op.steps)
  }

  /// Split is one Slice for each output. Extents stand in an attribute until opset 12, and then in an input.
  private static func readSplit(_ node: inout NodeReader, _ graph: inout GraphReader) throws(ScaleNetError) {
    let input = try graph.operand(node, 0)
    let x = graph.type(input)
    let axis = try node.axis(try node.integer("axis", default: 0), rank: x.rank)
    let parts = node.message.outputs.count
    let stated: [Int]?
    if node.opset < 13 {
      stated = try node.integers("split")
      try node.requireInputs(atMost: 1)
    } else {
      try node.requireInputs(atMost: 2)
      stated = try graph.integersIfKnown(node, 1)
    }
    if node.opset >= 18, let count = try node.integer("num_outputs"), count != parts {
      throw node.failure("attribute num_outputs", expected: "\(parts) outputs", found: "\(count)")
    }
    guard let extent = x.dimensions[axis].value, stated != nil || node.input(1) == nil else {
      if node.opset >= 13, node.input(1) != nil,
        x.dimensions[axis].value != nil || x.dimensions[axis] == .unknown
      {
        try graph.add(
          node, .computed(.split(axis: axis, parts: parts)), [input, try graph.operand(node, 1)], count: parts
        )
        return
      }
      throw node.failure("input, axis \(axis)", expected: "a known extent", found: "\(x)")
        .advising(.closeExtents)
    }
    let extents = try splitExtents(stated, extent: extent, parts: parts, node)
    try node.finish()
    var start = 0
    for (output, count) in zip(node.message.outputs, extents) {
      defer { start += count }
      guard !output.isEmpty else { continue }
      let slice = Slice(axes: [axis], starts: [start], steps: [1], counts: [count])
      try graph.addPart(node, .slice(slice), [input], output: output)
    }
  }

  /// The extents that Split gives its outputs along the axis.
  private static func splitExtents(
    _ stated: [Int]?, extent: Int, parts: Int, _ node: NodeReader
  ) throws(ScaleNetError) -> [Int] {
    if let stated {
      guard stated.count == parts, stated.allSatisfy({ (0...extent).contains($0) }),
        stated.reduce(0, +) == extent
      else {
        throw node.failure("split", expected: "\(parts) extents of \(extent) in all", found: "\(stated)")
      }
      return stated
    }
    guard parts > 0, node.opset >= 18 || extent % parts == 0 else {
      throw node.failure("outputs", expected: "a divisor of \(extent) of them", found: "\(parts)")
    }
    // The last one may be smaller.
    let size = (extent + parts - 1) / parts
    return (0..<parts).map { max(min(size, extent - $0 * size), 0) }
  }

  // MARK: Pad

  /// Pad has its numbers in attributes until opset 10, then in inputs, and from opset 18 for some axes only.
  private static func readPad(_ node: inout NodeReader, _ graph: inout GraphReader) throws(ScaleNetError) {
    let input = try graph.operand(node, 0)
    let x = graph.type(input)
    let modeName = try node.string("mode", default: "constant")
    guard let mode = Pad.Mode(rawValue: modeName), mode != .wrap || node.opset >= 19 else {
      throw node.failure(
        "attribute mode", expected: "constant, reflect, edge\(node.opset >= 19 ? " or wrap" : "")",
        found: modeName)
    }
    var stated: [Int]?
    var fill: Float? = 0
    var axes = Array(0..<x.rank)
    if node.opset < 11 {
      stated = try node.integers("pads")
      fill = try node.float("value", default: 0)
      try node.requireInputs(atMost: 1)
    } else {
      try node.requireInputs(atMost: node.opset < 18 ? 3 : 4)
      stated = try graph.integersIfKnown(node, 1)
      if node.input(2) != nil { fill = try fillValue(node, graph) }
      if node.input(3) != nil {
        if let given = try graph.integersIfKnown(node, 3) {
          axes = try node.axes(given, rank: x.rank)
        } else {
          stated = nil
        }
      }
      guard stated != nil, fill != nil else {
        try graph.add(node, .computed(.pad(mode: mode)), try graph.operands(node))
        return
      }
    }
    guard let stated, let fill, stated.count == 2 * axes.count else {
      throw node.failure(
        "pads", expected: "two numbers for each of the axes \(axes)", found: "\(stated ?? [])")
    }
    var pads = [Int](repeating: 0, count: 2 * x.rank)
    for (index, axis) in axes.enumerated() {
      pads[axis] = stated[index]
      pads[axis + x.rank] = stated[index + axes.count]
    }
    guard pads.contains(where: { $0 != 0 }) else {
      try graph.add(node, .identity(Identity()), [input])
      return
    }
    try graph.add(node, .pad(Pad(pads: pads, mode: mode, value: fill)), [input])
  }

  /// What is added, if it is known and a Float holds it.
  private static func fillValue(_ node: NodeReader, _ graph: GraphReader) throws(ScaleNetError) -> Float? {
    guard let known = try graph.known(node, 2), known.tensor.elementCount == 1 else { return nil }
    if known.dataType.isFloatingPoint { return try graph.real(node, 2, "constant_value") }
    guard let value = try graph.integersIfKnown(node, 2)?.first else { return nil }
    return Float(exactly: value)
  }

  static func write(_ op: Pad, _ node: inout NodeWriter) throws(ScaleNetError) {
    guard op.mode != .wrap || node.opset >= 19 else {
      throw node.failure(
        "mode", expected: "opset 19 or later, or another mode", found: "opset \(node.opset), wrap")
    }
    node.set("mode", op.mode.rawValue)
    node.addIntegers("pads", op.pads)
    try node.addConstant("value", ScalarValue(rounding: op.value, to: node.type(0).dataType))
  }

  // MARK: Others

  static func readTrilu(_ node: inout NodeReader, _ graph: inout GraphReader) throws(ScaleNetError) {
    let isUpper = try node.flag("upper", default: true)
    try node.requireInputs(atMost: 2)
    let input = try graph.operand(node, 0)
    guard node.input(1) != nil else {
      try graph.add(node, .trilu(Trilu(isUpper: isUpper)), [input])
      return
    }
    if let diagonal = try graph.integersIfKnown(node, 1), diagonal.count == 1 {
      try graph.add(node, .trilu(Trilu(isUpper: isUpper, diagonal: diagonal[0])), [input])
    } else {
      try graph.add(node, .computed(.trilu(isUpper: isUpper)), [input, try graph.operand(node, 1)])
    }
  }

  static func write(_ op: Trilu, _ node: inout NodeWriter) throws(ScaleNetError) {
    try node.require(opset: 14)
    node.set("upper", op.isUpper)
    if op.diagonal != 0 { node.addConstant("k", Tensor([Int64(op.diagonal)], shape: [])) }
  }

  private static func readEyeLike(_ node: inout NodeReader, _ graph: inout GraphReader) throws(ScaleNetError)
  {
    let type = try graph.type(node, 0).dataType
    let op = EyeLike(
      diagonal: try node.integer("k", default: 0), dataType: try node.dataType("dtype") ?? type)
    try node.requireInputs(atMost: 1)
    try graph.add(node, .eyeLike(op), [try graph.operand(node, 0)])
  }

  static func write(_ op: EyeLike, _ node: inout NodeWriter) {
    node.set("k", op.diagonal)
    node.set("dtype", Int(op.dataType.onnxNumber))
  }

  static func write(_ op: ReverseSequence, _ node: inout NodeWriter) {
    node.set("time_axis", op.timeAxis)
    node.set("batch_axis", op.batchAxis)
  }
}
