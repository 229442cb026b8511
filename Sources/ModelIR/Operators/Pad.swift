/// Margins of one constant around the feature maps: X [N, C, H, W] becomes [N, C, top + H + bottom, left + W + right].
public struct Pad: OperatorKind {
  public static let name = "Pad"
  public static let inputCount = 1...1

  /// Margins in ONNX's order: top, left, bottom, right; none below 0.
  public var pads: [Int]
  public var value: Float

  public init(pads: [Int], value: Float = 0) {
    self.pads = pads
    self.value = value
  }

  public func inferTypes(_ inputs: [TensorType?]) throws(OperatorError) -> [TensorType] {
    var x = try require(inputs, 0, "data", rank: 4)
    guard pads.count == 4, pads.allSatisfy({ $0 >= 0 && $0 <= 1 << 24 }) else {
      throw OperatorError(place: "pads", expected: "4 numbers, none below 0", found: "\(pads)")
    }
    for axis in 0..<2 {
      let (extent, overflow) = try requireFixed(x, axis + 2, "data")
        .addingReportingOverflow(pads[axis] + pads[axis + 2])
      if overflow { throw OperatorError(place: "input data", expected: "extents in range", found: "\(x)") }
      x.dimensions[axis + 2] = .fixed(extent)
    }
    return [x]
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost {
    Cost(otherOperations: outputs[0].elementCount)
  }
}
