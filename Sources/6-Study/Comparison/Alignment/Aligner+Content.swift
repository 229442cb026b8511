import ModelIR

extension Aligner {
  /// A left node whose output is near-equal to a right's.
  struct Candidate {
    var left: Int
    var distance: Double
  }

  /// How many nodes are held against one: of more with as many elements, those that stand nearest to its place.
  private static let mostCandidates = 256

  /// For each right node the left nodes with near-equal outputs.
  func contentCandidates() -> [Int: [Candidate]] {
    var byCount: [Int: [Int]] = [:]
    for index in leftPrints.keys.sorted() {
      byCount[leftPrints[index]!.shape.reduce(1, *), default: []].append(index)
    }
    // The same sizes on the right, to tell how far along its own a node is.
    var places: [Int: Int] = [:]
    var counts: [Int: Int] = [:]
    for index in rightPrints.keys.sorted() {
      let size = rightPrints[index]!.shape.reduce(1, *)
      places[index] = counts[size, default: 0]
      counts[size, default: 0] += 1
    }
    var result: [Int: [Candidate]] = [:]
    for (index, print) in rightPrints {
      let size = print.shape.reduce(1, *)
      var own = (byCount[size] ?? [])[...]
      if own.count > Self.mostCandidates, let place = places[index], let all = counts[size] {
        let center = place * own.count / all
        let first = min(max(0, center - Self.mostCandidates / 2), own.count - Self.mostCandidates)
        own = own[first..<first + Self.mostCandidates]
      }
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
