import FileIO
import ModelIR
import TestSupport
import Testing

/// Shape rules and costs of the families of operators, with extents that are known, named and not known yet.
@Suite struct FamilyTests {
  private let batch = Dimension.symbolic("n")

  private func infer(_ op: ModelIR.Operator, _ inputs: TensorType?...) throws -> [TensorType] {
    var graph = Graph(name: "g")
    var ids: [ValueID?] = []
    for (index, type) in inputs.enumerated() {
      ids.append(try type.map { type in try graph.addInput("x\(index)", type) })
    }
    let outputs = try graph.addNode("node", op, inputs: ids)
    try graph.validate()
    return outputs.map { graph[$0].type }
  }

  private func text(_ op: ModelIR.Operator, _ inputs: TensorType?...) -> String {
    message {
      var graph = Graph(name: "g")
      var ids: [ValueID?] = []
      for (index, type) in inputs.enumerated() {
        ids.append(try type.map { type in try graph.addInput("x\(index)", type) })
      }
      _ = try graph.addNode("node", op, inputs: ids)
    }
  }

  @Test func functionsKeepTheTypeOrTest() throws {
    let x = TensorType(.float16, [batch, 3])
    #expect(try infer(.unary(.erf), x) == [x])
    #expect(try infer(.unary(.isNaN), x) == [TensorType(.bool, [batch, 3])])
    #expect(try infer(.unary(.neg), TensorType(.int8, [2])) == [TensorType(.int8, [2])])
    #expect(
      text(.unary(.erf), TensorType(.int32, [2]))
        == "node node (Erf): input X: expected floating-point elements, found int32[2]")
    #expect(text(.unary(.neg), TensorType(.uint8, [2])).contains("signed integers"))
    #expect(text(.unary(.not), x).contains("booleans"))
    #expect(text(.unary(.clip(minimum: 2, maximum: 1)), x).contains("at least min"))
  }

  @Test func pairsAreBroadcast() throws {
    let x = TensorType(.float32, [batch, 3, .unknown])
    #expect(try infer(.binary(.less), x, TensorType(.float32, [3, 1])) == [TensorType(.bool, x.dimensions)])
    #expect(
      try infer(.binary(.add), x, TensorType(.float32, [5])) == [TensorType(.float32, [batch, 3, 5])])
    // Two extents that are not known need not be equal: one of them may be 1.
    #expect(
      try infer(.binary(.add), TensorType(.float32, [.unknown]), TensorType(.float32, [.symbolic("k")]))
        == [TensorType(.float32, [.unknown])])
    #expect(
      try infer(.binary(.pow), x, TensorType(.int64, [])) == [x])
    #expect(text(.binary(.add), x, TensorType(.float64, [])).contains("broadcast"))
    #expect(text(.binary(.bitwiseAnd), x, x).contains("integers"))
    #expect(text(.binary(.pRelu), TensorType(.float32, [3]), TensorType(.float32, [2, 3])).contains("slope"))
    #expect(
      try infer(
        .where(Where()), TensorType(.bool, [batch, 1]), TensorType(.int8, [4]), TensorType(.int8, []))
        == [TensorType(.int8, [batch, 4])])
    #expect(
      try infer(.variadic(.max), TensorType(.int32, [4]), TensorType(.int32, [3, 1]))
        == [TensorType(.int32, [3, 4])])
  }

  @Test func reductionsDropAxes() throws {
    let x = TensorType(.int64, [batch, 3, 4])
    #expect(try infer(.reduce(Reduce(.sum, axes: [0, 2])), x) == [TensorType(.int64, [1, 3, 1])])
    #expect(
      try infer(.argExtremum(ArgExtremum(.max, axis: 2, keepsAxis: false)), x)
        == [TensorType(.int64, [batch, 3])])
    #expect(
      try infer(.topK(TopK(count: 2, axis: 1)), TensorType(.float32, [batch, 3]))
        == [TensorType(.float32, [batch, 2]), TensorType(.int64, [batch, 2])])
    #expect(text(.topK(TopK(count: 5, axis: 2)), x).contains("K"))
    #expect(text(.reduce(Reduce(.max, axes: [2, 1])), x).contains("ascending"))
    let open = TensorType(.int64, [.unknown])
    #expect(
      try infer(.computed(.reduce(.sum, keepsAxes: true, keepsAllWithoutAxes: false)), x, open)
        == [TensorType(.int64, [.unknown, .unknown, .unknown])])
  }

  @Test func windowsMoveAlongOneToThreeAxes() throws {
    let line = TensorType(.float32, [batch, 4, 10])
    let weights = TensorType(.float32, [6, 2, 3])
    #expect(
      try infer(
        .conv(Conv(window: Window(kernel: [3], strides: [2], pads: [1, 0]), group: 2)), line, weights)
        == [TensorType(.float32, [batch, 6, 5])])
    let volume = TensorType(.float32, [batch, 4, 5, .unknown, 7])
    #expect(
      try infer(.averagePool(AveragePool(window: Window(kernel: [2, 2, 2]))), volume)
        == [TensorType(.float32, [batch, 4, 4, .unknown, 6])])
    #expect(
      try infer(.globalPool(.lp(2)), volume) == [TensorType(.float32, [batch, 4, 1, 1, 1])])
    let transposed = ConvTranspose(
      window: Window(kernel: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1]), outputPadding: [1, 1])
    #expect(
      try infer(
        .convTranspose(transposed), TensorType(.float32, [batch, 4, 5, 5]),
        TensorType(.float32, [4, 2, 3, 3]))
        == [TensorType(.float32, [batch, 2, 10, 10])])
    #expect(
      transposed.cost(inputs: [[1, 4, 5, 5], [4, 2, 3, 3]], outputs: [[1, 2, 10, 10]])
        == Cost(macs: 100 * 18))
    #expect(
      try infer(.maxPool(MaxPool(window: Window(2), givesIndices: true)), TensorType(.uint8, [1, 1, 4, 4]))
        == [TensorType(.uint8, [1, 1, 3, 3]), TensorType(.int64, [1, 1, 3, 3])])
    #expect(text(.conv(Conv(window: Window(3))), line, weights).contains("rank 4"))
  }

  @Test func matricesOfAnyRank() throws {
    let a = TensorType(.int32, [batch, 1, 2, 3])
    let b = TensorType(.int32, [5, 3, 4])
    #expect(try infer(.matMul(MatMul()), a, b) == [TensorType(.int32, [batch, 5, 2, 4])])
    #expect(
      try infer(.einsum(Einsum(equation: "...ij,jk->...ik")), a, TensorType(.int32, [3, 7]))
        == [TensorType(.int32, [batch, 1, 2, 7])])
    #expect(
      try infer(
        .einsum(Einsum(equation: "ba,cb")), TensorType(.float32, [2, 3]), TensorType(.float32, [4, 2]))
        == [TensorType(.float32, [3, 4])])
    #expect(text(.einsum(Einsum(equation: "ij->ik")), TensorType(.float32, [2, 3])).contains("equation"))
    let q = TensorType(.float32, [batch, 8, 10, 16])
    #expect(
      try infer(
        .attention(Attention()), q, TensorType(.float32, [batch, 2, 12, 16]),
        TensorType(.float32, [batch, 2, 12, 24]))
        == [TensorType(.float32, [batch, 8, 10, 24])])
  }

  @Test func valuesDecideExtents() throws {
    let x = TensorType(.float32, [batch, 3, 4])
    let three = TensorType(.int64, [3])
    #expect(
      try infer(.computed(.reshape(allowsZero: false)), x, TensorType(.int64, [2]))
        == [TensorType(.float32, [.unknown, .unknown])])
    #expect(
      try infer(.computed(.gather(axis: 1)), x, TensorType(.int32, [2, batch]))
        == [TensorType(.float32, [batch, 2, batch, 4])])
    #expect(
      try infer(.computed(.slice), x, three, three) == [TensorType(.float32, [.unknown, .unknown, .unknown])])
    #expect(try infer(.nonZero(NonZero()), x) == [TensorType(.int64, [3, .unknown])])
    #expect(
      try infer(.unique(Unique(axis: nil, outputCount: 3)), TensorType(.int8, [2, 3]))
        == [TensorType(.int8, [.unknown]), TensorType(.int64, [.unknown]), TensorType(.int64, [6])])
    #expect(
      try infer(.computed(.split(axis: 1, parts: 2)), x, TensorType(.int64, [2]))
        == [TensorType(.float32, [batch, .unknown, 4]), TensorType(.float32, [batch, .unknown, 4])])
    #expect(text(.computed(.expand()), x, TensorType(.int64, [.unknown])).contains("a known number"))
    #expect(text(.computed(.tile()), x, TensorType(.int64, [2])).contains("3 numbers"))
  }

  @Test func openExtentsFlowThroughShapes() throws {
    let x = TensorType(.float32, [batch, .unknown, 4])
    #expect(
      try infer(.concat(Concat(axis: 1)), x, TensorType(.float32, [batch, 2, .unknown]))
        == [TensorType(.float32, [batch, .unknown, 4])])
    #expect(try infer(.flatten(Flatten(axis: 1)), x) == [TensorType(.float32, [batch, .unknown])])
    #expect(try infer(.reshape(Reshape(shape: [0, -1])), x) == [TensorType(.float32, [batch, .unknown])])
    #expect(try infer(.squeeze(Squeeze(axes: [1])), x) == [TensorType(.float32, [batch, 4])])
    #expect(
      try infer(.unsqueeze(Unsqueeze(axes: [0, 4])), x)
        == [TensorType(.float32, [1, batch, .unknown, 4, 1])])
    #expect(text(.squeeze(Squeeze(axes: [2])), x).contains("extent 1"))
    // A named extent is bound, one that a run tells is not.
    #expect(x.binding(8).dimensions == [8, .unknown, 4])
  }

  @Test func quantizedTypes() throws {
    let x = TensorType(.float32, [batch, 6])
    let scale = TensorType(.float32, [] as [Dimension])
    #expect(
      try infer(.quantizeLinear(QuantizeLinear(outputType: .int4)), x, scale) == [
        TensorType(.int4, x.dimensions)
      ])
    #expect(
      try infer(
        .dequantizeLinear(DequantizeLinear(axis: 1, blockSize: 4)), TensorType(.int8, [2, 6]),
        TensorType(.float16, [2, 2]))
        == [TensorType(.float16, [2, 6])])
    #expect(text(.dequantizeLinear(DequantizeLinear()), x, scale).contains("integers"))
    #expect(text(.binary(.add), TensorType(.int4, [2]), TensorType(.int4, [2])).contains("numbers"))
  }

  @Test func float8HoldsWhatItsFormatSays() throws {
    // The largest numbers and the smallest of each, as ONNX's tables have them.
    for (type, most, least) in [
      (.float8E4M3FN, 448, 0x1p-9), (.float8E4M3FNUZ, 240, 0x1p-10), (.float8E5M2, 57344, 0x1p-16),
      (.float8E5M2FNUZ, 57344, 0x1p-17),
    ] as [(DataType, Float, Float)] {
      let format = try #require(SmallFloat(type))
      let values = (0...UInt8.max).map(format.value)
      #expect(values.filter(\.isFinite).max() == most)
      #expect(values.filter { $0 > 0 }.min() == least)
      for pattern in 0...UInt8.max where format.value(pattern).isFinite {
        #expect(format.pattern(format.value(pattern), saturates: true) == pattern)
      }
      #expect(format.value(format.pattern(1e6, saturates: true)) == most)
      #expect(!format.value(format.pattern(1e6, saturates: false)).isFinite)
      #expect(format.value(format.pattern(.nan, saturates: true)).isNaN)
    }
  }

  @Test func fourBitsAndPowersOfTwoHoldWhatTheirFormatsSay() throws {
    let four = try #require(SmallFloat(.float4E2M1))
    let positive: [Float] = [0, 0.5, 1, 1.5, 2, 3, 4, 6]
    #expect((0..<16).map(four.value) == positive + positive.map { -$0 })
    // Halves to even, and what is too large to the largest, asked for or not.
    #expect([0.25, 0.75, 2.5, 5, -100].map { four.pattern($0, saturates: false) } == [0, 2, 4, 6, 15])
    let powers = try #require(SmallFloat(.float8E8M0))
    // The least power is no normal float32: as onnx rounds, by the bits of its mantissa, it becomes the next.
    #expect(powers.pattern(powers.value(0), saturates: true) == 1)
    for pattern in 1..<UInt8.max {
      #expect(powers.pattern(powers.value(pattern), saturates: true) == pattern)
    }
    #expect(powers.value(127) == 1 && powers.value(.max).isNaN)
    for (rounding, patterns) in [
      (.up, [128, 128, 128]), (.down, [127, 127, 127]), (.nearest, [127, 128, 128]),
    ]
      as [(SmallFloat.PowerRounding, [UInt8])]
    {
      #expect(
        [1.25, 1.5, 1.75].map { powers.pattern($0, saturates: true, powerRounding: rounding) } == patterns)
    }
  }
}
