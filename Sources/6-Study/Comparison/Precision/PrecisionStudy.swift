import Execution
import FileIO
import ModelIR

/// Measures what lower precision costs, layer by layer, by running graphs that are put together of both sides.
struct PrecisionStudy {
  let stages: PrecisionStages
  let engine: DiffEngine
  let tolerance: Tolerance
  /// Whether the side in lower precision is the left.
  let isLeft: Bool
  /// What each side is given in each batch.
  let ownInputs: [[String: Tensor]]
  let otherInputs: [[String: Tensor]]
  /// Counterparts among outputs, by their places.
  let outputs: [(own: Int, other: Int)]
  /// The reference's outputs of each batch, those that have counterparts.
  private let expected: [[Tensor]]

  init(
    _ stages: PrecisionStages, engine: DiffEngine, tolerance: Tolerance, isLeft: Bool,
    ownInputs: [[String: Tensor]], otherInputs: [[String: Tensor]], outputs: [(own: Int, other: Int)]
  ) throws(ScaleNetError) {
    self.stages = stages
    self.engine = engine
    self.tolerance = tolerance
    self.isLeft = isLeft
    self.ownInputs = ownInputs
    self.otherInputs = otherInputs
    self.outputs = outputs
    var expected: [[Tensor]] = []
    for results in try engine.floats(stages.other, batches: otherInputs) {
      expected.append(outputs.map { results[$0.other].tensor })
    }
    self.expected = expected
  }

  /// How far outputs are from the reference's.
  struct Outcome {
    /// The root of the mean square, as a part of the reference's; nil where something is not finite.
    var error: Double?
    var isWithin: Bool
  }

  /// Runs a graph whose outputs stand where the given places say.
  func run(
    _ graph: Graph, _ inputs: [[String: Tensor]], _ places: [Int]
  ) throws(ScaleNetError) -> Outcome {
    // The plans of other graphs are pieces of memory of other sizes: they would not fit the holes that this one leaves.
    defer { LargeMemory.giveBack() }
    var squares = SquareSums()
    var isWithin = true
    for (results, wanted) in zip(try engine.floats(graph, batches: inputs), expected) {
      for (place, reference) in zip(places, wanted) {
        let found = try results[place].tensor.floats(of: results[place].name)
        let known = try reference.floats(of: results[place].name)
        squares.add(found, known)
        let distance = isLeft ? Distance(found, known, tolerance) : Distance(known, found, tolerance)
        isWithin = isWithin && distance.isWithinTolerance
      }
    }
    return Outcome(error: squares.relative, isWithin: isWithin)
  }

  // MARK: each layer by itself

  /// What was measured at a stage.
  struct Measures {
    var explained: Double?
    var found: Double?
    var accumulated: Double?
    var activation: DiffReport.Rounded?
    /// The least and the largest of the reference's values there.
    var range: ClosedRange<Float>?
  }

  /// What a layer is computed from beside the reference's: its values, in lower precision; its values, with nothing but the
  /// steps of lower precision; and the values of lower precision.
  private enum Computation: CaseIterable {
    case found
    case ideal
    case accumulated
  }

  /// Runs the reference, and beside each of its layers the same layer in lower precision, a computation at a time, as
  /// all at once would take twice the memory.
  func measures() throws(ScaleNetError) -> [Measures] {
    var result = [Measures](repeating: Measures(), count: stages.stages.count)
    for computation in Computation.allCases {
      try measure(computation, &result)
      LargeMemory.giveBack()
    }
    return result
  }

  /// Adds what is computed so at each stage.
  private func measure(_ computation: Computation, _ result: inout [Measures]) throws(ScaleNetError) {
    let (own, other) = (stages.own, stages.other)
    var grafting = Grafting(other, suffix: ".lower")
    var stageOf: [ValueID: Int] = [:]
    // What computes a stage in lower precision, and what compares.
    var groups = [[Node]](repeating: [], count: stages.stages.count)
    var comparisons: [Int: Node] = [:]
    var real: [ValueID: ValueID] = [:]
    for id in own.inputs { real[id] = stages.otherOf[id] }
    var count = other.nodes.count
    for (index, stage) in stages.stages.enumerated() {
      let type = other[stage.other].type.dataType
      let made: ValueID?
      switch computation {
      case .found:
        made = try grafting.add(
          stage.ownNodes, of: own, target: stage.own, as: type, partner: { stages.otherOf[$0] })
      case .ideal: made = try addIdeal(stage, &grafting)
      case .accumulated:
        // The next layer goes on from values of the type that they are made in.
        let result = try grafting.add(
          stage.ownNodes, of: own, target: stage.own, as: own[stage.own].type.dataType,
          partner: { real[$0] })
        if let result { real[stage.own] = result }
        made = try result.map { (id) throws(ScaleNetError) in try grafting.cast(id, to: type) }
      }
      if let made, made != stage.other {
        let difference = try grafting.edit { (graph) throws(ScaleNetError) in
          try graph.addNode(
            graph.unusedName("\(graph[made].name).difference"), .binary(.sub), inputs: [made, stage.other])[0]
        }
        stageOf[difference] = index
        comparisons[index] = grafting.graph.nodes.last
      }
      groups[index] = Array(grafting.graph.nodes[count...].dropLast(comparisons[index] == nil ? 0 : 1))
      count = grafting.graph.nodes.count
    }
    var graph = grafting.graph
    var nodes: [Node] = []
    var stagesAt: [ValueID: [Int]] = [:]
    for (index, stage) in stages.stages.enumerated() { stagesAt[stage.other, default: []].append(index) }
    func append(_ values: [ValueID], madeBy node: Node?) {
      let found = values.flatMap { stagesAt[$0] ?? [] }
      // First what both are computed from is needed for the last time: then the reference can take its place.
      for stage in found { nodes += groups[stage] }
      if let node { nodes.append(node) }
      nodes += found.compactMap { comparisons[$0] }
    }
    append(other.inputs, madeBy: nil)
    for node in other.nodes { append(node.outputs, madeBy: node) }
    graph.nodes = nodes
    try graph.sortNodes()

    // Each layer's difference is shown beside it, and its size is all that is kept: no value waits for another.
    var sums: [ValueID: Energy] = [:]
    var held: [Int: RoundedValues] = [:]
    func show(_ id: ValueID, _ shape: [Int], _ start: Int, _ elements: [Float]) {
      sums[id, default: Energy()].add(elements)
      guard computation == .found else { return }
      for stage in stagesAt[id] ?? [] {
        guard let quantizer = stages.stages[stage].quantizer else { continue }
        held[stage, default: RoundedValues(quantizer, shape: shape)].add(elements, from: start)
      }
    }
    for id in graph.inputs where stagesAt[id] != nil {
      guard let tensor = otherInputs[0][graph[id].name] else { continue }
      try tensor.forEachBlock(of: graph[id].name) { show(id, tensor.shape.dimensions, $0, $1) }
    }
    try engine.floats(graph, otherInputs[0], inBlocks: Set(stageOf.keys).union(stagesAt.keys)) {
      show($0.value, $0.shape, $0.start, $0.elements)
    }
    for (stage, values) in held {
      (result[stage].activation, result[stage].range) = (values.report, values.range)
    }
    for (difference, stage) in stageOf {
      guard let sum = sums[difference], let reference = sums[stages.stages[stage].other] else { continue }
      let error = sum.asPart(of: reference)
      switch computation {
      case .found: result[stage].found = error
      case .ideal: result[stage].explained = error
      case .accumulated: result[stage].accumulated = error
      }
    }
  }

  /// The layer of the reference with its weights and its result rounded to the steps that lower precision has for them,
  /// without the bounds of a type; nil where that is not known.
  private func addIdeal(
    _ stage: PrecisionStage, _ grafting: inout Grafting
  ) throws(ScaleNetError) -> ValueID? {
    let (own, other) = (stages.own, stages.other)
    var weight: Tensor?
    if let ownMain = stage.ownMain, let id = own.nodes[ownMain].inputs[1],
      stages.lower.weights[own[id].name] != nil
    {
      guard let (reference, held, steps) = stages.weights(stage) else { return nil }
      defer {
        reference.releasePages()
        held.releasePages()
      }
      if Self.isNearest(held, reference, steps) {
        // What is in the file already need not be made.
        weight = held.cast(to: reference.dataType)
      } else {
        guard let nearest = try? steps.nearest(reference) else { return nil }
        weight = nearest
      }
    }
    // What is cast to a half type on the way in is rounded there, and so is what is read in one.
    let type = stages.lower.type
    let casts = stage.ownNodes.contains { index in
      if case .cast(let cast) = own.nodes[index].op { cast.to == type } else { false }
    }
    var inputs: [ValueID: ValueID] = [:]
    if stages.lower.isHalf {
      let read = stage.otherNodes.flatMap { other.nodes[$0].inputs.compactMap { $0 } } + [stage.other]
      for id in Set(read).sorted()
      where id != stage.other || stage.otherNodes.isEmpty {
        guard let held = stages.ownOf[id], casts || own[held].type.dataType == type else { continue }
        inputs[id] = try grafting.edit { (graph) throws(ScaleNetError) in
          try graph.addRounding(
            Quantizer(half: type), of: id, name: other[id].name, isBounded: false)
        }
      }
    }
    let main = stage.main.map { other.nodes[$0].name }
    let made = try grafting.add(
      stage.otherNodes, of: other, target: stage.other, as: other[stage.other].type.dataType,
      label: "reference", constant: { node, input in node.name == main && input == 1 ? weight : nil },
      partner: { stages.ownOf[$0] == nil ? nil : inputs[$0] ?? $0 })
    guard let made else { return nil }
    guard let quantizer = stage.quantizer else { return made }
    return try grafting.edit { (graph) throws(ScaleNetError) in
      try graph.addRounding(quantizer, of: made, name: other[stage.other].name, isBounded: false)
    }
  }

  /// Whether a tensor is another one rounded to its steps.
  private static func isNearest(_ held: Tensor, _ reference: Tensor, _ steps: Quantizer) -> Bool {
    guard let pair = ElementPair(held, reference) else { return false }
    return pair.allBlocks { start, a, b in
      steps.rounded(b, from: start, shape: pair.shape, isBounded: false).map { $0 == a } ?? false
    }
  }

  /// What is held of a stage's weight.
  func weight(_ stage: PrecisionStage) -> DiffReport.Rounded? {
    guard let (reference, held, quantizer) = stages.weights(stage), let pair = ElementPair(reference, held),
      let places = quantizer.places(pair.shape)
    else { return nil }
    // What was looked at once need not stay in memory.
    defer {
      reference.releasePages()
      held.releasePages()
    }
    var (largest, magnitude, clipped) = (0.0, Float(0), 0)
    let bounds = quantizer.bounds
    let isRead = pair.allBlocks { start, a, b in
      guard let outside = quantizer.clippedCount(a, from: start, shape: pair.shape) else { return false }
      clipped += outside
      for index in a.indices {
        magnitude = max(magnitude, a[index].magnitude)
        if !bounds.isEmpty, !bounds[places(start + index)].contains(a[index]) { continue }
        largest = max(largest, Double((a[index] - b[index]).magnitude))
      }
      return true
    }
    guard isRead else { return nil }
    let halfStep =
      quantizer.largestStep.map { $0 / 2 } ?? Double(magnitude) * quantizer.type.roundingUnit
    return DiffReport.Rounded(
      type: quantizer.type.rawValue, halfStep: halfStep, largestError: largest, clippedCount: clipped,
      elementCount: pair.count)
  }
}

/// What is held of an activation, which is gone through in blocks.
private struct RoundedValues {
  private let quantizer: Quantizer
  private let shape: [Int]
  private var count = 0
  /// nil where that cannot be told.
  private var clipped: Int? = 0
  private var (least, largest) = (Float.infinity, -Float.infinity)

  init(_ quantizer: Quantizer, shape: [Int]) {
    self.quantizer = quantizer
    self.shape = shape
  }

  mutating func add(_ elements: [Float], from start: Int) {
    count += elements.count
    clipped = clipped.flatMap { known in
      quantizer.clippedCount(elements, from: start, shape: shape).map { known + $0 }
    }
    for element in elements where element.isFinite {
      least = min(least, element)
      largest = max(largest, element)
    }
  }

  var report: DiffReport.Rounded? {
    guard let step = quantizer.largestStep, let clipped else { return nil }
    return DiffReport.Rounded(
      type: quantizer.type.rawValue, halfStep: step / 2, largestError: nil, clippedCount: clipped,
      elementCount: count)
  }

  /// The least and the largest of the numbers.
  var range: ClosedRange<Float>? { least <= largest ? least...largest : nil }
}

/// The sum of the squares of elements of float32, in Double.
struct Energy {
  private var sum = 0.0

  mutating func add(_ elements: [Float]) { for element in elements { add(Double(element)) } }

  mutating func add(_ element: Double) { sum += element * element }

  /// The root of the mean square as a part of a reference's; nil where something is not finite or the reference is 0.
  func asPart(of reference: Energy) -> Double? {
    if sum == 0 { return 0 }
    let share = (sum / reference.sum).squareRoot()
    return share.isFinite ? share : nil
  }
}

/// Sums of squares of differences and of the reference.
struct SquareSums {
  private var differences = Energy()
  private var references = Energy()

  init() {}

  init(_ found: Tensor, _ reference: Tensor, name: String) throws(ScaleNetError) {
    try reference.forEachBlock(of: name) { (start, elements) throws(ScaleNetError) in
      add(try found.floats(from: start, count: elements.count, of: name), elements)
    }
  }

  mutating func add(_ found: [Float], _ reference: [Float]) {
    for (a, b) in zip(found, reference) {
      differences.add(Double(a) - Double(b))
      references.add(Double(b))
    }
  }

  /// As `Energy.asPart(of:)` says.
  var relative: Double? { differences.asPart(of: references) }
}
