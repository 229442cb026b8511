/// Where a value of the graph is in the model: the layer that yields it, and the order in which that has its axes.
struct Placement: Hashable {
  let layer: Int
  /// For each axis in Keras the axis of the value. Axes of extent 1 may be left out.
  let order: [Int]
}

/// Positions that are taken along an axis: `start`, `start + step` and so on.
struct AxisPick: Equatable {
  let start: Int
  /// At least 1.
  let step: Int
  let count: Int

  /// The last position.
  var last: Int { start + (count - 1) * step }
}
