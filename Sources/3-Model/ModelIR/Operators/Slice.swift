public import FileIO

/// Some positions of some axes: along `axes[i]` these are `starts[i]`, `starts[i] + steps[i]` and so on, `counts[i]` of
/// them. Axes that are not named are taken whole, and may be open.
public struct Slice: OperatorKind {
  public var name: String { "Slice" }
  public var inputCount: ClosedRange<Int> { 1...1 }

  /// Axes, none negative, none twice.
  public var axes: [Int]
  /// First positions, counted from the beginning.
  public var starts: [Int]
  /// Steps, not 0; a negative one goes backwards.
  public var steps: [Int]
  /// How many positions are taken; 0 gives an empty tensor.
  public var counts: [Int]

  public init(axes: [Int], starts: [Int], steps: [Int], counts: [Int]) {
    self.axes = axes
    self.starts = starts
    self.steps = steps
    self.counts = counts
  }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    var x = try require(inputs, 0, "data")
    guard axes.allSatisfy({ (0..<x.rank).contains($0) }), Set(axes).count == axes.count else {
      throw ScaleNetError(place: "axes", expected: "axes of \(x), none twice", found: "\(axes)")
    }
    for (name, values) in [("starts", starts), ("steps", steps), ("counts", counts)]
    where values.count != axes.count {
      throw ScaleNetError(place: name, expected: "\(axes.count) numbers", found: "\(values)")
    }
    for (index, axis) in axes.enumerated() {
      let extent = try extent(x, axis, "data") ?? .max
      guard steps[index] != 0 else {
        throw ScaleNetError(place: "steps", expected: "none of 0", found: "\(steps)")
      }
      guard (0...extent).contains(counts[index]) else {
        throw ScaleNetError(place: "counts", expected: "0 to \(extent) of axis \(axis)", found: "\(counts)")
      }
      if counts[index] > 0 {
        let (reach, overflow) = steps[index].multipliedReportingOverflow(by: counts[index] - 1)
        let (last, overflow2) = starts[index].addingReportingOverflow(reach)
        guard !overflow, !overflow2, (0..<extent).contains(starts[index]), (0..<extent).contains(last) else {
          throw ScaleNetError(
            place: "starts", expected: "positions of axis \(axis) of \(x)",
            found: "\(counts[index]) from \(starts[index]) in steps of \(steps[index])")
        }
      }
      x.dimensions[axis] = .fixed(counts[index])
    }
    return [x]
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost {
    Cost()
  }
}
