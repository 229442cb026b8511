import Execution
import FileIO
import ModelIR

extension ModelComparison {
  /// Runs all batches in float32 and compares the outputs.
  func compareOutputs() throws(ScaleNetError) -> ComparedOutputs {
    guard batchCount(left) == batchCount(right) else {
      throw .differentBatches(left: batchCount(left), right: batchCount(right))
    }
    // One after the other, so that the memory of only one plan is in use.
    let lefts = try results(of: left, isLeft: true)
    let rights = try results(of: right, isLeft: false)
    guard let first = lefts.first, let other = rights.first else {
      throw .differentBatches(left: lefts.count, right: rights.count)
    }
    let found = OutputPair.pairs(first, other)
    var outputs = ComparedOutputs(left: first, right: other, pairs: found.pairs, unrelated: found.unrelated)
    outputs.notes = found.notes
    guard !outputs.pairs.isEmpty || !outputs.unrelated.isEmpty else {
      func describe(_ outputs: [NamedTensor]) -> [String] { outputs.map { "\($0.name) \($0.tensor.shape)" } }
      throw .differentOutputs(left: describe(first), right: describe(other))
    }
    addNotes(to: &outputs)
    for pair in outputs.pairs {
      var gathered = MetricsAccumulator(tolerance)
      var agreement = TopAgreement()
      for batch in lefts.indices {
        guard pair.left < lefts[batch].count, pair.right < rights[batch].count else { continue }
        let (own, others) = (lefts[batch][pair.left], rights[batch][pair.right])
        let shape = own.tensor.shape.dimensions
        if let (a, b) = try wholeNumbers(own, others, pair.order) {
          gathered.add(a, b, shape: shape)
        } else if own.tensor.dataType == .float64 || others.tensor.dataType == .float64 {
          let (a, b) = try elements(own, others, pair.order) { (tensor, name) throws(ScaleNetError) in
            try tensor.doubles(of: name)
          }
          gathered.add(a, b, shape: shape)
        } else {
          let (a, b) = try floats(own, others, pair.order)
          gathered.add(a, b, shape: shape)
          if shape.count == 2, shape[1] > 1 { agreement.add(a, b, columns: shape[1]) }
        }
      }
      addNotes(of: gathered, own: first[pair.left], to: &outputs)
      outputs.accumulators[pair.left] = gathered
      outputs.agreements[pair.left] = agreement
    }
    return outputs
  }

  private func addNotes(to outputs: inout ComparedOutputs) {
    func note(_ names: [NamedTensor], _ taken: [Int], _ path: String, inside graph: Graph?) {
      for (index, output) in names.enumerated() where !taken.contains(index) {
        if let graph, recordedValue(output, of: graph) != nil { continue }
        outputs.uncompared.append((output.name, path))
        outputs.notes.append(
          "output \(output.name.escapedWhole) of \(path) has no counterpart and was not compared")
      }
    }
    // Values inside of a model that the other side has recorded are compared as its layers.
    note(
      outputs.left, outputs.all.map(\.left), left.info.path, inside: left.graph == nil ? right.graph : nil)
    note(
      outputs.right, outputs.all.map(\.right), right.info.path, inside: right.graph == nil ? left.graph : nil)
    for pair in outputs.pairs {
      let name = outputs.left[pair.left].name.escapedWhole
      switch pair.order {
      case .same: break
      case .permuted:
        outputs.notes.append(
          "output \(name) has its axes in another order on the right, \(pair.order.otherLayout ?? "")")
      case .squeezed:
        outputs.notes.append(
          "output \(name) is \(outputs.left[pair.left].tensor.shape) on the left and "
            + "\(outputs.right[pair.right].tensor.shape) on the right: the same but for extents of 1")
      }
      let types = (
        outputs.left[pair.left].tensor.dataType.rawValue, outputs.right[pair.right].tensor.dataType.rawValue
      )
      if types.0 != types.1 {
        outputs.notes.append(
          "output \(name) is \(types.0) on the left and \(types.1) on the right: their numbers are compared")
      }
      if outputs.left[pair.left].tensor.elementCount == 0 {
        outputs.notes.append("output \(name) has no elements: only its shape was compared")
      }
    }
  }

  /// What the elements of an output say nothing of.
  private func addNotes(of gathered: MetricsAccumulator, own: NamedTensor, to outputs: inout ComparedOutputs)
  {
    let name = own.name.escapedWhole
    let distance = gathered.distance
    if distance.undecidedCount > 0 {
      outputs.notes.append(
        "\(distance.undecidedCount) of \(distance.elementCount) elements of output \(name) "
          + "\(distance.undecidedCount == 1 ? "is" : "are") NaN on both sides, which proves nothing of them")
    }
    if distance.infiniteCount > 0 {
      outputs.notes.append(
        "\(distance.infiniteCount) of \(distance.elementCount) elements of output \(name) "
          + "\(distance.infiniteCount == 1 ? "is" : "are") infinite on both sides")
    }
    if distance.elementCount > 0, !distance.provesNothing {
      let isZero = (left: distance.isLeftZero, right: distance.isRightZero)
      if isZero.left, isZero.right {
        outputs.notes.append("output \(name) is all zeros on both sides")
      } else if isZero.right {
        outputs.notes.append("output \(name) is all zeros on the right: relative errors say nothing")
      } else if isZero.left {
        outputs.notes.append("output \(name) is all zeros on the left: every relative error is 100 %")
      }
    }
    if !own.tensor.dataType.isFloatingPoint, distance.mismatchedCount > 0, !tolerance.isExact,
      tolerance.name != Tolerance.givenName
    {
      outputs.notes.append("output \(name) holds no real numbers: its elements have to be the same")
    }
  }

  /// Both arrays where one holds integers and both hold nothing but whole numbers, the right in the left's order.
  private func wholeNumbers(
    _ a: NamedTensor, _ b: NamedTensor, _ order: AxisOrder
  ) throws(ScaleNetError) -> ([Int128], [Int128])? {
    if a.tensor.dataType.isFloatingPoint && b.tensor.dataType.isFloatingPoint { return nil }
    let (own, others) = try elements(a, b, order) { (tensor, name) throws(ScaleNetError) in
      [try tensor.wholeNumbers(of: name)]
    }
    guard let whole = own[0], let other = others[0] else { return nil }
    return (whole, other)
  }

  /// Both arrays, the right in the left's order.
  func floats(
    _ a: NamedTensor, _ b: NamedTensor, _ order: AxisOrder
  ) throws(ScaleNetError) -> ([Float], [Float]) {
    try elements(a, b, order) { (tensor, name) throws(ScaleNetError) in try tensor.floats(of: name) }
  }

  private func elements<Element>(
    _ a: NamedTensor, _ b: NamedTensor, _ order: AxisOrder,
    _ read: (Tensor, String) throws(ScaleNetError) -> [Element]
  ) throws(ScaleNetError) -> ([Element], [Element]) {
    guard let ordered = order.apply(to: b.tensor, shape: a.tensor.shape), ordered.shape == a.tensor.shape
    else {
      throw .differentOutputs(left: ["\(a.name) \(a.tensor.shape)"], right: ["\(b.name) \(b.tensor.shape)"])
    }
    let own = try on(left) { () throws(ScaleNetError) in try read(a.tensor, a.name) }
    return (own, try on(right) { () throws(ScaleNetError) in try read(ordered, b.name) })
  }

  private func results(of side: Side, isLeft: Bool) throws(ScaleNetError) -> [[NamedTensor]] {
    switch side.content {
    case .recording(let batches):
      return batches
    case .graph(let graph):
      let inputs = batches.map { $0.arrays(for: graph, isLeft: isLeft) }
      return try on(side) { () throws(ScaleNetError) in
        try Self.onFloats(graph) { (graph) throws(ScaleNetError) in
          try engine.floats(graph, batches: inputs)
        }
      }
    }
  }

  /// Runs a graph that holds numbers in steps of integers in operators on float32: the same numbers, by faster kernels and
  /// with weights that stay in their file. What is not finite has no integer: there the graph runs as it stands in the file,
  /// and so does every other graph.
  static func onFloats(
    _ graph: Graph, _ run: (Graph) throws(ScaleNetError) -> [[NamedTensor]]
  ) throws(ScaleNetError) -> [[NamedTensor]] {
    guard graph.nodes.contains(where: { $0.op.isOnIntegers }), let lower = try LowerPrecision(graph) else {
      return try run(graph)
    }
    var results = try run(lower.graph)
    for batch in results.indices {
      for place in results[batch].indices {
        // Values in the place of the file's have other names.
        results[batch][place].name = graph[graph.outputs[place]].name
        let output = results[batch][place]
        guard output.tensor.dataType.isFloatingPoint else { continue }
        guard try output.tensor.floats(of: output.name).allSatisfy({ $0.isFinite }) else {
          return try run(graph)
        }
      }
    }
    return results
  }
}

/// The outputs of both sides and how they compare.
struct ComparedOutputs {
  /// What each side gave for the first batch, in float32.
  var left: [NamedTensor]
  var right: [NamedTensor]
  var pairs: [OutputPair]
  /// Counterparts whose shapes are not related, by their places: they are not the same, whatever they hold.
  var unrelated: [(left: Int, right: Int)] = []
  /// By the left's place.
  var accumulators: [Int: MetricsAccumulator] = [:]
  var agreements: [Int: TopAgreement] = [:]
  var roundings: [Int: DiffReport.Rounding] = [:]
  /// The significant digits of a recording, where these explain all that differs.
  var digits: Int?
  var notes: [String] = []
  /// Outputs that one side lacks, and the path of the other one.
  var uncompared: [(name: String, path: String)] = []

  /// Whether an output of either side has NaN or infinities.
  var haveNonfinite: Bool {
    (left + right).contains { output in
      (try? output.tensor.floats())?.contains { !$0.isFinite } ?? false
    }
  }

  /// All counterparts.
  var all: [(left: Int, right: Int)] { pairs.map { ($0.left, $0.right) } + unrelated }

  var reports: [DiffReport.Output] {
    func type(_ output: NamedTensor) -> String { output.tensor.dataType.rawValue }
    let apart = unrelated.map { pair in
      let shape = left[pair.left].tensor.shape
      let report = DiffReport.Output(
        name: left[pair.left].name, otherName: right[pair.right].name, type: type(left[pair.left]),
        otherType: type(right[pair.right]), shape: shape.dimensions,
        otherShape: right[pair.right].tensor.shape.dimensions, isWithinTolerance: false,
        metrics: TensorMetrics(
          elementCount: 0, mismatchedCount: 0, largestMagnitude: 0, ulp: ULPCounter().distribution),
        absoluteTolerance: 0)
      return (place: pair.left, report: report)
    }
    let compared = pairs.compactMap { pair -> (place: Int, report: DiffReport.Output)? in
      guard let gathered = accumulators[pair.left] else { return nil }
      return (
        pair.left,
        DiffReport.Output(
          name: left[pair.left].name, otherName: right[pair.right].name, type: type(left[pair.left]),
          otherType: type(right[pair.right]), shape: left[pair.left].tensor.shape.dimensions,
          isWithinTolerance: gathered.distance.isWithinTolerance,
          metrics: gathered.metrics, absoluteTolerance: gathered.distance.absoluteTolerance,
          topOneAgreement: agreements[pair.left]?.first, topFiveAgreement: agreements[pair.left]?.five,
          rounding: roundings[pair.left])
      )
    }
    return (apart + compared).sorted { $0.place < $1.place }.map(\.report)
  }

  /// Whether there are outputs, but no element of them.
  var areEmpty: Bool {
    unrelated.isEmpty && !pairs.isEmpty
      && pairs.allSatisfy { left[$0.left].tensor.elementCount == 0 }
  }
}

/// An output of the left and its counterpart, by their places.
struct OutputPair {
  var left: Int
  var right: Int
  var order: AxisOrder

  /// Pairs by exact names; then by values that are the same; then by names as recordings write them, without what is no
  /// letter or digit; then by order. What names did not decide is noted.
  static func pairs(
    _ left: [NamedTensor], _ right: [NamedTensor]
  ) -> (pairs: [OutputPair], unrelated: [(left: Int, right: Int)], notes: [String]) {
    func relation(_ a: Int, _ b: Int) -> AxisOrder? {
      AxisOrder.relations(left[a].tensor.shape.dimensions, right[b].tensor.shape.dimensions).first
    }
    func plain(_ name: String) -> String { name.lowercased().filter { $0.isLetter || $0.isNumber } }
    var result: [OutputPair] = []
    var unrelated: [(left: Int, right: Int)] = []
    var notes: [String] = []
    var isTaken = [Bool](repeating: false, count: right.count)
    var rest: [Int] = []
    for (index, output) in left.enumerated() {
      guard let same = right.indices.first(where: { !isTaken[$0] && right[$0].name == output.name }) else {
        rest.append(index)
        continue
      }
      isTaken[same] = true
      if let order = relation(index, same) {
        result.append(OutputPair(left: index, right: same, order: order))
      } else {
        unrelated.append((index, same))
      }
    }
    func pair(_ how: String?, _ fits: (Int, Int) -> Bool) {
      for index in rest {
        guard
          let other = right.indices.first(where: {
            !isTaken[$0] && relation(index, $0) != nil && fits(index, $0)
          }),
          let order = relation(index, other)
        else { continue }
        isTaken[other] = true
        result.append(OutputPair(left: index, right: other, order: order))
        rest.removeAll { $0 == index }
        if let how {
          notes.append(
            "output \(left[index].name.escapedWhole) of the left is compared with "
              + "\(right[other].name.escapedWhole) of the right, \(how)")
        }
      }
    }
    // A single output each needs no search.
    let isSingle = left.count == 1 && right.count == 1
    if !isSingle {
      pair("which has the same values") { areNear(left[$0], right[$1], .float32) }
      pair("whose values are near") { areNear(left[$0], right[$1], .float16) }
    }
    pair(nil) { plain(left[$0].name) == plain(right[$1].name) }
    pair(isSingle ? nil : "by their order") { _, _ in true }
    if isSingle, let index = rest.first, !isTaken[0] { unrelated.append((index, 0)) }
    return (result.sorted { $0.left < $1.left }, unrelated, notes)
  }

  /// Whether two outputs hold the same numbers but for a tolerance, which integers have none of.
  static func areNear(_ a: NamedTensor, _ b: NamedTensor, _ tolerance: Tolerance) -> Bool {
    guard
      let order = AxisOrder.relations(a.tensor.shape.dimensions, b.tensor.shape.dimensions).first,
      let ordered = order.apply(to: b.tensor, shape: a.tensor.shape), let own = try? a.tensor.doubles(),
      let others = try? ordered.doubles()
    else { return false }
    let isReal = a.tensor.dataType.isFloatingPoint && b.tensor.dataType.isFloatingPoint
    return Distance(own, others, isReal ? tolerance : .exact).isWithinTolerance
  }
}
