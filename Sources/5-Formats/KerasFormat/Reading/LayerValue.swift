import ModelIR

/// What a layer yields: a value of the graph, and how Keras has its elements arranged.
struct LayerValue {
  /// Extents of a flattened feature map.
  struct Spatial: Equatable {
    let channels: Int
    let height: Int
    let width: Int
  }

  var id: ValueID
  /// For each axis in Keras the axis of the graph's value. Feature maps are NCHW in the graph.
  var order: [Int]
  /// Where the columns of a matrix are a feature map that Keras flattened as height, width, channels and the graph as
  /// channels, height, width.
  var spatial: Spatial?
  /// Zeros that a ZeroPadding2D put around the map, and that its reader has not yet taken in: top, left, bottom, right.
  var pads: [Int]?
  /// Whether no element is below 0.
  var isNonNegative = false

  /// Leaves out axes of Keras's, which the graph's value has no more.
  mutating func dropAxes(at positions: [Int]) {
    let axes = positions.map { order[$0] }
    let rest = order.indices.filter { !positions.contains($0) }.map { order[$0] }
    order = rest.map { axis in axis - axes.count { $0 < axis } }
  }

  /// Whether it is a matrix whose columns are in the graph as in Keras.
  var isVector: Bool { order == [0, 1] && spatial == nil }
}
