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
  /// With fewer elements than these that could be chance; then it has to be as much nearer.
  private static let manyElements = 8
  private static let muchNearer = 100.0
  /// Larger differences, as a part of the largest output, are none of rounding.
  private static let mostRounding = 0.3

  /// What fewer bits explain of a recording.
  struct FewerBits {
    var cause: DiffReport.Cause?
    /// The largest error, of the largest output, that fewer bits make here: beyond it lies something else.
    var largestError: Double
  }

  /// Whether the recording on the other side was computed in fewer bits. Where the order of additions is another, numbers
  /// that lie near the middle are rounded the other way, so that even the same arithmetic does not give the same digits: it
  /// is known by the recording being far nearer to it than to the graph in float32.
  func fewerBits(_ outputs: ComparedOutputs) -> FewerBits? {
    for isReversed in [false, true] {
      guard let trial = trial(outputs, isReversed: isReversed), outputs.unrelated.isEmpty,
        let floats = try? engine.floats(trial.graph, trial.inputs), let plain = trial.error(of: floats),
        plain.largest < Self.mostRounding, plain.usual > 0
      else { continue }
      var largest = 0.0
      var best: (usual: Double, arithmetic: Arithmetic)?
      for arithmetic in Arithmetic.allCases {
        guard mayTry(arithmetic.kind), let graph = try? arithmetic.applied(to: trial.graph),
          let results = try? engine.floats(graph, trial.inputs), let found = trial.error(of: results),
          let own = OutputError(results, Array(floats.enumerated().map { ($0.offset, $0.element) }))
        else { continue }
        largest = max(largest, own.largest)
        if found.usual < best?.usual ?? .infinity { best = (found.usual, arithmetic) }
      }
      var result = FewerBits(cause: nil, largestError: largest)
      guard let best else { return result }
      let factor = plain.count < Self.manyElements ? Self.muchNearer : Self.nearer
      guard best.usual * factor <= plain.usual else { return result }
      let (own, other) = isReversed ? ("The right", "the left") : ("The left", "the right")
      let times = (plain.usual / best.usual).rounded(.down)
      let how =
        times < 1e6 ? "comes \(Int(times)) times nearer to what \(other) gives" : "gives what \(other) gives"
      result.cause = DiffReport.Cause(
        kind: best.arithmetic.kind, explanation: "\(own) \(how) if \(best.arithmetic.text).", confirmed: true)
      return result
    }
    return nil
  }
}

/// How far outputs are from others, each as a part of the largest magnitude of the output that it belongs to.
private struct OutputError {
  /// That of the element in the middle of all: a single one that was rounded the other way at the very end says nothing.
  var usual: Double
  var largest: Double
  var count: Int

  /// nil where something is not finite, or nothing is compared.
  init?(_ results: [NamedTensor], _ expected: [(place: Int, output: NamedTensor)]) {
    var errors: [Double] = []
    for (place, output) in expected where output.tensor.dataType.isFloatingPoint && place < results.count {
      let found = results[place].tensor
      guard
        let order = AxisOrder.relations(found.shape.dimensions, output.tensor.shape.dimensions).first,
        let ordered = order.apply(to: output.tensor, shape: found.shape), let a = try? found.doubles(),
        let b = try? ordered.doubles()
      else { return nil }
      let largest = b.lazy.map(abs).max() ?? 0
      guard largest > 0 else { continue }
      errors += zip(a, b).map { abs($0 - $1) / largest }
    }
    guard !errors.isEmpty, errors.allSatisfy(\.isFinite) else { return nil }
    errors.sort()
    (usual, largest, count) = (errors[errors.count / 2], errors[errors.count - 1], errors.count)
  }
}

extension Trial {
  fileprivate func error(of results: [NamedTensor]) -> OutputError? {
    OutputError(results, expected.map { ($0.place, $0.output) })
  }
}
