import ModelIR

/// What a layer yields: a value of the graph, which is NCHW, and how Keras has its elements arranged.
struct LayerValue {
  enum Arrangement: Equatable {
    /// A feature map with this order of axes in Keras.
    case image(DataFormat)
    /// A matrix. With `spatial` its columns are a feature map that Keras flattened as height, width, channels, and the
    /// graph as channels, height, width.
    case vector(spatial: Spatial?)
  }

  /// Extents of a flattened feature map.
  struct Spatial: Equatable {
    let channels: Int
    let height: Int
    let width: Int
  }

  var id: ValueID
  var arrangement: Arrangement
  /// Zeros that a ZeroPadding2D put around the map, and that its reader has not yet taken in: top, left, bottom, right.
  var pads: [Int]?
  /// Whether no element is below 0.
  var isNonNegative = false
}
