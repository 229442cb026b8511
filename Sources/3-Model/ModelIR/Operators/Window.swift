import FileIO

/// The geometry of a window that slides over height and width: kernel, steps, margins, dilation.
public struct Window: Hashable, Sendable {
  /// Height and width of the kernel.
  public var kernel: [Int]
  /// Steps downwards and to the right.
  public var strides: [Int]
  /// Margins in ONNX's order: top, left, bottom, right.
  public var pads: [Int]
  public var dilations: [Int]

  public init(
    kernel: [Int], strides: [Int] = [1, 1], pads: [Int] = [0, 0, 0, 0], dilations: [Int] = [1, 1]
  ) {
    self.kernel = kernel
    self.strides = strides
    self.pads = pads
    self.dilations = dilations
  }

  /// A square window with equal margins on all sides.
  public init(_ size: Int, stride: Int = 1, pad: Int = 0) {
    self.init(kernel: [size, size], strides: [stride, stride], pads: [pad, pad, pad, pad])
  }

  /// Fails unless all parts are of two dimensions and within what makes sense.
  func validate() throws(ScaleNetError) {
    func check(_ name: String, _ values: [Int], count: Int, least: Int) throws(ScaleNetError) {
      guard values.count == count, values.allSatisfy({ $0 >= least && $0 <= 1 << 24 }) else {
        throw ScaleNetError(
          place: name, expected: "\(count) numbers, none below \(least)", found: "\(values)")
      }
    }
    try check("kernel_shape", kernel, count: 2, least: 1)
    try check("strides", strides, count: 2, least: 1)
    try check("pads", pads, count: 4, least: 0)
    try check("dilations", dilations, count: 2, least: 1)
  }

  /// The extent after the window has passed over `extent` along `axis` (0 height, 1 width):
  /// floor or ceil of (extent + pads - dilated kernel) / stride, plus 1.
  ///
  /// With `ceilMode`, a last window that would begin behind the input and its leading margin is left out, as PyTorch
  /// and ONNX Runtime do.
  func output(extent: Int, axis: Int, ceilMode: Bool = false) throws(ScaleNetError) -> Int {
    let reach = dilations[axis] * (kernel[axis] - 1) + 1
    let room = extent + pads[axis] + pads[axis + 2] - reach
    guard room >= 0 else {
      throw ScaleNetError(
        place: axis == 0 ? "height" : "width", expected: "at least \(reach - pads[axis] - pads[axis + 2])",
        found: "\(extent)")
    }
    guard ceilMode else { return room / strides[axis] + 1 }
    var count = (room + strides[axis] - 1) / strides[axis] + 1
    if (count - 1) * strides[axis] >= extent + pads[axis] { count -= 1 }
    return count
  }
}
