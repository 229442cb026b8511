public import FileIO

/// 2-D convolution of X [N, C, H, W] with W [M, C / group, kH, kW] and bias B [M]; output [N, M, H', W'].
public struct Conv: OperatorKind {
  public static let name = "Conv"
  public static let inputCount = 2...3

  public var window: Window
  public var group: Int

  public init(window: Window, group: Int = 1) {
    self.window = window
    self.group = group
  }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    try window.validate()
    let x = try require(inputs, 0, "X", rank: 4)
    let w = try require(inputs, 1, "W", rank: 4)
    guard x.dataType == w.dataType else {
      throw ScaleNetError(place: "input W", expected: x.dataType.rawValue, found: w.dataType.rawValue)
    }
    let channels = try requireFixed(x, 1, "X")
    let filters = try requireFixed(w, 0, "W")
    guard group > 0, filters % group == 0, channels % group == 0 else {
      throw ScaleNetError(
        place: "group", expected: "a divisor of \(channels) input and \(filters) output channels",
        found: "\(group)")
    }
    let expected: [Dimension] =
      [.fixed(filters), .fixed(channels / group)] + window.kernel.map(Dimension.fixed)
    guard w.dimensions == expected else {
      throw ScaleNetError(
        place: "input W", expected: "\(TensorType(w.dataType, expected))", found: "\(w)")
    }
    try requireVector(inputs, 2, "B", count: filters, of: x.dataType)
    let height = try window.output(extent: try requireFixed(x, 2, "X"), axis: 0)
    let width = try window.output(extent: try requireFixed(x, 3, "X"), axis: 1)
    return [
      TensorType(x.dataType, [x.dimensions[0], .fixed(filters), .fixed(height), .fixed(width)])
    ]
  }

  /// MACs: one for each output element and each weight that it meets. Adding a bias is no MAC, as with fvcore.
  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost {
    guard let weights = inputs[1] else { return Cost() }
    return Cost(
      macs: outputs[0].elementCount.saturatingMultiplied(by: weights.dimensions.dropFirst().reduce(1, *)))
  }
}
