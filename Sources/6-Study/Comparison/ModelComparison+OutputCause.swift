import Execution
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
      for isFirst in [true, false] {
        let rest = wide.indices.filter { $0 % count != (isFirst ? 0 : count - 1) }.map { wide[$0] }
        guard !isApart(rest, narrow) else { continue }
        return DiffReport.Cause(
          kind: .backgroundClass,
          explanation:
            "The \(isLeft ? "left" : "right") has a class more, \(isFirst ? "before" : "behind") the others: "
            + "without it both give the same.",
          node: isLeft ? outputs.left[pair.left].name : nil,
          otherNode: isLeft ? nil : outputs.right[pair.right].name, confirmed: true)
      }
    }
    return nil
  }

  /// A softmax that one side ends in and the other does not.
  func softmaxCause(_ outputs: ComparedOutputs) -> DiffReport.Cause? {
    for pair in outputs.pairs {
      guard pair.order == .same, let columns = outputs.left[pair.left].tensor.shape.dimensions.last,
        columns > 1, let a = try? outputs.left[pair.left].tensor.doubles(),
        let b = try? outputs.right[pair.right].tensor.doubles(), isApart(a, b)
      else { continue }
      let name = outputs.left[pair.left].name
      let isLeft = !isApart(Self.softmax(a, columns), b)
      guard isLeft || !isApart(a, Self.softmax(b, columns)) else { continue }
      let (without, with) = isLeft ? ("left", "right") : ("right", "left")
      return DiffReport.Cause(
        kind: .missingSoftmax,
        explanation: "The \(with) ends in a softmax, the \(without) does not: a softmax of the \(without)'s "
          + "output gives the \(with)'s.",
        node: name, confirmed: true)
    }
    return nil
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
