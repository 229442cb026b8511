import FileIO
import ModelIR
import Testing

@Suite struct OperatorTests {
  private let image = TensorType(.float32, [.symbolic("batch"), 3, 224, 224])

  private func infer(_ op: Operator, _ inputs: [TensorType?]) throws -> TensorType {
    try op.kind.inferTypes(inputs)[0]
  }

  @Test func convolutionKeepsAnOpenBatch() throws {
    let conv = Operator.conv(Conv(window: Window(7, stride: 2, pad: 3)))
    let weight = TensorType(.float32, [64, 3, 7, 7])
    #expect(
      try infer(conv, [image, weight]) == TensorType(.float32, [.symbolic("batch"), 64, 112, 112]))
    // 112 * 112 * 64 * 3 * 49 = 118,013,952 for one image
    let cost = conv.kind.cost(inputs: [[1, 3, 224, 224], [64, 3, 7, 7]], outputs: [[1, 64, 112, 112]])
    #expect(cost.macs == 118_013_952)
    #expect(cost.flops == 236_027_904)
  }

  @Test func convolutionChecksChannelsAndGroups() {
    let conv = Operator.conv(Conv(window: Window(3, pad: 1)))
    #expect(throws: ScaleNetError.self) {
      try infer(conv, [image, TensorType(.float32, [64, 4, 3, 3])])
    }
    #expect(throws: ScaleNetError.self) {
      try infer(conv, [image, TensorType(.float32, [64, 3, 5, 5])])
    }
    #expect(throws: ScaleNetError.self) {
      try infer(
        .conv(Conv(window: Window(3), group: 2)), [image, TensorType(.float32, [64, 1, 3, 3])])
    }
    #expect(throws: ScaleNetError.self) {
      try infer(conv, [image, TensorType(.float32, [64, 3, 3, 3]), TensorType(.float32, [63])])
    }
    #expect(throws: ScaleNetError.self) {
      try infer(
        .conv(Conv(window: Window(3))),
        [TensorType(.float32, [1, 3, 2, 2]), TensorType(.float32, [64, 3, 3, 3])])
    }
  }

  @Test(arguments: [(56, 2, 28), (7, 2, 3), (14, 4, 3), (7, 7, 1), (28, 7, 4)])
  func poolsWithFloor(side: Int, pool: Int, expected: Int) throws {
    let type = TensorType(.float32, [1, 8, .fixed(side), .fixed(side)])
    let result = try infer(.maxPool(MaxPool(window: Window(pool, stride: pool))), [type])
    #expect(result.dimensions[2] == .fixed(expected))
  }

  @Test func ceilModeDropsAWindowThatBeginsOutside() throws {
    // torch.nn.MaxPool2d(2, stride=2, padding=1, ceil_mode=True) on 5 and 4
    let pool = Operator.maxPool(MaxPool(window: Window(2, stride: 2, pad: 1), ceilMode: true))
    #expect(try infer(pool, [TensorType(.float32, [1, 1, 5, 4])]).dimensions == [1, 1, 3, 3])
    let plain = Operator.maxPool(MaxPool(window: Window(2, stride: 2), ceilMode: true))
    #expect(try infer(plain, [TensorType(.float32, [1, 1, 5, 4])]).dimensions == [1, 1, 3, 2])
    // torch.nn.MaxPool2d(2, stride=3, ceil_mode=True) on 6: the third window would begin at 6
    let wide = Operator.maxPool(MaxPool(window: Window(2, stride: 3), ceilMode: true))
    #expect(try infer(wide, [TensorType(.float32, [1, 1, 6, 7])]).dimensions == [1, 1, 2, 3])
  }

  @Test func resizesToSizesAndByScales() throws {
    let type = TensorType(.float32, [.symbolic("n"), 4, 3, 7])
    let sizes = Resize(mode: .linear, coordinateTransformation: .halfPixel, extent: .sizes([14, 14]))
    #expect(try infer(.resize(sizes), [type]).dimensions == [.symbolic("n"), 4, 14, 14])
    // Float(14) / 3 is below 14/3, and still runtimes say 14 after rounding the product.
    let scales = Resize(
      mode: .linear, coordinateTransformation: .halfPixel, extent: .scales([Float(14) / 3, 2]))
    #expect(try infer(.resize(scales), [type]).dimensions == [.symbolic("n"), 4, 14, 14])
    let nothing = Resize(
      mode: .nearest, coordinateTransformation: .asymmetric, extent: .scales([0.1, 1]))
    #expect(throws: ScaleNetError.self) { try infer(.resize(nothing), [type]) }
  }

  @Test func concatenatesAlongChannels() throws {
    let a = TensorType(.float32, [.symbolic("n"), 4, 7, 7])
    let b = TensorType(.float32, [.symbolic("n"), 5, 7, 7])
    #expect(try infer(.concat(Concat(axis: 1)), [a, b]).dimensions == [.symbolic("n"), 9, 7, 7])
    #expect(throws: ScaleNetError.self) {
      try infer(.concat(Concat(axis: 1)), [a, TensorType(.float32, [.symbolic("n"), 5, 7, 8])])
    }
    #expect(throws: ScaleNetError.self) {
      try infer(.concat(Concat(axis: 1)), [a, TensorType(.float32, [2, 5, 7, 7])])
    }
  }

  @Test func broadcastsAsNumPy() throws {
    let a = TensorType(.float32, [2, 3, 4, 4])
    #expect(try infer(.binary(.mul), [a, TensorType(.float32, [3, 1, 1])]) == a)
    #expect(try infer(.binary(.add), [TensorType(.float32, [1]), a]) == a)
    #expect(throws: ScaleNetError.self) { try infer(.binary(.add), [a, TensorType(.float32, [3, 4])]) }
    #expect(throws: ScaleNetError.self) { try infer(.binary(.add), [a, TensorType(.float16, [1])]) }
  }

  @Test func multipliesMatrices() throws {
    let gemm = Operator.gemm(Gemm(transB: true))
    let x = TensorType(.float32, [.symbolic("n"), 2048])
    let w = TensorType(.float32, [1000, 2048])
    #expect(try infer(gemm, [x, w, TensorType(.float32, [1000])]).dimensions == [.symbolic("n"), 1000])
    #expect(gemm.kind.cost(inputs: [[2, 2048], [1000, 2048]], outputs: [[2, 1000]]).macs == 4_096_000)
    #expect(throws: ScaleNetError.self) { try infer(.gemm(Gemm()), [x, w]) }
    #expect(throws: ScaleNetError.self) { try infer(gemm, [x, w, TensorType(.float32, [999])]) }
  }

  @Test func reshapes() throws {
    let x = TensorType(.float32, [.symbolic("n"), 2048, 1, 1])
    #expect(try infer(.flatten(Flatten()), [x]).dimensions == [.symbolic("n"), 2048])
    #expect(try infer(.reshape(Reshape(shape: [0, -1])), [x]).dimensions == [.symbolic("n"), 2048])
    #expect(try infer(.reshape(Reshape(shape: [-1, 2048])), [x]).dimensions == [.symbolic("n"), 2048])
    let fixed = TensorType(.float32, [6, 4])
    #expect(try infer(.reshape(Reshape(shape: [3, -1])), [fixed]).dimensions == [3, 8])
    #expect(throws: ScaleNetError.self) { try infer(.reshape(Reshape(shape: [5, -1])), [fixed]) }
    #expect(throws: ScaleNetError.self) { try infer(.reshape(Reshape(shape: [-1, -1])), [fixed]) }
    #expect(throws: ScaleNetError.self) { try infer(.reshape(Reshape(shape: [7])), [fixed]) }
  }

  @Test func normalisationWantsVectorsOfTheChannels() {
    let x = TensorType(.float32, [1, 8, 4, 4])
    let good = TensorType(.float32, [8])
    let normalization = Operator.batchNormalization(BatchNormalization())
    #expect(throws: Never.self) { try infer(normalization, [x, good, good, good, good]) }
    #expect(throws: ScaleNetError.self) {
      try infer(normalization, [x, good, good, good, TensorType(.float32, [7])])
    }
    #expect(throws: ScaleNetError.self) { try infer(normalization, [x, good, good, good, nil]) }
  }
}

@Suite struct CostTests {
  /// 2^48 output elements of 64 channels, each the sum of 64 * 7 * 7 products: more than an integer holds.
  @Test func costsOutOfRangeSaturate() {
    let side = 1 << 24
    let conv = Operator.conv(Conv(window: Window(7, pad: 3)))
    let cost = conv.kind.cost(
      inputs: [[1, 64, side, side], [64, 64, 7, 7]], outputs: [[1, 64, side, side]])
    #expect(cost.macs == .max)
    #expect(cost.flops == .max)
    let pool = Operator.maxPool(MaxPool(window: Window(side)))
    #expect(
      pool.kind.cost(inputs: [[1, 1, side, side]], outputs: [[1, 64, side, side]]).otherOperations == .max)
    #expect(
      pool.kind.cost(inputs: [[0, 1, side, side]], outputs: [[0, 64, side, side]]).otherOperations == 0)
  }
}
