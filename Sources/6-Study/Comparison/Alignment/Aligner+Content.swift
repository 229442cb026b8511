import ModelIR

extension Aligner {
  /// A left node whose output is near-equal to a right's.
  struct Candidate {
    var left: Int
    var distance: Double
  }

  /// For each right node the left nodes with near-equal outputs.
  func contentCandidates() -> [Int: [Candidate]] {
    var byCount: [Int: [Int]] = [:]
    for (index, print) in leftPrints { byCount[print.shape.reduce(1, *), default: []].append(index) }
    var result: [Int: [Candidate]] = [:]
    for (index, print) in rightPrints {
      let own = (byCount[print.shape.reduce(1, *)] ?? []).sorted()
      let found = own.compactMap { other -> Candidate? in
        guard !isFoldedOnOneSide(other, index), let near = nearest(other, index)?.distance,
          near <= closeness
        else { return nil }
        return Candidate(left: other, distance: near)
      }
      if !found.isEmpty { result[index] = found }
    }
    return result
  }

  /// Pairs what is near-equal. Among several, like operators come first, then the nearest place after the pair before.
  mutating func alignByContent(_ candidates: [Int: [Candidate]]) {
    // Two passes, so that a copy under another operator does not take the place of the like one.
    for wantsLikeOperators in [true, false] {
      var place = -1
      for index in right.graph.nodes.indices {
        if let partner = leftOf[right.output(index)] {
          place = left.producers[partner.index] ?? place
          continue
        }
        let op = right.graph.nodes[index].op
        let free = (candidates[index] ?? []).filter { candidate in
          isFree(left: candidate.left)
            && (left.graph.nodes[candidate.left].op.family == op.family) == wantsLikeOperators
        }
        guard let best = free.min(by: { rank($0, after: place) < rank($1, after: place) }) else { continue }
        add(best.left, index, .content)
        place = best.left
      }
    }
  }

  private func rank(_ candidate: Candidate, after place: Int) -> (Int, Int) {
    (candidate.left > place ? 0 : 1, abs(candidate.left - place))
  }
}
