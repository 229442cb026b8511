import Execution
import FileIO
import ModelIR

/// Arithmetic in fewer bits than the graph says, as runtimes compute it unasked or when told to: TensorFloat-32 in products,
/// or float16 and bfloat16 throughout.
enum Arithmetic: CaseIterable {
  case tensorFloat, float16, bfloat16

  /// Bits of a number, the first one included, that are kept.
  private var significantBits: Int {
    switch self {
    case .tensorFloat, .float16: 11
    case .bfloat16: 8
    }
  }

  /// Whether what a node gives is rounded too, and not only what is multiplied.
  private var roundsResults: Bool {
    switch self {
    case .tensorFloat: false
    case .float16, .bfloat16: true
    }
  }

  var kind: DiffReport.CauseKind {
    switch self {
    case .tensorFloat: .tf32
    case .float16, .bfloat16: .halfPrecision
    }
  }

  /// What is computed so, for a sentence.
  var text: String {
    switch self {
    case .tensorFloat: "its products are of numbers with mantissas of 10 bits (TF32)"
    case .float16: "it computes in float16"
    case .bfloat16: "it computes in bfloat16"
    }
  }

  /// A graph of float32 that computes so when it is run in float32; nil if its types are others already.
  ///
  /// A number is rounded by adding and taking away a multiple of it (Veltkamp's splitting; T. J. Dekker, "A floating-point
  /// technique for extending the available precision", 1971), which is rounding to nearest. Overflow of float16 is not followed.
  func applied(to original: Graph) throws(ScaleNetError) -> Graph? {
    let narrow = original.values.contains { $0.type.dataType.isFloatingPoint && $0.type.dataType != .float32 }
    if narrow { return nil }
    var graph = original
    let nodes = graph.nodes
    graph.nodes = []
    let factor = Float(1 << (Float.significandBitCount + 1 - significantBits)) + 1
    let constant = try graph.addInitializer(
      graph.unusedName("splitting"), Tensor([factor], shape: []))
    var rounded: [ValueID: ValueID] = [:]
    /// The value that holds a rounded one.
    func rounding(_ id: ValueID) throws(ScaleNetError) -> ValueID {
      if let known = rounded[id] { return known }
      let name = graph[id].name
      var result: ValueID
      if let tensor = graph[id].initializer {
        result = try graph.addInitializer(graph.unusedName("\(name).rounded"), round(tensor, factor))
      } else {
        func add(_ suffix: String, _ op: Binary, _ a: ValueID, _ b: ValueID) throws(ScaleNetError) -> ValueID
        {
          try graph.addNode(graph.unusedName("\(name).\(suffix)"), .binary(op), inputs: [a, b])[0]
        }
        let large = try add("large", .mul, id, constant)
        let rest = try add("rest", .sub, id, large)
        result = try add("rounded", .add, large, rest)
      }
      rounded[id] = result
      return result
    }
    for var node in nodes {
      for (position, id) in node.inputs.enumerated() {
        guard let id, graph[id].type.dataType == .float32 else { continue }
        let isFactor = position < 2 && node.op.isProduct
        if isFactor || (roundsResults && graph[id].initializer == nil) {
          node.inputs[position] = try rounding(id)
        }
      }
      graph.nodes.append(node)
    }
    if roundsResults {
      var outputs = graph.outputs
      for index in outputs.indices where graph[outputs[index]].type.dataType == .float32 {
        outputs[index] = try rounding(outputs[index])
      }
      graph.setOutputs(outputs)
    }
    return graph
  }

  private func round(_ tensor: Tensor, _ factor: Float) throws(ScaleNetError) -> Tensor {
    let elements = try tensor.floats().map { element in
      let large = element * factor
      return large.isFinite ? large + (element - large) : element
    }
    return Tensor(elements, shape: tensor.shape)
  }
}

extension Operator {
  /// Whether it multiplies its first two inputs and adds the products, as runtimes do in fewer bits.
  fileprivate var isProduct: Bool {
    switch self {
    case .conv, .convTranspose: true
    default: isMatrixProduct
    }
  }
}

extension ModelComparison {
  /// How many times nearer a recording has to be to a graph that computes in fewer bits than to the graph as it is, for that
  /// to be what it was computed with.
  private static let nearer = 3.0
  /// Larger differences, as a part of the largest output, are none of rounding.
  private static let mostRounding = 0.3

  /// What fewer bits explain of a recording.
  struct FewerBits {
    var cause: DiffReport.Cause?
    /// The largest error, of the largest output, that fewer bits make here: beyond it lies something else.
    var largestError: Double
  }

  /// Whether the recording on the other side was computed in fewer bits. Where the order of additions is another, roundings
  /// that lie near the middle go the other way, so that even the same arithmetic does not give the same digits: it is
  /// known by the recording being far nearer to it than to the graph in float32.
  func fewerBits(_ outputs: ComparedOutputs) -> FewerBits? {
    for isReversed in [false, true] {
      guard let trial = trial(outputs, isReversed: isReversed), let plain = trial.distance(of: trial.graph),
        plain.relative < Self.mostRounding, outputs.unrelated.isEmpty
      else { continue }
      var largest = 0.0
      var best: (ratio: Double, arithmetic: Arithmetic)?
      for arithmetic in Arithmetic.allCases {
        guard mayTry(arithmetic.kind), let graph = try? arithmetic.applied(to: trial.graph),
          let found = trial.distance(of: graph), let own = trial.distance(from: trial.graph, to: graph)
        else { continue }
        largest = max(largest, own)
        let ratio = plain.square / max(found.square, .leastNormalMagnitude)
        if ratio > (best?.ratio ?? 0) { best = (ratio, arithmetic) }
      }
      var result = FewerBits(cause: nil, largestError: largest)
      if let best, best.ratio.squareRoot() >= Self.nearer {
        let (own, other) = isReversed ? ("The right", "the left") : ("The left", "the right")
        result.cause = DiffReport.Cause(
          kind: best.arithmetic.kind,
          explanation: "\(own) comes \(Int(best.ratio.squareRoot())) times nearer to what \(other) gives if "
            + "\(best.arithmetic.text).", confirmed: true)
      }
      return result
    }
    return nil
  }
}

extension Trial {
  /// How far a graph's outputs are from the other's: the sum of squared errors, and the largest error of the largest
  /// element; nil if it cannot be run or something is not finite.
  fileprivate func distance(of graph: Graph) -> (square: Double, relative: Double)? {
    guard let results = try? engine.floats(graph, inputs) else { return nil }
    return distance(
      of: results, expected.compactMap { $0.place < results.count ? ($0.place, $0.output) : nil })
  }

  /// The largest error between the outputs of two graphs.
  fileprivate func distance(from plain: Graph, to graph: Graph) -> Double? {
    guard let reference = try? engine.floats(plain, inputs), let results = try? engine.floats(graph, inputs)
    else { return nil }
    return distance(of: results, reference.enumerated().map { ($0.offset, $0.element) })?.relative
  }

  private func distance(
    of results: [NamedTensor], _ expected: [(place: Int, output: NamedTensor)]
  ) -> (square: Double, relative: Double)? {
    var square = 0.0
    var relative = 0.0
    for (place, output) in expected where output.tensor.dataType.isFloatingPoint {
      let found = results[place].tensor
      guard
        let order = AxisOrder.relations(found.shape.dimensions, output.tensor.shape.dimensions).first,
        let ordered = order.apply(to: output.tensor, shape: found.shape), let a = try? found.doubles(),
        let b = try? ordered.doubles()
      else { return nil }
      // Outputs of all sizes count alike.
      let largest = b.lazy.map(abs).max() ?? 0
      guard largest.isFinite, largest > 0 else { continue }
      for (x, y) in zip(a, b) { square += (x - y) / largest * ((x - y) / largest) }
      relative = max(relative, Distance(a, b, .exact).relativeError)
    }
    return square.isFinite && relative.isFinite && square > 0 ? (square, relative) : nil
  }
}
