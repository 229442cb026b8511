import ModelIR

/// A value on its way through layers that change extents of single axes.
struct AxisWork {
  var placement: Placement
  /// The extents of its axes in the graph's order; an open one is nil.
  var extents: [Int?]

  init(_ placement: Placement, _ type: TensorType) {
    self.placement = placement
    extents = type.dimensions.map(\.value)
  }
}

extension LayerListBuilder {
  /// Takes elements away before and after; margins of 0 take no layer.
  mutating func crop(
    _ node: Node, _ work: inout AxisWork, _ margins: [Int: [Int]]
  ) throws(KerasError) {
    try change(node, &work, margins.filter { $0.value != [0, 0] }, suffix: "crop") {
      builder, name, values, input in
      let cropping = values.map { value -> JSON in
        let value = value ?? [0, 0]
        return [.integer(value[0]), .integer(value[1])]
      }
      return builder.append(
        .cropping2D, name, ["cropping": .array(cropping), "data_format": builder.format], inputs: [input])
    } result: {
      $0 - $1[0] - $1[1]
    }
  }

  /// Changes axes with a layer that works on height and width.
  ///
  /// - Parameters:
  ///   - changes: for each axis what is to be done to it.
  ///   - append: adds the layer; it gets a name, what is done to height and width, and the layer before.
  ///   - result: the extent of an axis afterwards.
  mutating func change<Change>(
    _ node: Node, _ work: inout AxisWork, _ changes: [Int: Change], suffix: String,
    append: (inout LayerListBuilder, String, [Change?], Int) -> Int, result: (Int, Change) -> Int
  ) throws(KerasError) {
    var axes = changes.keys.sorted()
    for axis in axes where axis == work.placement.order[0] || work.placement.order.firstIndex(of: axis) == nil
    {
      throw failure(node, "axes", "axes behind the batch", "axis \(axis)")
    }
    let rank = work.extents.count
    while !axes.isEmpty {
      // Both at once if they can be height and width.
      let now = Array(axes.prefix(rank == 4 ? 2 : 1))
      axes.removeFirst(now.count)
      let name = suffix == "pad" ? node.name : "\(node.name)_\(suffix)"
      let source: Int
      let values: [Change?]
      if rank == 4 {
        let order = spatialOrder(now, work.placement.order)
        source = try arranged(node, work.placement, order)
        values = dataFormat.spatialPositions.map { changes[order[$0]] }
        // The other axis may be one that has its turn later.
        for position in dataFormat.spatialPositions { axes.removeAll { $0 == order[position] } }
        work.placement = Placement(layer: append(&self, name, values, source), order: order)
        for position in dataFormat.spatialPositions {
          let axis = order[position]
          if let change = changes[axis] {
            work.extents[axis] = result(try extent(node, work, axis), change)
          }
        }
      } else {
        let axis = now[0]
        guard let change = changes[axis] else { continue }
        let order = [work.placement.order[0], axis] + work.placement.order.dropFirst().filter { $0 != axis }
        var rest: [Int] = []
        for other in order.dropFirst(2) { rest.append(try extent(node, work, other)) }
        let count = try extent(node, work, axis)
        // The axis is the height of a map whose width is 1.
        func map(_ count: Int) -> [Int] {
          Array(dataFormat.arranged([0, rest.reduce(1, *), count, 1]).dropFirst())
        }
        let flat = appendReshape("\(name)_map", map(count), try arranged(node, work.placement, order))
        let changed = append(&self, name, [change, nil], flat)
        let after = result(count, change)
        work.extents[axis] = after
        work.placement = Placement(
          layer: appendReshape("\(name)_back", [after] + rest, changed), order: order)
      }
    }
  }

  /// An order of four axes in which `axes` are height and width, near to one that stands.
  private func spatialOrder(_ axes: [Int], _ order: [Int]) -> [Int] {
    let positions = dataFormat.spatialPositions
    if axes.allSatisfy({ axis in positions.contains { order[$0] == axis } }) { return order }
    var result = [order[0]]
    var rest = order.dropFirst().filter { !axes.contains($0) }.sorted()
    var chosen = axes
    for position in 1..<4 {
      if positions.contains(position) {
        result.append(chosen.isEmpty ? rest.removeFirst() : chosen.removeFirst())
      } else {
        // Where one axis is enough, the other two stay in the order of the graph.
        result.append(rest.removeFirst())
      }
    }
    return result
  }

  func extent(_ node: Node, _ work: AxisWork, _ axis: Int) throws(KerasError) -> Int {
    guard let extent = work.extents[axis] else {
      throw failure(node, "input, axis \(axis)", "a known extent", "an open one")
    }
    return extent
  }
}
