import Execution
import FileIO
import ModelIR

/// What a node's constants hold: another order, fewer digits, another scale, or simply other elements.
enum ConstantCauses: CauseFamily {
  /// How far from 1 factors are at most to be taken for another epsilon's where nothing else tells. Between 1e-5 and 1e-3 they
  /// are 0.5 % from it at a variance of 0.1, and 5 % at one of 0.01.
  private static let farthestOfEpsilons = 0.1
  /// By how much a factor of 1 may be off.
  private static let factorsRounding = 1e-6

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
    /// Whether it is a weight whose output channels are all smaller on the other side, or all larger, each by a factor of its
    /// own.
    var direction: Direction?

    enum Direction: String {
      case smaller, larger
    }

    /// What is said of it without the numbers and names of the place.
    var form: String {
      otherHas.contains("elements") ? "elements" : otherHas.filter { $0.isLetter || $0 == " " }
    }
  }

  private static func hypothesis(
    _ site: Site, _ own: Node, _ other: Node, _ differences: [Difference]
  ) -> Hypothesis {
    let first = differences[0]
    let isOne = differences.count == 1
    let kinds = Set(differences.map(\.kind))
    let tensor =
      first.input < own.inputs.count ? own.inputs[first.input].map { site.own.graph[$0].name } : nil
    // The bias that goes with another epsilon follows from it, and cannot be told from another one.
    let isEpsilon = kinds == [.batchNormEpsilon, .differentWeights]
    return Hypothesis(
      kind: kinds.count == 1 ? first.kind : isEpsilon ? .batchNormEpsilon : .differentWeights,
      node: own.name, otherNode: other.name,
      tensor: isOne || kinds.count == 1 ? tensor : nil,
      has: joined(differences.map(\.has)), otherHas: joined(differences.map(\.otherHas)),
      edits: differences.map {
        .setParameter(node: own.name, input: $0.input, $0.replacement)
      },
      signature: differences.compactMap(\.direction).first.map { "\(directedSignature) \($0.rawValue)" }
        ?? (kinds == [.differentWeights]
          ? Set(differences.map(\.form)).sorted().joined(separator: " ") : ""))
  }

  /// What signatures begin with of weights whose channels are all smaller, or all larger, on the other side: as another epsilon
  /// makes them, which one node alone may not show.
  static let directedSignature = "channels"

  /// Texts that are not the same, in one.
  static func joined(_ texts: [String]) -> String {
    texts.enumerated().filter { !texts[..<$0.offset].contains($0.element) }.map(\.element)
      .joined(separator: " and ")
  }

  static func differences(_ site: Site, _ own: Node, _ other: Node) -> [Difference] {
    guard own.op.family == other.op.family else { return [] }
    return (0..<max(own.inputs.count, other.inputs.count)).compactMap { input in
      let ownID = input < own.inputs.count ? own.inputs[input] : nil
      let otherID = input < other.inputs.count ? other.inputs[input] : nil
      switch (ownID, otherID) {
      case (let x?, nil):
        guard let tensor = site.own.graph[x].initializer, tensor.hasNonzero else { return nil }
        return Difference(
          input: input, kind: .missingBias, has: "the bias \(site.own.graph[x].name.escapedWhole)",
          otherHas: "none")
      case (nil, let y?):
        guard let tensor = site.other.graph[y].initializer, tensor.hasNonzero else { return nil }
        return Difference(
          input: input, kind: .missingBias, has: "no bias",
          otherHas: "the bias \(site.other.graph[y].name.escapedWhole)",
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

  private static func difference(
    _ site: Site, _ node: Node, _ input: Int, _ own: (name: String, tensor: Tensor),
    _ other: (name: String, tensor: Tensor)
  ) -> Difference? {
    guard own.tensor.dataType.isFloatingPoint, other.tensor.dataType.isFloatingPoint else { return nil }
    let pair = ElementPair(own.tensor, other.tensor)
    // All in the own type; nothing is copied.
    let replacement = other.tensor.cast(to: own.tensor.dataType)
    let shape = own.tensor.shape.dimensions
    guard shape == other.tensor.shape.dimensions else {
      // Axes of 1 before all others mean nothing to what reads it.
      if shape.drop(while: { $0 == 1 }) == other.tensor.shape.dimensions.drop(while: { $0 == 1 }),
        let alike = other.tensor.reshaped(own.tensor.shape)
      {
        return difference(site, node, input, own, (other.name, alike))
      }
      let squeezed = { (shape: [Int]) in shape.filter { $0 != 1 } }
      if squeezed(shape) == squeezed(other.tensor.shape.dimensions), pair?.allSatisfy({ $0 == $1 }) ?? false {
        return nil
      }
      return Difference(
        input: input, kind: .differentWeights, has: "\(own.name.escapedWhole) of shape \(shape)",
        otherHas: "it of shape \(other.tensor.shape.dimensions)", replacement: replacement)
    }
    guard let pair, let distance = try? pair.distance(),
      distance.relativeError > Tolerance.roundedWeights.absolute
    else { return nil }
    let isImage = node.inputs[0].map(site.own.isImage) == true
    let (kind, has, otherHas) = describe(
      isImage, node, input, own.name, pair, largest: distance.largestMagnitude)
    let isScaled = [.differentWeights, .batchNormEpsilon].contains(kind) && input == 1
    return Difference(
      input: input, kind: kind, has: has, otherHas: otherHas, replacement: replacement,
      direction: isScaled ? direction(node.op, pair) : nil)
  }

  private static func direction(_ op: Operator, _ pair: Digits.Pair) -> Difference.Direction? {
    guard let factors = Digits.channelFactors(pair, axis: op.outputAxis(rank: pair.shape.count)),
      let least = factors.min(), let largest = factors.max(), least > 0
    else { return nil }
    return largest <= 1 + factorsRounding ? .smaller : least >= 1 - factorsRounding ? .larger : nil
  }

  /// What a parameter's elements are on the other side, said of the own ones; the most special first, since whatever is
  /// special is also simply different.
  ///
  /// - Parameter largest: the other's largest magnitude.
  static func describe(
    _ isImage: Bool, _ node: Node, _ input: Int, _ name: String, _ pair: Digits.Pair, largest: Double
  ) -> (DiffReport.CauseKind, String, String) {
    let shape = pair.shape
    let reversed = pair.reversed
    let what = "its \(words(node.op, input))"
    if let constant = constants(node.op, input, name, pair) { return constant }
    if let order = transposition(node.op, pair, largest: largest) {
      let moved =
        "with its axes in the order \(order.axes)"
        + (order.isInPlace ? "" : ", read in the shape it had before")
      return order.isOwn
        ? (.transposedWeights, "the \(words(node.op, input)) \(moved)", "it as it was")
        : (.transposedWeights, what, "that \(words(node.op, input)) \(moved)")
    }
    if let axes = mirroredAxes(node.op, pair, largest: largest) {
      return (
        .differentWeights, what, "that \(words(node.op, input)) with its kernels mirrored along axes \(axes)"
      )
    }
    for axis in [1, 0] where axis < shape.count {
      guard let order = ChannelOrder.find(pair, axis: axis, largest: largest) else { continue }
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
      if Digits.isRounded(pair, to: type) {
        return (.halfPrecision, "float32 weights", "these rounded to \(type.rawValue)")
      }
      if Digits.isRounded(reversed, to: type) {
        return (.halfPrecision, "weights rounded to \(type.rawValue)", "these in float32")
      }
    }
    if Digits.isCut(pair) {
      return (.tf32, "float32 weights", "these with mantissas of 10 bits (TF32)")
    }
    if Digits.isCut(reversed) {
      return (.tf32, "weights with mantissas of 10 bits (TF32)", "these in float32")
    }
    // Steps are those of an output channel, which a product has last.
    let isTurned = shape.count == 2 && node.op.outputAxis(rank: 2) == 1
    let channels = isTurned ? pair.transposed([1, 0]) : pair
    if let how = Digits.quantization(channels) {
      return (.quantizedWeights, "float32 weights", "these in steps of int8, one scale \(how)")
    }
    if let how = Digits.quantization(channels.reversed) {
      return (.quantizedWeights, "weights in steps of int8, one scale \(how)", "these in float32")
    }
    // Tools that take the first axis for the outputs' have steps of each input.
    if isTurned, Digits.quantization(pair) != nil {
      return (
        .quantizedWeights, "float32 weights", "these in steps of int8, one scale for each input channel"
      )
    }
    if isTurned, Digits.quantization(pair.reversed) != nil {
      return (
        .quantizedWeights, "weights in steps of int8, one scale for each input channel", "these in float32"
      )
    }
    if let found = folded(node.op, input, pair) { return found }
    if let factor = Digits.factor(pair) {
      return (.differentWeights, what, "\(text(of: factor)) times that \(words(node.op, input))")
    }
    if let factors = Digits.channelFactors(pair, axis: node.op.outputAxis(rank: shape.count)),
      let least = factors.min(), let largest = factors.max()
    {
      // Other statistics or gammas move channels farther, and in both directions.
      let isEpsilon =
        least > 0 && (largest <= 1 + factorsRounding || least >= 1 - factorsRounding)
        && max(1 - least, largest - 1) < farthestOfEpsilons
      let isSurely = isEpsilon && factors.count >= 4 && factors.allSatisfy({ ($0 - 1).magnitude > 1e-7 })
      return (
        isSurely ? .batchNormEpsilon : .differentWeights, what,
        "that \(words(node.op, input)) times a factor for each output channel, \(text(of: least)) to "
          + "\(text(of: largest)), as another \(isEpsilon ? "epsilon in a normalisation" : "normalisation, or one on one side alone,") folded into it would give"
      )
    }
    let nonfinite = pair.nonfiniteCounts
    func counted(_ count: Int) -> String { count == 0 ? "" : " (\(count) NaN or infinite)" }
    return (
      .differentWeights, "its own \(name.escapedWhole)\(counted(nonfinite.own))",
      "other values in \(pair.differingCount) of \(pair.count) elements\(counted(nonfinite.other))"
    )
  }

  /// A factor with as many digits as tell it from 1.
  private static func text(of factor: Double) -> String {
    (1e-2...1e3).contains(factor.magnitude) ? "\((factor * 1e6).rounded() / 1e6)" : factor.scientific
  }

  /// A parameter that is the same number throughout on one side: what it was made with, or what takes its place.
  private static func constants(
    _ op: Operator, _ input: Int, _ name: String, _ pair: Digits.Pair
  ) -> (DiffReport.CauseKind, String, String)? {
    guard pair.count > 1 else { return nil }
    let words = words(op, input)
    func text(_ value: Float) -> String {
      value == 0 ? "a \(words) of zeros" : "a \(words) of \(value) throughout"
    }
    let own = "the \(words) \(name.escapedWhole)"
    let isBias = input == 2 && op.hasWeight
    switch (Digits.constant(pair.own), Digits.constant(pair.other)) {
    case (let x?, let y?): return (.differentWeights, text(x), text(y))
    case (nil, let y?): return (y == 0 && isBias ? .missingBias : .differentWeights, own, text(y))
    case (let x?, nil):
      return (x == 0 && isBias ? .missingBias : .differentWeights, text(x), "another \(words)")
    case (nil, nil): return nil
    }
  }

  /// What was done to a weight before a normalisation was folded into it on both sides.
  private static func folded(
    _ op: Operator, _ input: Int, _ pair: Digits.Pair
  ) -> (DiffReport.CauseKind, String, String)? {
    guard input == 1, op.hasWeight else { return nil }
    for type in [DataType.float16, .bfloat16] where Digits.isRoundedByParts(pair, type) {
      return (
        .halfPrecision, "weights",
        "these rounded to \(type.rawValue) before they were multiplied, or it is the first"
      )
    }
    return nil
  }

  /// The axes along which the kernels of both sides are each other's, read backwards: what one calls a convolution is a
  /// correlation elsewhere.
  private static func mirroredAxes(_ op: Operator, _ pair: Digits.Pair, largest: Double) -> [Int]? {
    let shape = pair.shape
    guard op.hasWeight, shape.count == 4 else { return nil }
    let (height, width) = (shape[2], shape[3])
    let area = height * width
    guard area > 1, area <= Tensor.blockElements else { return nil }
    let limit = Float(Tolerance.roundedWeights.absolute * largest)
    func areMirrored(_ places: [Int]) -> Bool {
      let whole = Tensor.blockElements / area * area
      return stride(from: 0, to: pair.count, by: whole).allSatisfy { start in
        let count = min(whole, pair.count - start)
        guard let a = try? pair.own.elements(from: start, count: count),
          let b = try? pair.other.elements(from: start, count: count)
        else { return false }
        return a.indices.allSatisfy { (a[$0 - $0 % area + places[$0 % area]] - b[$0]).magnitude <= limit }
      }
    }
    return [[2, 3], [2], [3]].first { axes in
      axes.allSatisfy { shape[$0] > 1 }
        && areMirrored(
          (0..<area).map { place in
            let (y, x) = (place / width, place % width)
            return (axes.contains(2) ? height - 1 - y : y) * width + (axes.contains(3) ? width - 1 - x : x)
          })
    }
  }

  private static func words(_ op: Operator, _ input: Int) -> String {
    switch op {
    case .batchNormalization: ["input", "gamma", "beta", "mean", "variance"][min(input, 4)]
    case .conv, .convTranspose, .gemm, .matMul: input == 1 ? "weight" : "bias"
    default: "constant"
    }
  }

  /// The order of axes in which the own elements are the other's, or the other's the own ones: in place or read in the
  /// shape they had, which is not undone by the same order.
  private static func transposition(
    _ op: Operator, _ pair: Digits.Pair, largest: Double
  ) -> (axes: [Int], isInPlace: Bool, isOwn: Bool)? {
    let shape = pair.shape
    let orders: [[Int]]
    switch (op, shape.count) {
    case (.gemm, 2), (.matMul, 2): orders = [[1, 0]]
    case (.conv, 4):
      orders = [[0, 1, 3, 2], [1, 0, 2, 3], [1, 0, 3, 2], [2, 3, 1, 0], [0, 2, 3, 1], [3, 2, 0, 1]]
    case (.convTranspose, 4): orders = [[0, 1, 3, 2], [1, 0, 2, 3], [1, 0, 3, 2]]
    default: return nil
    }
    let limit = Tolerance.roundedWeights.absolute
    for isOwn in [false, true] {
      let (from, to) = isOwn ? (pair.other, pair.own) : (pair.own, pair.other)
      let magnitude =
        isOwn ? (try? pair.reversed.distance())?.largestMagnitude ?? 0 : largest
      for order in orders {
        let moved = from.transposed(order)
        guard ElementPair(moved, to).isWithin(limit, largest: magnitude),
          !ElementPair(moved, from).allSatisfy({ $0 == $1 })
        else { continue }
        return (order, order.map { shape[$0] } == shape, isOwn)
      }
    }
    return nil
  }
}
