/// The order of the axes of images and feature maps in Keras. Raw values are Keras's.
public enum DataFormat: String, Sendable, CaseIterable {
  /// [batch, height, width, channels], the order of TensorFlow.
  case channelsLast = "channels_last"
  /// [batch, channels, height, width], the order of PyTorch and ONNX; TensorFlow runs it on GPUs only.
  case channelsFirst = "channels_first"

  /// Letters for the axes.
  public var letters: String { self == .channelsLast ? "NHWC" : "NCHW" }

  /// For each axis of a feature map in Keras, the axis of [N, C, H, W] that it is.
  var order: [Int] { arranged([0, 1, 2, 3]) }

  /// Where height and width stand in this order.
  var spatialPositions: [Int] { self == .channelsLast ? [1, 2] : [2, 3] }

  /// Where an axis of [N, C, H, W] stands in this order.
  func axis(_ axis: Int) -> Int { self == .channelsLast ? [0, 3, 1, 2][axis] : axis }

  /// The axes of [N, C, H, W] values in this order.
  func arranged<Element>(_ extents: [Element]) -> [Element] {
    self == .channelsLast ? [extents[0], extents[2], extents[3], extents[1]] : extents
  }
}
