/// How a window moves over an image: what convolutions and pools have in common.
public struct Window: Hashable, Sendable {
  /// Height and width of the window.
  public var kernel: Extent
  /// Steps from window to window.
  public var strides: Extent
  /// Steps from pixel to pixel within a window.
  public var dilations: Extent
  /// Margins around the image.
  public var padding: Padding

  /// Kernel, strides and dilations are positive, padding is not negative.
  public init(
    kernel: Extent, strides: Extent = Extent(1, 1), dilations: Extent = Extent(1, 1),
    padding: Padding = Padding()
  ) {
    precondition(min(kernel.height, kernel.width, strides.height, strides.width) > 0)
    precondition(min(dilations.height, dilations.width) > 0)
    precondition(min(padding.top, padding.left, padding.bottom, padding.right) >= 0)
    self.kernel = kernel
    self.strides = strides
    self.dilations = dilations
    self.padding = padding
  }

  /// The number of positions of the window on an image, rounded down; 0 where it does not fit once.
  public func output(for input: Extent) -> Extent {
    func count(_ size: Int, _ kernel: Int, _ dilation: Int, _ stride: Int) -> Int {
      let reach = dilation * (kernel - 1) + 1
      return size < reach ? 0 : (size - reach) / stride + 1
    }
    return Extent(
      count(
        input.height + padding.top + padding.bottom, kernel.height, dilations.height, strides.height),
      count(input.width + padding.left + padding.right, kernel.width, dilations.width, strides.width))
  }

  /// Whether the fast kernels' 32-bit numbers hold all places of the window on an image.
  package func fitsBlocks(_ input: Extent) -> Bool {
    let sizes = [input.height, padding.top, padding.bottom, input.width, padding.left, padding.right]
    return sizes.allSatisfy { $0 < 1 << 28 }
  }

  /// How many elements the mean at an output position is taken of: those on the image, with the padding if
  /// `countsPadding`. What a last window has beyond the padding never counts.
  package func meanCount(row: Int, column: Int, input: Extent, countsPadding: Bool) -> Int {
    let added = countsPadding ? padding : Padding()
    let rows = Self.taps(
      row, kernel: kernel.height, stride: strides.height, dilation: dilations.height,
      padding: padding.top - added.top, size: input.height + added.top + added.bottom)
    let columns = Self.taps(
      column, kernel: kernel.width, stride: strides.width, dilation: dilations.width,
      padding: padding.left - added.left, size: input.width + added.left + added.right)
    return rows.count * columns.count
  }

  /// The taps of the kernel that lie on the image for window position `position` along one axis.
  package static func taps(
    _ position: Int, kernel: Int, stride: Int, dilation: Int, padding: Int, size: Int
  ) -> Range<Int> {
    let start = position * stride - padding
    let first = start < 0 ? (-start + dilation - 1) / dilation : 0
    let end = start >= size ? 0 : (size - start + dilation - 1) / dilation
    let last = min(kernel, end)
    return min(first, max(last, 0))..<max(last, 0)
  }
}
