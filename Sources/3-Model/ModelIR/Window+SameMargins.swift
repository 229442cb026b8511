extension Window {
  /// The margins along an axis with which the window leaves ceil(extent / stride) elements, as TensorFlow's and ONNX's
  /// SAME ask for: half of what is missing on each side. Where that is an odd number, one side gets one more.
  public func sameMargins(_ axis: Int, extent: Int) -> (smaller: Int, larger: Int) {
    Self.sameMargins(extent: extent, reach: reach(axis), stride: strides[axis])
  }

  /// The same for a kernel that covers `reach` elements, dilation included.
  public static func sameMargins(extent: Int, reach: Int, stride: Int) -> (smaller: Int, larger: Int) {
    let count = (extent + stride - 1) / stride
    let total = max((count - 1) * stride + reach - extent, 0)
    return (total / 2, total - total / 2)
  }
}
