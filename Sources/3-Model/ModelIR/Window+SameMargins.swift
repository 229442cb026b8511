extension Window {
  /// The margins along an axis with which the window leaves ceil(extent / stride) elements, as TensorFlow's and ONNX's
  /// SAME ask for: half of what is missing on each side. Where that is an odd number, one side gets one more.
  public func sameMargins(_ axis: Int, extent: Int) -> (smaller: Int, larger: Int) {
    let count = (extent + strides[axis] - 1) / strides[axis]
    let total = max((count - 1) * strides[axis] + reach(axis) - extent, 0)
    return (total / 2, total - total / 2)
  }
}
