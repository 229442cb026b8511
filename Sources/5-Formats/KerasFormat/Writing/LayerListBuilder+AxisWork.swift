import FileIO
import JSONText
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
  ) throws(ScaleNetError) {
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
  ) throws(ScaleNetError) {
    var left = changes
    while let axis = left.keys.min() {
      guard let position = work.placement.order.firstIndex(of: axis), position > 0 else {
        throw failure(node, "axes", "axes behind the batch", "axis \(axis)")
      }
      let name = suffix == "pad" ? node.name : "\(node.name)_\(suffix)"
      if work.extents.count == 4 {
        // Two at once if they can be height and width.
        let order = spatialOrder(Array(left.keys.sorted().prefix(2)), work.placement.order)
        let axes = dataFormat.spatialPositions.map { order[$0] }
        let source = try arranged(node, work.placement, order)
        work.placement = Placement(layer: append(&self, name, axes.map { left[$0] }, source), order: order)
        for axis in axes {
          guard let change = left.removeValue(forKey: axis) else { continue }
          work.extents[axis] = result(try extent(node, work, axis), change)
        }
      } else if let change = left.removeValue(forKey: axis) {
        // The axis is the height of a map whose width is 1; all others are its channels.
        let batch = work.placement.order[0]
        let others = work.placement.order.dropFirst().filter { $0 != axis }
        var rest: [Int] = []
        for other in others { rest.append(try extent(node, work, other)) }
        let count = try extent(node, work, axis)
        let order = [batch] + heightFirst([axis], others)
        let source = try arranged(node, work.placement, order)
        let map = appendReshape("\(name)_map", mapExtents(rest.reduce(1, *), height: count), source)
        let changed = append(&self, name, [change, nil], map)
        let after = result(count, change)
        work.extents[axis] = after
        work.placement = Placement(
          layer: appendReshape("\(name)_back", heightFirst([after], rest), changed), order: order)
      }
    }
  }

  /// What is to become the height, and what the channels, in the order of a feature map.
  func heightFirst(_ height: [Int], _ channels: [Int]) -> [Int] {
    dataFormat == .channelsLast ? height + channels : channels + height
  }

  /// The extents of a feature map of width 1, without the batch.
  func mapExtents(_ channels: Int, height: Int) -> [Int] {
    Array(dataFormat.arranged([0, channels, height, 1]).dropFirst())
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

  func extent(_ node: Node, _ work: AxisWork, _ axis: Int) throws(ScaleNetError) -> Int {
    guard let extent = work.extents[axis] else {
      throw failure(node, "input, axis \(axis)", "a known extent", "an open one")
    }
    return extent
  }
}
