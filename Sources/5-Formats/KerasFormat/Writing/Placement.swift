/// Where a value of the graph is in the model: the layer that yields it, and the order in which that has its axes.
struct Placement: Hashable {
  let layer: Int
  /// For each axis in Keras the axis of the value. Axes of extent 1 may be left out.
  let order: [Int]
}
