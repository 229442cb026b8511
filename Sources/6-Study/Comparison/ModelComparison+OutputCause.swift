import Execution
import FileIO
import Glibc
import ModelIR

extension ModelComparison {
  /// A class more on one side, before or behind the others: one for the background.
  func backgroundCause(_ outputs: ComparedOutputs) -> DiffReport.Cause? {
    for pair in outputs.unrelated {
      let (left, right) = (outputs.left[pair.left].tensor, outputs.right[pair.right].tensor)
      let (a, b) = (left.shape.dimensions, right.shape.dimensions)
      guard a.count == b.count, let columns = a.last, let others = b.last, a.dropLast() == b.dropLast(),
        abs(columns - others) == 1, min(columns, others) > 1, let own = try? left.doubles(),
        let held = try? right.doubles()
      else { continue }
      let isLeft = columns > others
      let (wide, narrow, count) = isLeft ? (own, held, columns) : (held, own, others)
      func isWithoutClass(_ wide: [Double], _ narrow: [Double], isFirst: Bool) -> Bool {
        let rest = wide.indices.filter { $0 % count != (isFirst ? 0 : count - 1) }.map { wide[$0] }
        return !isApart(rest, narrow)
      }
      var found = [true, false].first { isWithoutClass(wide, narrow, isFirst: $0) }
      // A network may make rounding larger than the tolerance; Double rounds less.
      if found == nil, let (a, b) = inDouble(pair) {
        let (wide, narrow) = isLeft ? (a, b) : (b, a)
        found = [true, false].first { isWithoutClass(wide, narrow, isFirst: $0) }
      }
      if let isFirst = found {
        return DiffReport.Cause(
          kind: .backgroundClass,
          explanation:
            "The \(isLeft ? "left" : "right") has a class more, \(isFirst ? "before" : "behind") the others: "
            + "without it both give the same.",
          confirmed: true)
      }
    }
    return nil
  }

  /// What both give in Double at such a pair of outputs; nil where a side is a recording or can't be computed.
  private func inDouble(_ pair: (left: Int, right: Int)) -> (left: [Double], right: [Double])? {
    func elements(_ side: Side, _ place: Int, isLeft: Bool) -> [Double]? {
      guard let graph = side.graph, let found = try? engine.doubles(graph, inputs(isLeft: isLeft)),
        place < found.count
      else { return nil }
      return try? found[place].tensor.doubles()
    }
    guard let own = elements(left, pair.left, isLeft: true),
      let held = elements(right, pair.right, isLeft: false)
    else { return nil }
    return (own, held)
  }

  /// A softmax that one side ends in and the other does not.
  func softmaxCause(_ outputs: ComparedOutputs) -> DiffReport.Cause? {
    for pair in outputs.pairs {
      guard pair.order == .same, let columns = outputs.left[pair.left].tensor.shape.dimensions.last,
        columns > 1, let a = try? outputs.left[pair.left].tensor.doubles(),
        let b = try? outputs.right[pair.right].tensor.doubles(), isApart(a, b)
      else { continue }
      let isLeft = !isApart(Self.softmax(a, columns), b)
      guard isLeft || !isApart(a, Self.softmax(b, columns)) else { continue }
      let (without, with) = isLeft ? ("left", "right") : ("right", "left")
      return DiffReport.Cause(
        kind: .missingSoftmax,
        explanation: "The \(with) ends in a softmax, the \(without) does not: a softmax of the \(without)'s "
          + "output gives the \(with)'s.",
        confirmed: true)
    }
    return nil
  }

  /// Outputs that have changed their names: each is what another one is on the other side.
  func exchangedOutputs(_ outputs: ComparedOutputs) -> DiffReport.Cause? {
    let apart = outputs.pairs.filter { outputs.accumulators[$0.left]?.distance.isWithinTolerance == false }
    var rest = apart.map(\.right)
    var words: [String] = []
    for pair in apart {
      let own = outputs.left[pair.left]
      guard
        let place = rest.firstIndex(where: {
          $0 != pair.right && OutputPair.areNear(own, outputs.right[$0], .float32)
        })
      else { return nil }
      words.append(
        "the left's \(own.name.escapedWhole) is the right's \(outputs.right[rest[place]].name.escapedWhole)")
      rest.remove(at: place)
    }
    guard !apart.isEmpty else { return nil }
    let more = words.count > 3 ? ", and so on, \(words.count) in all" : ""
    return DiffReport.Cause(
      kind: .wiring, explanation: "Outputs are exchanged: \(words.prefix(3).joined(separator: ", "))\(more).",
      confirmed: true)
  }

  /// The same elements in another arrangement: axes exchanged, another shape, or images of a batch in another order.
  func arrangementCause(_ outputs: ComparedOutputs) -> DiffReport.Cause? {
    for pair in outputs.all {
      let (left, right) = (outputs.left[pair.left], outputs.right[pair.right])
      let (a, b) = (left.tensor.shape, right.tensor.shape)
      guard a.elementCount == b.elementCount, a.elementCount > 1, let own = try? left.tensor.doubles(),
        let held = try? right.tensor.doubles()
      else { continue }
      func cause(_ kind: DiffReport.CauseKind, _ what: String) -> DiffReport.Cause {
        DiffReport.Cause(
          kind: kind,
          explanation: "Output \(left.name.escapedWhole): the right has the left's elements \(what).",
          confirmed: true)
      }
      if a != b, !isApart(own, held) {
        return cause(.outputLayout, "in the same order, but in another shape")
      }
      for order in Self.orders(of: b.rank) where order.map({ b[$0] }) == a.dimensions {
        guard let turned = try? right.tensor.transposed(order).doubles(), !isApart(own, turned) else {
          continue
        }
        return cause(.outputLayout, "with its axes in another order: the left's are its axes \(order)")
      }
      guard a == b, a.rank > 1, a[0] > 1 else { continue }
      if ChannelOrder.find(own, held, shape: a.dimensions, axis: 0, closeness: 1e-5) != nil {
        return cause(.batchOrder, "with the images of the batch in another order")
      }
    }
    return nil
  }

  /// Every order of so many axes but the usual one; none of many axes.
  private static func orders(of rank: Int) -> [[Int]] {
    guard (2...4).contains(rank) else { return [] }
    func orders(_ rest: [Int]) -> [[Int]] {
      if rest.isEmpty { return [[]] }
      return rest.flatMap { first in orders(rest.filter { $0 != first }).map { [first] + $0 } }
    }
    return Array(orders(Array(0..<rank)).dropFirst())
  }

  private func isApart(_ a: [Double], _ b: [Double]) -> Bool {
    // Where only equality is asked for, the experiment still rounds.
    let limit = tolerance.relative == 0 && tolerance.absolute == 0 ? Tolerance.float32 : tolerance
    return !Distance(a, b, limit).isWithinTolerance
  }

  private static func softmax(_ elements: [Double], _ columns: Int) -> [Double] {
    var result: [Double] = []
    for start in stride(from: 0, to: elements.count, by: columns) {
      let row = elements[start..<start + columns]
      let largest = row.max() ?? 0
      let powers = row.map { exp($0 - largest) }
      let sum = powers.reduce(0, +)
      result += powers.map { $0 / sum }
    }
    return result
  }
}
