// Safe: a line is made of the two shapes, so that its places lie within both arrays.

/// How the elements of a line of the output are fetched.
enum MovementLine: Hashable, Sendable {
  /// Elements in a row whose places follow each other with one step; a negative source stands for the fill value.
  struct Run: Hashable, Sendable {
    var start: Int
    var source: Int
    var step: Int
    var count: Int
  }

  case runs([Run])
  case table([Int])

  /// Runs shorter than this on average are looked up one by one.
  private static let leastRun = 4

  init(_ source: Movement.Source) {
    switch source {
    case .strided(let count, let step):
      self = .runs([Run(start: 0, source: 0, step: step, count: count)])
    case .table(let terms):
      var runs: [Run] = []
      for (index, term) in terms.enumerated() {
        if var last = runs.last {
          let isFill = term < 0 && last.source < 0
          if last.count == 1, term >= 0, last.source >= 0 { last.step = term - last.source }
          if isFill || (term >= 0 && last.source >= 0 && term == last.source + last.count * last.step) {
            last.count += 1
            runs[runs.count - 1] = last
            continue
          }
        }
        runs.append(Run(start: index, source: term, step: 0, count: 1))
      }
      self = runs.count * Self.leastRun <= terms.count || runs.count <= 3 ? .runs(runs) : .table(terms)
    }
  }

  /// Copies a line that begins at `source`.
  @inline(__always)
  func copy<Scalar>(
    _ source: UnsafePointer<Scalar>, to target: UnsafeMutablePointer<Scalar>, fill: Scalar
  ) {
    switch self {
    case .runs(let runs):
      for run in runs {
        let out = unsafe target + run.start
        if run.source < 0 {
          unsafe out.update(repeating: fill, count: run.count)
        } else if run.step == 1 {
          unsafe out.update(from: source + run.source, count: run.count)
        } else {
          let from = unsafe source + run.source
          for index in 0..<run.count { unsafe out[index] = unsafe from[index * run.step] }
        }
      }
    case .table(let terms):
      for index in terms.indices {
        let term = terms[index]
        unsafe target[index] = unsafe term < 0 ? fill : source[term]
      }
    }
  }
}
