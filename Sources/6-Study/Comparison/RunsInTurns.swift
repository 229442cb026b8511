import FileIO
import ModelIR

/// A run of a graph that shows every value, and goes on when it is asked to.
struct SteppedRun {
  /// What the next step makes, often nothing; nil after the last.
  let next: () throws(ScaleNetError) -> [(ValueID, Tensor)]?
}

/// Two runs that go on in turns, so that of the first only those values are kept whose counterparts do not exist yet.
///
/// Graphs that compute alike take little more than one value then. Where the orders are others, the budget limits what is
/// kept: a value beyond it is let go, and both graphs run again for it.
struct RunsInTurns {
  /// The most bytes of values that are kept.
  let budget: Int
  /// Starts the run whose values are kept.
  let first: () throws(ScaleNetError) -> SteppedRun
  /// Starts the other run.
  let second: () throws(ScaleNetError) -> SteppedRun

  /// Calls `visit` with every pair of values that both runs make, in the order of the second, by its place in `pairs`.
  func visit(
    _ pairs: [(place: Int, first: ValueID, second: ValueID)],
    _ body: (Int, Tensor, Tensor) throws(ScaleNetError) -> Void
  ) throws(ScaleNetError) {
    var waiting = pairs
    while !waiting.isEmpty {
      let left = try visitOnce(waiting, body)
      // What neither run makes is not made in another.
      guard left.count < waiting.count else { return }
      waiting = left
    }
  }

  /// Gives the pairs of which a value was let go.
  private func visitOnce(
    _ pairs: [(place: Int, first: ValueID, second: ValueID)],
    _ body: (Int, Tensor, Tensor) throws(ScaleNetError) -> Void
  ) throws(ScaleNetError) -> [(place: Int, first: ValueID, second: ValueID)] {
    var byFirst: [ValueID: [Int]] = [:]
    var bySecond: [ValueID: [Int]] = [:]
    for (index, pair) in pairs.enumerated() {
      byFirst[pair.first, default: []].append(index)
      bySecond[pair.second, default: []].append(index)
    }
    var kept: [Int: Tensor] = [:]
    var bytes = 0
    var missed = Set<Int>()
    let ahead = try first()
    let behind = try second()
    /// Goes on with the first run until it has made a value.
    func make(_ wanted: Int) throws(ScaleNetError) {
      while kept[wanted] == nil, let values = try ahead.next() {
        for (id, tensor) in values {
          for index in byFirst[id] ?? [] {
            let size = Self.byteCount(tensor)
            if index != wanted && bytes + size > budget {
              missed.insert(index)
            } else {
              kept[index] = tensor
              bytes += size
            }
          }
        }
      }
    }
    while let values = try behind.next() {
      for (id, tensor) in values {
        for index in bySecond[id] ?? [] {
          if !missed.contains(index) { try make(index) }
          guard let own = kept.removeValue(forKey: index) else { continue }
          bytes -= Self.byteCount(own)
          try body(pairs[index].place, own, tensor)
        }
      }
    }
    return missed.sorted().map { pairs[$0] }
  }

  private static func byteCount(_ tensor: Tensor) -> Int {
    tensor.shape.elementCount * tensor.dataType.byteCount
  }
}
