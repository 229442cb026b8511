public import FileIO

/// Elements added around the input, or cropped from it where a number is negative.
public struct Pad: OperatorKind {
  public var name: String { "Pad" }
  public var inputCount: ClosedRange<Int> { 1...1 }

  /// What is added. Raw values are ONNX's.
  public enum Mode: String, Hashable, Sendable {
    /// One value everywhere.
    case constant
    /// The input mirrored at its first and last element, which are not repeated.
    case reflect
    /// The nearest element.
    case edge
    /// The input again and again.
    case wrap
  }

  /// In ONNX's order: what is added before each axis, then after each axis. What is cropped is cropped first.
  public var pads: [Int]
  /// What the added elements are.
  public var mode: Mode
  /// What `constant` adds.
  public var value: Float

  /// Pads all axes; `pads` are two numbers for each.
  public init(pads: [Int], mode: Mode = .constant, value: Float = 0) {
    self.pads = pads
    self.mode = mode
    self.value = value
  }

  /// Pads height and width of [N, C, H, W]; `margins` are top, left, bottom and right.
  public init(margins: [Int], value: Float = 0) {
    precondition(margins.count == 4)
    self.init(pads: [0, 0] + margins[..<2] + [0, 0] + margins[2...], value: value)
  }

  /// Top, left, bottom and right, where one value is added around the images of [N, C, H, W] and nothing else.
  public var margins: [Int]? {
    guard mode == .constant, pads.count == 8, pads.allSatisfy({ $0 >= 0 }),
      pads[0] == 0, pads[1] == 0, pads[4] == 0, pads[5] == 0
    else { return nil }
    return [pads[2], pads[3], pads[6], pads[7]]
  }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    var x = try require(inputs, 0, "data")
    guard pads.count == 2 * x.rank, pads.allSatisfy({ (-(1 << 24)...1 << 24).contains($0) }) else {
      throw ScaleNetError(
        place: "pads", expected: "\(2 * x.rank) numbers, none beyond \(1 << 24)", found: "\(pads)")
    }
    for axis in 0..<x.rank {
      let (before, after) = (pads[axis], pads[axis + x.rank])
      if before == 0 && after == 0 { continue }
      guard let extent = try extent(x, axis, "data") else { continue }
      // Both are at least -2^24: no sum with an extent that is not negative underflows.
      let rest = extent + min(before, 0) + min(after, 0)
      guard rest >= 0, rest > 0 || mode == .constant || max(before, after) <= 0 else {
        throw ScaleNetError(
          place: "pads", expected: "elements left along axis \(axis) of \(x)", found: "\(pads)")
      }
      let (sum, overflow) = rest.addingReportingOverflow(max(before, 0) + max(after, 0))
      if overflow { throw ScaleNetError(place: "input data", expected: "extents in range", found: "\(x)") }
      x.dimensions[axis] = .fixed(sum)
    }
    return [x]
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost {
    Cost(otherOperations: outputs[0].elementCount)
  }
}
