import ModelIR

extension Experiment {
  /// Margins beyond this are not tried.
  private static let largestMargin = 8

  /// Other margins, counted or not, and extents rounded up or down, that give the other's shape.
  func paddingHypotheses() -> [Hypothesis] {
    own.nodes.flatMap { node -> [Hypothesis] in
      let variants = Self.variants(of: node.op)
      return variants.map { variant in
        Hypothesis(
          kind: .padding, node: node.name, has: Self.describe(node.op), otherHas: Self.describe(variant),
          edits: [.setOperator(node: node.name, variant)],
          likewise: { other, _ in other.op == node.op ? [.setOperator(node: other.name, variant)] : [] })
      }
    }.filter(fitsShape)
  }

  /// Whether the change gives the other's extents, which costs nothing to find out.
  private func fitsShape(_ hypothesis: Hypothesis) -> Bool {
    guard let graph = changed(hypothesis), let shape = graph[graph.outputs[0]].type.shape else {
      return false
    }
    return !AxisOrder.relations(shape.dimensions, expected.shape.dimensions).isEmpty
  }

  private static func variants(of op: Operator) -> [Operator] {
    switch op {
    case .conv(let conv):
      return windows(of: conv.window).map { window in
        var conv = conv
        conv.window = window
        return .conv(conv)
      }
    case .maxPool(let pool):
      return (windows(of: pool.window) + [pool.window]).flatMap { window in
        [pool.ceilMode, !pool.ceilMode].map { .maxPool(MaxPool(window: window, ceilMode: $0)) }
      }.filter { $0 != op }
    case .averagePool(let pool):
      return ([pool.window] + windows(of: pool.window)).flatMap { window in
        [(false, false), (false, true), (true, false), (true, true)].map { ceil, counts in
          .averagePool(AveragePool(window: window, ceilMode: ceil, countIncludePad: counts))
        }
      }.filter { $0 != op }
    case .pad(let pad):
      return margins(of: pad)
    default:
      return []
    }
  }

  /// Windows with other margins, alike in height and width; the least changes first.
  private static func windows(of window: ModelIR.Window) -> [ModelIR.Window] {
    let reach = min(window.kernel.max() ?? 1, largestMargin)
    var result: [ModelIR.Window] = []
    for before in 0..<max(reach, 1) {
      for after in 0..<max(reach, 1) {
        var variant = window
        // A side of extent 1 needs no margin.
        variant.pads = [
          window.kernel[0] > 1 ? before : 0, window.kernel[1] > 1 ? before : 0,
          window.kernel[0] > 1 ? after : 0, window.kernel[1] > 1 ? after : 0,
        ]
        if variant != window, !result.contains(variant) { result.append(variant) }
      }
    }
    func distance(_ other: ModelIR.Window) -> Int {
      zip(other.pads, window.pads).reduce(0) { $0 + abs($1.0 - $1.1) }
    }
    return result.indices.sorted { (distance(result[$0]), $0) < (distance(result[$1]), $1) }
      .map { result[$0] }
  }

  /// The margins of a Pad moved from one side to the other, and the value that a maximum never takes.
  private static func margins(of pad: Pad) -> [Operator] {
    let rank = pad.pads.count / 2
    guard rank >= 2 else { return [] }
    let (top, bottom) = (pad.pads[rank - 2], pad.pads[2 * rank - 2])
    var result: [Operator] = []
    for value in [pad.value, 0, -Float.greatestFiniteMagnitude] {
      for before in 0...max(min(top + bottom, largestMargin), 0) {
        var variant = pad
        variant.value = value
        for axis in [rank - 2, rank - 1] {
          let total = pad.pads[axis] + pad.pads[axis + rank]
          guard total >= before else { continue }
          variant.pads[axis] = before
          variant.pads[axis + rank] = total - before
        }
        if variant != pad, !result.contains(.pad(variant)) { result.append(.pad(variant)) }
      }
    }
    return result
  }

  private static func describe(_ op: Operator) -> String {
    switch op {
    case .conv(let conv): "margins \(conv.window.pads)"
    case .maxPool(let pool): "margins \(pool.window.pads)" + (pool.ceilMode ? ", extents rounded up" : "")
    case .averagePool(let pool):
      "margins \(pool.window.pads)" + (pool.countIncludePad ? " that count in the mean" : "")
        + (pool.ceilMode ? ", extents rounded up" : "")
    case .pad(let pad): "margins \(pad.pads) of \(pad.value)"
    default: ""
    }
  }
}
