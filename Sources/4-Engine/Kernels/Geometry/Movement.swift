/// An operator that only moves elements: every element of the output is one of the input, or a fill value.
///
/// The place in the input is `base` plus one term for each axis of the output. Neighbouring axes are merged where
/// that leaves longer runs of memory.
public struct Movement: Hashable, Sendable {
  /// The terms along one axis of the output.
  public enum Source: Hashable, Sendable {
    /// 0, `step`, 2 * `step` and so on; a step of 0 repeats.
    case strided(count: Int, step: Int)
    /// Any terms, none negative but -1, which stands for the fill value.
    case table([Int])

    /// The extent of the axis.
    public var count: Int {
      switch self {
      case .strided(let count, _): count
      case .table(let terms): terms.count
      }
    }
  }

  /// An axis of the output.
  public struct Axis: Hashable, Sendable {
    /// Where the elements of the axis come from.
    public var source: Source
    /// Elements from one index to the next one in the output.
    public var outputStep: Int

    public init(_ source: Source, outputStep: Int) {
      self.source = source
      self.outputStep = outputStep
    }
  }

  /// Where the terms count from, in the input.
  public let base: Int
  /// At least one, the last with an output step of 1.
  public let axes: [Axis]
  /// What stands where nothing is read.
  public let fill: Double
  /// How the elements along the last axis are fetched: found once, not in each run.
  let line: MovementLine

  /// `axes` are the output's, outermost first; neighbours in memory come last.
  public init(base: Int = 0, axes: [Axis], fill: Double = 0) {
    self.fill = fill
    var (base, merged) = (base, [Axis]())
    for axis in axes { Self.append(axis, to: &merged, &base) }
    if merged.last?.outputStep != 1 { merged.append(Axis(.strided(count: 1, step: 1), outputStep: 1)) }
    line = MovementLine(merged[merged.count - 1].source)
    self.base = base
    self.axes = merged
  }

  private static func append(_ axis: Axis, to axes: inout [Axis], _ base: inout Int) {
    var axis = axis
    if case .table(let terms) = axis.source, let first = terms.first, first >= 0 {
      let step = terms.count > 1 ? terms[1] - first : 0
      if terms.indices.allSatisfy({ terms[$0] >= 0 && terms[$0] == first + $0 * step }) {
        base += first
        axis.source = .strided(count: terms.count, step: step)
      }
    }
    guard case .strided(let count, let step) = axis.source else {
      axes.append(axis)
      return
    }
    if count == 1 { return }
    if let last = axes.last, case .strided(let outer, let outerStep) = last.source,
      outerStep == step * count, last.outputStep == axis.outputStep * count
    {
      axes[axes.count - 1] = Axis(.strided(count: outer * count, step: step), outputStep: axis.outputStep)
    } else {
      axes.append(axis)
    }
  }
}
