import FileIO
import JSONText
import ModelIR

/// What Keras's layers do with height and width, along any axis: the axis is put where they have height or width.
extension LayerListBuilder {
  mutating func addSlice(_ node: Node, _ op: Slice) throws(ScaleNetError) {
    var picks: [Int: AxisPick] = [:]
    for (index, axis) in op.axes.enumerated() {
      let (count, step) = (op.counts[index], op.steps[index])
      guard count > 0 else { throw failure(node, "counts", "1 or more", "\(op.counts)") }
      guard step > 0 || count == 1 else { throw failure(node, "steps", "1 or more", "\(op.steps)") }
      picks[axis] = AxisPick(start: op.starts[index], step: count == 1 ? 1 : step, count: count)
    }
    try pick(node, try placement(node, 0), picks)
  }

  /// Indices at equal distances are a slice.
  mutating func addGather(_ node: Node, _ op: Gather) throws(ScaleNetError) {
    let step = op.indices.count > 1 ? op.indices[1] - op.indices[0] : 1
    let areEven = zip(op.indices, op.indices.dropFirst()).allSatisfy { $1 - $0 == step }
    guard let start = op.indices.first, step > 0, areEven, op.indexShape.count <= 1 else {
      throw failure(node, "indices", "ascending at equal distances", "shape \(op.indexShape)")
    }
    let input = try placement(node, 0)
    let pick = AxisPick(start: start, step: step, count: op.indices.count)
    try self.pick(node, input, [op.axis: pick])
    guard op.indexShape.isEmpty, let picked = placement(of: node.outputs[0]) else { return }
    // The axis is gone.
    guard picked.order[0] != op.axis else {
      throw failure(node, "axis", "one behind the batch", "\(op.axis)")
    }
    let x = type(node, 0)
    let order = picked.order.filter { $0 != op.axis }
    let extents = order.dropFirst().map { x.dimensions[$0].value ?? 1 }
    setOutput(
      node, appendReshape("\(node.name)_squeeze", extents, picked.layer),
      order: order.map { $0 > op.axis ? $0 - 1 : $0 })
  }

  /// Lets a node yield some positions of axes of a value that has the type of its first input.
  mutating func pick(
    _ node: Node, _ input: Placement, _ picks: [Int: AxisPick]
  ) throws(ScaleNetError) {
    var work = AxisWork(input, type(node, 0))
    let crops = picks.mapValues { [$0.start, $0.last] }
    var margins: [Int: [Int]] = [:]
    for (axis, ends) in crops {
      margins[axis] = [ends[0], try extent(node, work, axis) - 1 - ends[1]]
    }
    try crop(node, &work, margins)
    let steps = picks.mapValues(\.step).filter { $0.value > 1 }
    try change(node, &work, steps, suffix: "pick") { builder, name, values, input in
      let steps = JSON.array(values.map { .integer($0 ?? 1) })
      // The mean of one element is that element.
      return builder.append(
        .averagePooling2D, name,
        ["pool_size": [1, 1], "strides": steps, "padding": "valid", "data_format": builder.format],
        inputs: [input])
    } result: {
      ($0 + $1 - 1) / $1
    }
    setOutput(node, work.placement.layer, order: work.placement.order)
  }

  mutating func addPad(_ node: Node, _ op: Pad) throws(ScaleNetError) {
    guard op.mode == .constant else { throw failure(node, "mode", "constant", op.mode.rawValue) }
    let rank = type(node, 0).rank
    let pads = Dictionary(uniqueKeysWithValues: (0..<rank).map { ($0, [op.pads[$0], op.pads[$0 + rank]]) })
    guard op.value == 0 || pads.values.joined().allSatisfy({ $0 <= 0 }) else {
      throw failure(node, "value", "0", "\(op.value)")
    }
    var work = AxisWork(try placement(node, 0), type(node, 0))
    try crop(node, &work, pads.mapValues { $0.map { max(0, -$0) } })
    let margins = pads.mapValues { $0.map { max(0, $0) } }.filter { $0.value != [0, 0] }
    try change(node, &work, margins, suffix: "pad") { builder, name, values, input in
      let (rows, columns) = (values[0] ?? [0, 0], values[1] ?? [0, 0])
      return builder.appendPadding(named: name, [rows[0], columns[0], rows[1], columns[1]], input)
    } result: {
      $0 + $1[0] + $1[1]
    }
    setOutput(node, work.placement.layer, order: work.placement.order)
  }

  /// Axes of 1 are repeated; axes before the input's are not possible, for the first is the batch.
  mutating func addExpand(_ node: Node) throws(ScaleNetError) {
    let (x, y) = (type(node, 0), graph[node.outputs[0]].type)
    guard x.rank == y.rank, x.dimensions[0] == y.dimensions[0] else {
      throw failure(node, "shape", "the rank and the batch of \(x)", "\(y)")
    }
    var factors: [Int: Int] = [:]
    for axis in 1..<x.rank where x.dimensions[axis] != y.dimensions[axis] {
      factors[axis] = y.dimensions[axis].value ?? 1
    }
    var work = AxisWork(try placement(node, 0), x)
    try change(node, &work, factors, suffix: "repeat") { builder, name, values, input in
      builder.append(
        .upSampling2D, name, builder.upSampling(values.map { $0 ?? 1 }), inputs: [input])
    } result: {
      $0 * $1
    }
    setOutput(node, work.placement.layer, order: work.placement.order)
  }

  /// The mean over axes: the layer takes it over height and width, so these axes become the height.
  mutating func addReduceMean(_ node: Node, _ op: Reduce) throws(ScaleNetError) {
    guard op.function == .mean else {
      throw failure(node, "operator", "one that a plain Keras layer computes", node.op.name)
    }
    let (x, y) = (type(node, 0), graph[node.outputs[0]].type)
    let input = try placement(node, 0)
    guard !op.axes.contains(input.order[0]) else {
      throw failure(node, "axes", "axes behind the batch", "\(op.axes)")
    }
    if op.axes.isEmpty {
      setOutput(node, input.layer, order: input.order)
      return
    }
    let rest = input.order.filter { !op.axes.contains($0) }
    let kept = rest.dropFirst().map { x.dimensions[$0].value ?? 1 }
    if x.rank == 4, op.axes == [2, 3] {
      let source = try layer(node, 0, order: dataFormat.order)
      let isVector = !op.keepsAxes
      setOutput(
        node,
        append(.globalAveragePooling2D, node.name, globalPool(keepsAxes: !isVector), inputs: [source]),
        order: isVector ? [0, 1] : dataFormat.order)
      return
    }
    let order = [rest[0]] + heightFirst(op.axes, Array(rest.dropFirst()))
    let source = try arranged(node, input, order)
    let count = op.axes.reduce(1) { $0 * (x.dimensions[$1].value ?? 1) }
    let others = kept.reduce(1, *)
    let map = appendReshape("\(node.name)_map", mapExtents(others, height: count), source)
    let mean = append(.globalAveragePooling2D, node.name, globalPool(keepsAxes: false), inputs: [map])
    // Back to the axes that are left, or those of 1 among them.
    let left = op.keepsAxes ? order : rest.map { axis in axis - op.axes.count { $0 < axis } }
    let extents = left.dropFirst().map { y.dimensions[$0].value ?? 1 }
    setOutput(
      node, extents == [others] ? mean : appendReshape("\(node.name)_back", extents, mean), order: left)
  }
}
