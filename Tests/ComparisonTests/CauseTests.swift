import Comparison
import Execution
import ModelIR
import Testing

/// Every cause is planted on the one side and on the other, and found and named.
@Suite struct CauseTests {
  /// Compares both ways and expects the cause; gives the first report.
  @discardableResult
  private func expect(
    _ kind: DiffReport.CauseKind, at node: String?, tensor: String? = nil, _ good: Graph, _ bad: Graph,
    tolerance: Tolerance = .float32
  ) throws -> DiffReport {
    var reports: [DiffReport] = []
    for (left, right) in [(good, bad), (bad, good), (good, bad.anonymous())] {
      let report = try Comparing.report(left, right, tolerance: tolerance)
      #expect(report.verdict == .differ)
      #expect(report.kind == .real)
      #expect(report.cause?.kind == kind, "\(String(describing: report.cause))")
      #expect(report.cause?.confirmed == true)
      if let node, report.cause?.node?.hasPrefix("n") != true || node.hasPrefix("n") {
        #expect(report.cause?.node?.hasPrefix(node) == true || report.firstDivergence?.name == node)
      }
      if let node { #expect(report.firstDivergence.map { [$0.name, $0.otherName] }?.contains(node) == true) }
      if let tensor, reports.isEmpty { #expect(report.cause?.tensor == tensor) }
      reports.append(report)
    }
    return reports[0]
  }

  private func resize(
    _ mode: Resize.Mode, _ coordinates: Resize.CoordinateTransformation,
    _ rounding: Resize.NearestMode = .floor,
    size: Int = 8
  ) -> Operator {
    .resize(
      Resize(
        mode: mode, coordinateTransformation: coordinates, nearestMode: rounding,
        extent: .sizes([size, size])))
  }

  @Test func resizeMode() throws {
    let good = try SmallNetwork().graph
    try expect(
      .resizeMode, at: "upsample", good, try good.setting("upsample", resize(.nearest, .halfPixel)))
    try expect(
      .resizeMode, at: "upsample", good, try good.setting("upsample", resize(.nearest, .asymmetric)))
  }

  @Test func nearestMode() throws {
    let good = try SmallNetwork().graph.setting("upsample2", resize(.nearest, .asymmetric, .floor, size: 7))
    try expect(
      .resizeMode, at: "upsample2", good,
      try good.setting("upsample2", resize(.nearest, .asymmetric, .ceil, size: 7)))
  }

  @Test func alignCorners() throws {
    let good = try SmallNetwork().graph
    let report = try expect(
      .alignCorners, at: "upsample2", good,
      try good.setting("upsample2", resize(.linear, .alignCorners, size: 7)))
    #expect(report.cause?.explanation.contains("align_corners") == true)
    try expect(
      .alignCorners, at: "upsample", good, try good.setting("upsample", resize(.linear, .asymmetric)))
  }

  @Test func alignCornersEverywhere() throws {
    let good = try SmallNetwork().graph
    let bad = try good.setting("upsample", resize(.linear, .alignCorners))
      .setting("upsample2", resize(.linear, .alignCorners, size: 7))
    let report = try expect(.alignCorners, at: "upsample", good, bad)
    #expect(report.cause?.explanation.contains("all Resize nodes, 2 in all") == true)
  }

  @Test(arguments: [1e-3, 2.5e-4, 0.013] as [Float])
  func epsilon(value: Float) throws {
    let good = try SmallNetwork().graph
    let changed = Operator.batchNormalization(BatchNormalization(epsilon: value))
    let report = try expect(.batchNormEpsilon, at: "norm2", good, try good.setting("norm2", changed))
    #expect(report.cause?.explanation.contains("epsilon \(value)") == true)
  }

  @Test func epsilonEverywhere() throws {
    let good = try SmallNetwork().graph
    var bad = good
    for name in ["norm1", "norm2", "norm3"] {
      bad = try bad.setting(name, .batchNormalization(BatchNormalization(epsilon: 1e-3)))
    }
    let report = try expect(.batchNormEpsilon, at: "norm1", good, bad)
    #expect(report.cause?.explanation.contains("all BatchNormalization nodes, 3 in all") == true)
  }

  /// The other side has the normalisation with another epsilon in its weights.
  @Test func epsilonBehindFolding() throws {
    let good = try SmallNetwork().graph
    let bad = try good.setting("norm2", .batchNormalization(BatchNormalization(epsilon: 1e-3)))
      .after([FoldBatchNormalization()])
    let report = try expect(.batchNormEpsilon, at: "branch", good, bad)
    #expect(report.cause?.explanation.contains("norm2") == true)
  }

  @Test func shiftedMargins() throws {
    let good = try SmallNetwork().graph
    let window = Window(kernel: [3, 3], strides: [2, 2], pads: [0, 0, 2, 2])
    try expect(.padding, at: "stem", good, try good.setting("stem", .conv(Conv(window: window))))
    try expect(.padding, at: "pool", good, try good.setting("pool", .maxPool(MaxPool(window: window))))
  }

  /// Without its margin the convolution gives a smaller image.
  @Test func missingMargin() throws {
    let good = try SmallNetwork().graph
    try expect(
      .padding, at: "branch", good, try good.setting("branch", .conv(Conv(window: Window(3)))))
  }

  @Test func countedMargins() throws {
    let good = try SmallNetwork().graph
    let pool = AveragePool(window: Window(3, stride: 2, pad: 1), countIncludePad: false)
    let report = try expect(.padding, at: "mean", good, try good.setting("mean", .averagePool(pool)))
    #expect(report.cause?.explanation.contains("count in the mean") == true)
  }

  @Test func extentsRoundedUp() throws {
    let good = try SmallNetwork().graph
    let pool = MaxPool(window: Window(3, stride: 2, pad: 0), ceilMode: true)
    try expect(.padding, at: "pool", good, try good.setting("pool", .maxPool(pool)))
  }

  @Test func transposedLinearWeight() throws {
    let good = try SmallNetwork().graph
    let bad = try good.changing("fc.weight") { elements, shape in
      (0..<64).map { elements[$0 % 8 * 8 + $0 / 8] }
    }
    try expect(.transposedWeights, at: "fc", tensor: "fc.weight", good, bad)
  }

  @Test(arguments: [[0, 1, 3, 2], [1, 0, 2, 3]])
  func transposedKernel(order: [Int]) throws {
    let good = try SmallNetwork().graph
    let bad = try good.changing("branch.weight") { elements, shape in
      (try? Tensor(elements, shape: TensorShape(shape)).transposed(order).floats()) ?? []
    }
    try expect(.transposedWeights, at: "branch", tensor: "branch.weight", good, bad)
  }

  @Test(arguments: [0, 1])
  func permutedChannelsOfAWeight(axis: Int) throws {
    let good = try SmallNetwork().graph
    let order = [3, 1, 0, 2, 7, 5, 6, 4]
    let bad = try good.changing("branch.weight") { elements, _ in
      (0..<8 * 8 * 9).map { index in
        let (o, i, k) = (index / 72, index / 9 % 8, index % 9)
        return axis == 0 ? elements[order[o] * 72 + i * 9 + k] : elements[o * 72 + order[i] * 9 + k]
      }
    }
    try expect(.permutedChannels, at: "branch", tensor: "branch.weight", good, bad)
  }

  /// Weight and bias together: the value's channels are permuted.
  @Test func permutedChannelsOfAValue() throws {
    let good = try SmallNetwork().graph
    let order = [3, 1, 0, 2, 7, 5, 6, 4]
    let bad = try good.changing("last.weight") { elements, _ in
      (0..<64).map { elements[order[$0 / 8] * 8 + $0 % 8] }
    }.changing("last.bias") { elements, _ in order.map { elements[$0] } }
    try expect(.permutedChannels, at: "last", good, bad)
  }

  @Test(arguments: [DataType.float16, .bfloat16])
  func halfPrecision(type: DataType) throws {
    let good = try SmallNetwork().graph
    var bad = good
    for id in bad.initializers {
      let tensor = try #require(bad[id].initializer)
      bad[id].initializer = Tensor(try tensor.cast(to: type).floats(), shape: tensor.shape)
    }
    let report = try expect(.halfPrecision, at: "stem", good, bad)
    #expect(report.cause?.explanation.contains(type.rawValue) == true)
  }

  @Test(arguments: [false, true])
  func halfPrecisionGraph(folds: Bool) throws {
    let good = try SmallNetwork().graph
    let bad = try good.after((folds ? [FoldBatchNormalization()] : []) + [ConvertToHalf()])
    try expect(.halfPrecision, at: "stem", good, bad)
    #expect(try Comparing.report(good, bad, tolerance: .float16).verdict == .match)
  }

  @Test func missingSoftmax() throws {
    let (good, bad) = (try SmallNetwork(softmax: true).graph, try SmallNetwork().graph)
    for (left, right) in [(good, bad), (bad, good)] {
      let report = try Comparing.report(left, right)
      #expect(report.cause?.kind == .missingSoftmax)
      #expect(report.firstDivergence.map { [$0.op, $0.otherOp].compactMap { $0 } } == ["Softmax"])
    }
  }

  @Test func swappedInputChannels() throws {
    let good = try SmallNetwork().graph
    let bad = try good.changing("stem.weight") { elements, _ in
      (0..<8 * 27).map { elements[$0 / 27 * 27 + (2 - $0 / 9 % 3) * 9 + $0 % 9] }
    }
    try expect(.swappedInputChannels, at: "stem", tensor: "stem.weight", good, bad)
  }

  @Test func differentWeights() throws {
    let good = try SmallNetwork().graph
    let bad = try good.changing("last.weight") { elements, _ in
      elements.enumerated().map { $0.offset % 16 == 3 ? $0.element + 0.5 : $0.element }
    }
    let report = try expect(.differentWeights, at: "last", tensor: "last.weight", good, bad)
    #expect(report.cause?.explanation.contains("4 of 64 elements") == true)
    let bias = try good.changing("norm3.running_mean") { elements, _ in elements.map { $0 + 0.1 } }
    try expect(.differentWeights, at: "norm3", tensor: "norm3.running_mean", good, bias)
  }

  /// Two faults: both are named.
  @Test func namesBothOfTwo() throws {
    let good = try SmallNetwork().graph
    let bad = try good.setting("upsample", resize(.nearest, .asymmetric))
      .changing("fc.bias") { elements, _ in elements.map { $0 + 1 } }
    let report = try expect(.resizeMode, at: "upsample", good, bad)
    #expect(report.otherCauses.map(\.kind) == [.differentWeights])
    #expect(report.otherCauses.first?.tensor == "fc.bias")
  }

  @Test func rounding() throws {
    let good = try SmallNetwork().graph
    let report = try Comparing.report(good, try good.after([FoldBatchNormalization()]), tolerance: .exact)
    #expect(report.verdict == .differ)
    #expect(report.kind == .rounding)
    #expect(report.cause?.kind == .rounding)
  }
}
