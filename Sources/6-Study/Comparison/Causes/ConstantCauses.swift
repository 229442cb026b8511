import Execution
import FileIO
import ModelIR

/// What a node's constants hold: another order, fewer digits, another scale, or simply other elements.
enum ConstantCauses: CauseFamily {
  static func hypotheses(_ site: Site) -> [Hypothesis] {
    guard let own = site.ownNode, let other = site.otherNode else { return [] }
    let found = differences(site, own, other)
    let single = found.map { hypothesis(site, own, other, [$0]) }
    return found.count > 1 ? single + [hypothesis(site, own, other, found)] : single
  }

  /// A constant that the other side has otherwise.
  struct Difference {
    var input: Int
    var kind: DiffReport.CauseKind
    var has: String
    var otherHas: String
    var replacement: Tensor?
  }

  private static func hypothesis(
    _ site: Site, _ own: Node, _ other: Node, _ differences: [Difference]
  ) -> Hypothesis {
    let first = differences[0]
    let isOne = differences.count == 1
    let kinds = Set(differences.map(\.kind))
    let tensor =
      first.input < own.inputs.count ? own.inputs[first.input].map { site.own.graph[$0].name } : nil
    return Hypothesis(
      kind: kinds.count == 1 ? first.kind : .differentWeights, node: own.name, otherNode: other.name,
      tensor: isOne || kinds.count == 1 ? tensor : nil,
      has: isOne || kinds.count == 1 ? first.has : "its own weights",
      otherHas: isOne || kinds.count == 1
        ? first.otherHas : "other values in \(differences.count) parameters",
      edits: differences.map {
        .setParameter(node: own.name, input: $0.input, $0.replacement)
      })
  }

  static func differences(_ site: Site, _ own: Node, _ other: Node) -> [Difference] {
    guard own.op.family == other.op.family else { return [] }
    return (0..<max(own.inputs.count, other.inputs.count)).compactMap { input in
      let ownID = input < own.inputs.count ? own.inputs[input] : nil
      let otherID = input < other.inputs.count ? other.inputs[input] : nil
      switch (ownID, otherID) {
      case (let x?, nil):
        guard let tensor = site.own.graph[x].initializer, let elements = floats(tensor),
          elements.contains(where: { $0 != 0 })
        else { return nil }
        return Difference(
          input: input, kind: .missingBias, has: "the bias \(site.own.graph[x].name.escapedForMessage)",
          otherHas: "none")
      case (nil, let y?):
        guard let tensor = site.other.graph[y].initializer, let elements = floats(tensor),
          elements.contains(where: { $0 != 0 })
        else { return nil }
        return Difference(
          input: input, kind: .missingBias, has: "no bias",
          otherHas: "the bias \(site.other.graph[y].name.escapedForMessage)",
          replacement: cast(tensor, like: site.own.graph, own))
      case (let x?, let y?):
        guard let a = site.own.graph[x].initializer, var b = site.other.graph[y].initializer else {
          return nil
        }
        if case (.gemm(let p), .gemm(let q)) = (own.op, other.op), input == 1, p.transB != q.transB,
          b.shape.rank == 2
        {
          b = b.transposed([1, 0])
        }
        return difference(
          site, own, input, (site.own.graph[x].name, a), (site.other.graph[y].name, b))
      case (nil, nil): return nil
      }
    }
  }

  private static func cast(_ tensor: Tensor, like graph: Graph, _ node: Node) -> Tensor {
    let type = node.inputs.compactMap { $0 }.first.map { graph[$0].type.dataType } ?? tensor.dataType
    return tensor.dataType == type ? tensor : tensor.cast(to: type)
  }

  private static func floats(_ tensor: Tensor) -> [Float]? {
    tensor.dataType.isFloatingPoint ? try? tensor.floats() : nil
  }

  private static func difference(
    _ site: Site, _ node: Node, _ input: Int, _ own: (name: String, tensor: Tensor),
    _ other: (name: String, tensor: Tensor)
  ) -> Difference? {
    guard let a = floats(own.tensor), let b = floats(other.tensor) else { return nil }
    let shape = own.tensor.shape.dimensions
    guard shape == other.tensor.shape.dimensions else {
      let squeezed = { (shape: [Int]) in shape.filter { $0 != 1 } }
      if squeezed(shape) == squeezed(other.tensor.shape.dimensions), a == b { return nil }
      return Difference(
        input: input, kind: .differentWeights, has: "\(own.name.escapedForMessage) of shape \(shape)",
        otherHas: "it of shape \(other.tensor.shape.dimensions)",
        replacement: other.tensor.cast(to: own.tensor.dataType))
    }
    if a == b || Distance(a, b, .exact).relativeError <= Tolerance.roundedWeights.absolute { return nil }
    let replacement = Tensor(b, shape: own.tensor.shape).cast(to: own.tensor.dataType)
    let isImage = node.inputs[0].map(site.own.graph.inputs.contains) == true
    let (kind, has, otherHas) = describe(isImage, node, input, own.name, a, b, shape)
    return Difference(input: input, kind: kind, has: has, otherHas: otherHas, replacement: replacement)
  }

  /// What a parameter's elements are on the other side, said of the own ones; the most special first, since whatever is
  /// special is also simply different.
  static func describe(
    _ isImage: Bool, _ node: Node, _ input: Int, _ name: String, _ a: [Float], _ b: [Float], _ shape: [Int]
  ) -> (DiffReport.CauseKind, String, String) {
    let what = "its \(words(node.op, input))"
    if let order = transposition(node.op, a, b, shape) {
      return (
        .transposedWeights, what,
        "that \(words(node.op, input)) with its axes in the order \(order.axes)"
          + (order.isInPlace ? "" : ", read in the shape it had before")
      )
    }
    for axis in [1, 0] where axis < shape.count {
      guard let order = ChannelOrder.find(a, b, shape: shape, axis: axis) else { continue }
      if isImage, axis == 1, node.op.isLinear, order.count <= 4, order == order.indices.reversed() {
        return (
          .swappedInputChannels, "the image's channels in one order",
          "them in the opposite order (RGB against BGR)"
        )
      }
      return (
        .permutedChannels, what,
        "that \(words(node.op, input)) with its \(axis == 0 ? "output" : "input") channels in another order"
      )
    }
    for type in [DataType.float16, .bfloat16] {
      if Digits.isRounded(b, from: a, to: type) {
        return (.halfPrecision, "float32 weights", "these rounded to \(type.rawValue)")
      }
      if Digits.isRounded(a, from: b, to: type) {
        return (.halfPrecision, "weights rounded to \(type.rawValue)", "these in float32")
      }
    }
    if Digits.isCut(b, from: a) {
      return (.tf32, "float32 weights", "these with mantissas of 10 bits (TF32)")
    }
    if Digits.isCut(a, from: b) {
      return (.tf32, "weights with mantissas of 10 bits (TF32)", "these in float32")
    }
    if let how = Digits.quantization(b, from: a, shape: shape) {
      return (.quantizedWeights, "float32 weights", "these in steps of int8, one scale \(how)")
    }
    if let how = Digits.quantization(a, from: b, shape: shape) {
      return (.quantizedWeights, "weights in steps of int8, one scale \(how)", "these in float32")
    }
    if let found = folded(node.op, input, a, b, shape) { return found }
    if let factor = Digits.factor(a, b) {
      return (.differentWeights, what, "\(factor.scientific) times that \(words(node.op, input))")
    }
    let count = zip(a, b).count { $0 != $1 }
    return (
      .differentWeights, "its own \(name.escapedForMessage)",
      "other values in \(count) of \(a.count) elements"
    )
  }

  /// What was done to a weight before a normalisation was folded into it on both sides.
  private static func folded(
    _ op: Operator, _ input: Int, _ a: [Float], _ b: [Float], _ shape: [Int]
  ) -> (DiffReport.CauseKind, String, String)? {
    guard input == 1, op.hasWeight else { return nil }
    for type in [DataType.float16, .bfloat16] where Digits.isRoundedByParts(a, b, type) {
      return (
        .halfPrecision, "weights",
        "these rounded to \(type.rawValue) before they were multiplied, or it is the first"
      )
    }
    return nil
  }

  private static func words(_ op: Operator, _ input: Int) -> String {
    switch op {
    case .batchNormalization: ["input", "gamma", "beta", "mean", "variance"][min(input, 4)]
    case .conv, .gemm, .matMul: input == 1 ? "weight" : "bias"
    default: "constant"
    }
  }

  /// The order of axes in which the own elements are the other's, in place or read in the shape they had.
  private static func transposition(
    _ op: Operator, _ a: [Float], _ b: [Float], _ shape: [Int]
  ) -> (axes: [Int], isInPlace: Bool)? {
    let orders: [[Int]]
    switch (op, shape.count) {
    case (.gemm, 2), (.matMul, 2): orders = [[1, 0]]
    case (.conv, 4):
      orders = [[0, 1, 3, 2], [1, 0, 2, 3], [1, 0, 3, 2], [2, 3, 1, 0], [0, 2, 3, 1], [3, 2, 0, 1]]
    default: return nil
    }
    let limit = Tolerance.roundedWeights.absolute
    let tensor = Tensor(a, shape: TensorShape(shape))
    for order in orders {
      guard let moved = try? tensor.transposed(order).floats(), moved != a,
        Distance(moved, b, .exact).relativeError <= limit
      else { continue }
      return (order, order.map { shape[$0] } == shape)
    }
    return nil
  }
}

/// What fewer digits make of numbers.
enum Digits {
  /// Whether `b` is `a` in a half type: of those that the type holds, almost always the nearest. What was folded or
  /// computed since may be off by the last digits of float32.
  static func isRounded(_ b: [Float], from a: [Float], to type: DataType) -> Bool {
    guard b.contains(where: { $0 != 0 }), let held = rounded(b, type), let nearest = rounded(a, type),
      nearest != a
    else { return false }
    let least: Float = type == .float16 ? 6e-8 : 0
    func isNear(_ x: Float, _ y: Float) -> Bool { (x - y).magnitude <= max(x.magnitude * 5e-7, least) }
    guard zip(b, held).allSatisfy(isNear) else { return false }
    let misses = zip(nearest, b).count { !isNear($0, $1) }
    let bits = type == .float16 ? Float(1) / 1024 : Float(1) / 128
    return misses * 50 <= b.count
      && zip(a, b).allSatisfy { ($0 - $1).magnitude <= max($0.magnitude * bits, 1e-7) }
  }

  private static func rounded(_ elements: [Float], _ type: DataType) -> [Float]? {
    try? Tensor(elements, shape: [elements.count]).cast(to: type).floats()
  }

  /// A number with a mantissa of 10 bits, rounded to nearest: what TensorFloat-32 multiplies.
  static func cut(_ value: Float) -> Float {
    guard value.isFinite else { return value }
    let pattern = value.bitPattern
    let even = (pattern >> 13) & 1
    return Float(bitPattern: (pattern &+ 0xfff &+ even) & ~0x1fff)
  }

  static func isCut(_ b: [Float], from a: [Float]) -> Bool {
    guard b.contains(where: { $0 != 0 }), b.allSatisfy({ $0.bitPattern & 0x1fff == 0 }) else { return false }
    let misses = zip(a, b).count { cut($0) != $1 }
    return misses * 50 <= b.count && zip(a, b).allSatisfy { ($0 - $1).magnitude <= $0.magnitude / 512 }
  }

  /// Whether `b` are multiples of a step, at most 255 of them, the nearest to `a`: of one step for all, or one for each
  /// output channel. In words; nil if they are not.
  static func quantization(_ b: [Float], from a: [Float], shape: [Int]) -> String? {
    guard b.count > 8, let outputs = shape.first, outputs > 0 else { return nil }
    func isStepped(_ range: Range<Int>) -> Bool {
      let magnitudes = Set(b[range].map(\.magnitude).filter { $0 > 0 })
      guard let largest = magnitudes.max() else { return true }
      guard magnitudes.count <= 128 else { return false }
      // Either the largest is step 127 or 128, or the least difference between two is the step.
      let sorted = magnitudes.sorted()
      let differences = zip(sorted.dropFirst(), sorted).map { $0 - $1 } + [sorted[0]]
      let steps = [largest / 127, largest / 128, differences.filter { $0 > largest / 1000 }.min() ?? 0]
      return steps.contains { step in
        step > 0
          && range.allSatisfy { index in
            let place = (b[index] / step).rounded()
            return abs(b[index] - place * step) <= step * 0.02 && place.magnitude <= 128
              && abs(a[index] - b[index]) <= step * 1.01
          }
      }
    }
    // Channels of few elements are in steps by chance.
    let inner = b.count / outputs
    if isStepped(0..<b.count) { return "for all" }
    guard inner >= 4, outputs > 1 else { return nil }
    return (0..<outputs).allSatisfy { isStepped($0 * inner..<($0 + 1) * inner) }
      ? "for each output channel" : nil
  }

  /// Whether two arrays differ by no more than rounding to a half type does, as a part of each element, and by as much:
  /// one of them was rounded before it was multiplied, so that neither holds numbers of that type.
  static func isRoundedByParts(_ a: [Float], _ b: [Float], _ type: DataType) -> Bool {
    guard a.count >= 32, let largest = a.map(\.magnitude).max(), largest > 0 else { return false }
    let limit = Float(type.roundingUnit)
    var (large, counted) = (0, 0)
    var (sum, magnitudes) = (0.0, 0.0)
    for (x, y) in zip(a, b) {
      // Subnormal numbers of float16 are held with fewer digits.
      if x.magnitude < largest * 1e-3 {
        guard (x - y).magnitude <= largest * limit else { return false }
        continue
      }
      counted += 1
      let part = (x - y).magnitude / x.magnitude
      guard part <= limit * 1.01 else { return false }
      if part > limit / 2 { large += 1 }
      sum += Double((x - y) / x)
      magnitudes += Double(part)
    }
    // Rounding goes both ways; what makes all smaller is a factor.
    return counted >= 32 && large * 20 >= counted && abs(sum) < 0.4 * magnitudes
  }

  /// The number that all elements are multiplied with; nil if there is none.
  static func factor(_ a: [Float], _ b: [Float]) -> Double? {
    guard let index = a.indices.max(by: { a[$0].magnitude < a[$1].magnitude }), a[index] != 0, a.count > 1
    else { return nil }
    let factor = Double(b[index]) / Double(a[index])
    guard factor.isFinite, factor != 0 else { return nil }
    let limit = Double(b[index].magnitude) * 1e-6
    return zip(a, b).allSatisfy { abs(Double($0) * factor - Double($1)) <= limit } ? factor : nil
  }
}
