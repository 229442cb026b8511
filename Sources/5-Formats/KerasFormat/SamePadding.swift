import ModelIR

/// The margins of Keras's `padding="same"`: as many as make the output ceil(extent / stride), the odd one at the end.
///
/// Source: TensorFlow, `tf.nn` documentation, notes on padding.
struct SamePadding: Equatable {
  let before: Int
  let after: Int

  init(extent: Int, kernel: Int, stride: Int, dilation: Int = 1) {
    let reach = (kernel - 1) * dilation + 1
    (before, after) = Window.sameMargins(extent: extent, reach: reach, stride: stride)
  }
}
