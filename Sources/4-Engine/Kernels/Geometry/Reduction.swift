/// The reduction of some axes of an array without gaps. Neighbouring axes of one kind are merged.
public struct Reduction: Hashable, Sendable {
  /// An axis of the input: its extent, and the elements from one index to the next one.
  public struct Axis: Hashable, Sendable {
    /// The extent of the axis.
    public let count: Int
    /// The distance between neighbours along the axis, in elements.
    public let step: Int
  }

  /// The axes that stay, outermost first; the output's order.
  public private(set) var kept: [Axis] = []
  /// The axes that are reduced, outermost first.
  public private(set) var reduced: [Axis] = []

  /// `axes` are those of `shape` that are reduced.
  public init(shape: [Int], axes: Set<Int>) {
    var step = 1
    var lastIsReduced: Bool?
    for axis in shape.indices.reversed() where shape[axis] != 1 {
      let isReduced = axes.contains(axis)
      var list = isReduced ? reduced : kept
      if lastIsReduced == isReduced, let inner = list.first {
        list[0] = Axis(count: inner.count * shape[axis], step: inner.step)
      } else {
        list.insert(Axis(count: shape[axis], step: step), at: 0)
      }
      if isReduced { reduced = list } else { kept = list }
      lastIsReduced = isReduced
      step *= shape[axis]
    }
  }

  /// The number of elements that make one of the output.
  public var reducedCount: Int { reduced.reduce(1) { $0 * $1.count } }

  /// The number of elements of the output.
  public var keptCount: Int { kept.reduce(1) { $0 * $1.count } }

  /// The offset of index `index` over `axes`, row-major.
  @inline(__always)
  static func offset(_ index: Int, _ axes: ArraySlice<Axis>) -> Int {
    var rest = index
    var offset = 0
    for axis in axes.reversed() {
      offset += rest % axis.count * axis.step
      rest /= axis.count
    }
    return offset
  }
}
