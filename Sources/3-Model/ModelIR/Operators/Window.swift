import FileIO

/// The geometry of a window that slides over the spatial axes, one to three of them: kernel, steps, margins, dilation.
public struct Window: Hashable, Sendable {
  /// The kernel's extents, such as height and width.
  public var kernel: [Int]
  /// Steps along each axis.
  public var strides: [Int]
  /// Margins in ONNX's order: what stands before each axis (top, left), then what stands after each (bottom, right).
  public var pads: [Int]
  /// Steps between neighbours of the kernel along each axis; 1 for a dense kernel.
  public var dilations: [Int]

  /// Steps and dilations are 1 and margins 0 where nothing else is said.
  public init(kernel: [Int], strides: [Int]? = nil, pads: [Int]? = nil, dilations: [Int]? = nil) {
    self.kernel = kernel
    self.strides = strides ?? [Int](repeating: 1, count: kernel.count)
    self.pads = pads ?? [Int](repeating: 0, count: 2 * kernel.count)
    self.dilations = dilations ?? [Int](repeating: 1, count: kernel.count)
  }

  /// A square window with equal margins on all sides.
  public init(_ size: Int, stride: Int = 1, pad: Int = 0) {
    self.init(kernel: [size, size], strides: [stride, stride], pads: [pad, pad, pad, pad])
  }

  /// How many axes it moves along.
  public var rank: Int { kernel.count }

  /// How many positions of the input meet in one of the output.
  public var area: Int { kernel.reduce(1) { $0.saturatingMultiplied(by: $1) } }

  /// Fails unless all parts are of the same one to three dimensions and within what makes sense.
  func validate() throws(ScaleNetError) {
    func check(_ name: String, _ values: [Int], count: Int, least: Int) throws(ScaleNetError) {
      guard values.count == count, values.allSatisfy({ $0 >= least && $0 <= 1 << 24 }) else {
        throw ScaleNetError(
          place: name, expected: "\(count) numbers, none below \(least)", found: "\(values)")
      }
    }
    guard (1...3).contains(kernel.count) else {
      throw ScaleNetError(place: "kernel_shape", expected: "1 to 3 axes", found: "\(kernel)")
    }
    try check("kernel_shape", kernel, count: rank, least: 1)
    guard area <= 1 << 32 else {
      throw ScaleNetError(place: "kernel_shape", expected: "a window in range", found: "\(kernel)")
    }
    try check("strides", strides, count: rank, least: 1)
    try check("pads", pads, count: 2 * rank, least: 0)
    try check("dilations", dilations, count: rank, least: 1)
  }

  /// The extent that the kernel covers along an axis, dilation included.
  public func reach(_ axis: Int) -> Int { dilations[axis] * (kernel[axis] - 1) + 1 }

  /// What messages call an axis.
  private func name(of axis: Int) -> String {
    rank == 2 ? (axis == 0 ? "height" : "width") : "spatial axis \(axis)"
  }

  /// The extent after the window has passed over `extent` along a spatial axis:
  /// floor or ceil of (extent + pads - dilated kernel) / stride, plus 1.
  ///
  /// With `ceilMode`, a last window that would begin behind the input and its leading margin is left out, as PyTorch
  /// and ONNX Runtime do.
  func output(extent: Int, axis: Int, ceilMode: Bool = false) throws(ScaleNetError) -> Int {
    let reach = reach(axis)
    let room = extent + pads[axis] + pads[axis + rank] - reach
    guard room >= 0 else {
      throw ScaleNetError(
        place: name(of: axis), expected: "at least \(reach - pads[axis] - pads[axis + rank])",
        found: "\(extent)")
    }
    guard ceilMode else { return room / strides[axis] + 1 }
    var count = (room + strides[axis] - 1) / strides[axis] + 1
    if (count - 1) * strides[axis] >= extent + pads[axis] { count -= 1 }
    return count
  }

  /// The spatial extents of what the window makes of [N, C, ...].
  func outputs(_ x: TensorType, ceilMode: Bool = false) throws(ScaleNetError) -> [Dimension] {
    var result: [Dimension] = []
    for (axis, dimension) in x.dimensions.dropFirst(2).enumerated() {
      switch dimension {
      case .unknown: result.append(.unknown)
      case .fixed(let extent):
        result.append(.fixed(try output(extent: extent, axis: axis, ceilMode: ceilMode)))
      case .symbolic:
        throw ScaleNetError(place: "input X, axis \(axis + 2)", expected: "a known extent", found: "\(x)")
          .advising(.closeExtents)
      }
    }
    return result
  }
}

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
