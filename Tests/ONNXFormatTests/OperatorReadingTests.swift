import FileIO
import Testing

@testable import ModelIR
@testable import ONNXFormat

/// How nodes of different opsets become operators. Expected values follow the specification's text.
@Suite struct OperatorReadingTests {
  /// The only operators of a graph whose nodes `build` makes of `x` [1, 2, 4, 4].
  private func ops(opset: Int64 = 17, _ build: (inout WireEncoder) -> Void) throws -> [Operator] {
    try read(WireEncoder.simple(opset: opset, build)).graph.nodes.map(\.op)
  }

  @Test func automaticPadding() throws {
    func pads(_ mode: String, kernel: [Int64], strides: [Int64]) throws -> [Int] {
      let ops = try ops {
        $0.node("MaxPool", "p", ["x"], ["y"]) {
          $0.integersAttribute("kernel_shape", kernel)
          $0.integersAttribute("strides", strides)
          $0.textAttribute("auto_pad", mode)
        }
      }
      guard case .maxPool(let pool) = ops[0] else { return [] }
      return pool.window.pads
    }
    #expect(try pads("SAME_UPPER", kernel: [3, 2], strides: [2, 1]) == [0, 0, 1, 1])
    #expect(try pads("SAME_LOWER", kernel: [3, 2], strides: [2, 1]) == [1, 1, 0, 0])
    #expect(try pads("VALID", kernel: [3, 2], strides: [2, 1]) == [0, 0, 0, 0])
  }

  @Test func resizesOfAllOpsets() throws {
    let scales = WireEncoder.floats([1, 1, 2, 2])
    let expected = Operator.resize(
      Resize(
        mode: .nearest, coordinateTransformation: .asymmetric, nearestMode: .floor, extent: .sizes([8, 8])))
    let upsample7 = try ops(opset: 7) {
      $0.node("Upsample", "u", ["x"], ["y"]) {
        $0.message(5) { attribute in
          attribute.text(1, "scales")
          attribute.data(7, scales)
          attribute.integer(20, 6)
        }
      }
    }
    #expect(upsample7 == [expected])
    for (opset, op) in [(Int64(9), "Upsample"), (10, "Resize")] {
      let found = try ops(opset: opset) {
        $0.tensor(5, "s", [4], raw: scales)
        $0.node(op, "u", ["x", "s"], ["y"])
      }
      #expect(found == [expected])
    }
    let resize11 = try ops(opset: 11) {
      $0.tensor(5, "s", [4], raw: scales)
      $0.tensor(5, "none", [0], raw: [])
      $0.node("Resize", "u", ["x", "none", "s"], ["y"]) {
        $0.textAttribute("coordinate_transformation_mode", "asymmetric")
        $0.textAttribute("nearest_mode", "floor")
      }
    }
    #expect(resize11 == [expected])
    let resize18 = try ops(opset: 18) {
      $0.tensor(5, "s", [2], type: 7, raw: WireEncoder.integers([6, 8]))
      $0.node("Resize", "u", ["x", "", "", "s"], ["y"]) {
        $0.integersAttribute("axes", [-1, -2])
        $0.textAttribute("mode", "linear")
      }
    }
    #expect(
      resize18 == [
        .resize(Resize(mode: .linear, coordinateTransformation: .halfPixel, extent: .sizes([8, 6])))
      ])
  }

  @Test(arguments: [Float(14.0 / 3.0), Float(14.0 / 3.0).nextUp])
  func roundedFactorsAreSizes(scale: Float) throws {
    let bytes = WireEncoder.model {
      $0.tensor(5, "s", [4], raw: WireEncoder.floats([1, 1, scale, scale]))
      $0.node("Resize", "u", ["x", "", "s"], ["y"]) { $0.textAttribute("mode", "linear") }
      $0.value(11, "x", [1, 2, 3, 3])
      $0.value(12, "y", nil)
    }
    let graph = try read(bytes).graph
    #expect(graph.outputs.map { graph[$0].type } == [TensorType(.float32, [1, 2, 14, 14])])
    guard case .resize(let resize) = graph.nodes[0].op else { return }
    #expect(resize.extent == .sizes([14, 14]))
  }

  @Test func meansAndProductsBecomeTheUsualOperators() throws {
    let bytes = WireEncoder.simple {
      $0.node("ReduceMean", "mean", ["x"], ["m"]) {
        $0.integersAttribute("axes", [-1, 2])
        $0.integerAttribute("keepdims", 0)
      }
      $0.tensor(5, "w", [2, 3], raw: WireEncoder.floats([1, 2, 3, 4, 5, 6]))
      $0.tensor(5, "b", [3], raw: WireEncoder.floats([1, 2, 3]))
      $0.node("MatMul", "product", ["m", "w"], ["p"])
      $0.node("Add", "bias", ["b", "p"], ["d"])
      $0.node("Dropout", "drop", ["d"], ["y"])
    }
    let graph = try read(bytes).graph
    #expect(
      graph.nodes.map(\.op) == [
        .globalPool(.average), .flatten(Flatten(axis: 1)), .gemm(Gemm()),
        .identity(Identity()),
      ])
    #expect(graph.nodes.map(\.name) == ["mean.pool", "mean", "product", "drop"])
    #expect(graph.nodes[2].inputs.map { $0.map { graph[$0].name } } == ["m", "w", "b"])
    #expect(graph.nodes[2].outputs.map { graph[$0].name } == ["d"])
    #expect(graph.nodes[2].absorbed == ["bias"])
  }

  @Test func shapeArithmeticIsEvaluated() throws {
    // Reshape to [batch, (2 * 4 * 4) / 2, -1], computed from the shape of an input with an open batch.
    let bytes = WireEncoder.model {
      $0.node("Shape", "shape", ["x"], ["s"])
      $0.tensor(5, "one", [1], type: 7, raw: WireEncoder.integers([1]))
      $0.tensor(5, "four", [1], type: 7, raw: WireEncoder.integers([4]))
      $0.tensor(5, "zero", [], type: 7, raw: WireEncoder.integers([0]))
      $0.tensor(5, "minus", [1], type: 7, raw: WireEncoder.integers([-1]))
      $0.node("Slice", "slice", ["s", "one", "four"], ["tail"])
      $0.node("ReduceProd", "product", ["tail"], ["count"]) { $0.integerAttribute("keepdims", 1) }
      $0.node("Cast", "cast", ["count"], ["float"]) { $0.integerAttribute("to", 1) }
      $0.tensor(5, "two", [], raw: WireEncoder.floats([2]))
      $0.node("Div", "halve", ["float", "two"], ["halved"])
      $0.node("Floor", "floor", ["halved"], ["floored"])
      $0.node("Cast", "back", ["floored"], ["extent"]) { $0.integerAttribute("to", 7) }
      $0.node("Gather", "batch", ["s", "zero"], ["b"])
      $0.tensor(5, "axes", [1], type: 7, raw: WireEncoder.integers([0]))
      $0.node("Unsqueeze", "vector", ["b", "axes"], ["bv"])
      $0.node("Concat", "target", ["bv", "extent", "minus"], ["t"]) { $0.integerAttribute("axis", 0) }
      $0.node("Reshape", "reshape", ["x", "t"], ["y"])
      $0.message(11) { value in
        value.text(1, "x")
        value.message(2) {
          $0.message(1) { tensor in
            tensor.integer(1, 1)
            tensor.message(2) {
              $0.message(1) { $0.text(2, "N") }
              for extent in [2, 4, 4] as [Int64] { $0.message(1) { $0.integer(1, extent) } }
            }
          }
        }
      }
      $0.value(12, "y", nil)
    }
    let graph = try read(bytes).graph
    #expect(graph.nodes.map(\.op) == [.reshape(Reshape(shape: [0, 16, -1]))])
    #expect(graph.outputs.map { graph[$0].type } == [TensorType(.float32, [.symbolic("N"), 16, 2])])
    #expect(graph.initializers.isEmpty)
  }

  @Test func slicesFollowTheSpecification() {
    // Each line is what numpy's range(n)[start:end:step] gives.
    let cases: [(Int, Int64, Int64, Int64, [Int])] = [
      (5, 1, 4, 1, [1, 2, 3]), (5, -2, .max, 1, [3, 4]), (5, 4, 0, -2, [4, 2]),
      (5, .max, .min, -1, [4, 3, 2, 1, 0]),
      (5, 0, -1, 2, [0, 2]), (5, 7, 9, 1, []), (0, 0, 1, 1, []), (5, 3, 1, 1, []), (5, 0, .max, .max, [0]),
    ]
    for (extent, start, end, step, expected) in cases {
      let range = AxisOperators.sliceRange(extent: extent, start: start, end: end, step: step)
      let indices = range.map { range in (0..<range.count).map { range.start + $0 * Int(step) } }
      #expect(indices == expected)
    }
    #expect(AxisOperators.sliceRange(extent: 5, start: 0, end: 5, step: 0) == nil)
  }

  @Test func typedFieldsAreDecoded() throws {
    func tensor(_ type: Int64, _ count: Int64, _ more: (inout WireEncoder) -> Void) throws -> Tensor? {
      let bytes = WireEncoder.model {
        $0.tensor(5, "y", [count], type: type, raw: nil, more)
        $0.value(12, "y", [count], type: type)
      }
      let graph = try read(bytes).graph
      return graph.initializer(graph.value(named: "y"))
    }
    #expect(
      try tensor(7, 2) { $0.data(7, [1] + WireEncoder.varint(UInt64(bitPattern: -5))) }?.integers() == [
        1, -5,
      ])
    #expect(
      try tensor(6, 2) {
        $0.integer(5, -7)
        $0.integer(5, 300)
      }?.integers() == [-7, 300])
    #expect(try tensor(9, 2) { $0.data(5, [1, 0]) }?.integers() == [1, 0])
    #expect(try tensor(10, 1) { $0.data(5, WireEncoder.varint(0x3e00)) }?.floats() == [1.5])
    #expect(try tensor(1, 2) { $0.data(4, WireEncoder.floats([1, -2])) }?.floats() == [1, -2])
    #expect(try tensor(1, 2) { $0.raw([0x25, 0, 0, 0x80, 0x3f, 0x25, 0, 0, 0, 0xc0]) }?.floats() == [1, -2])
    #expect(try tensor(11, 1) { $0.data(10, [0, 0, 0, 0, 0, 0, 0xf8, 0x3f]) }?.doubles() == [1.5])
    #expect(
      try tensor(12, 1) { $0.data(11, WireEncoder.varint(4_000_000_000)) }?.integers() == [4_000_000_000])
  }

  @Test func initializersMayBeInputsToo() throws {
    let bytes = WireEncoder.model(opset: 7, irVersion: 3) {
      $0.value(11, "w", [2])
      $0.value(11, "x", [1, 2])
      $0.tensor(5, "w", [2], raw: WireEncoder.floats([1, 2]))
      $0.node("Mul", "", ["x", "w"], ["y"])
      $0.value(12, "y", [1, 2])
    }
    let graph = try read(bytes).graph
    #expect(graph.inputs.map { graph[$0].name } == ["x"])
    #expect(graph.initializers.map { graph[$0].name } == ["w"])
    #expect(graph.nodes.map(\.name) == ["y"])
  }

  @Test func weightsAreNotCopied() throws {
    let bytes = WireEncoder.simple {
      $0.node("Mul", "n", ["x", "w"], ["y"])
      $0.tensor(5, "w", [4], raw: WireEncoder.floats([1, 2, 3, 4]))
    }
    let file = ByteRegion.copying(bytes)
    let graph = try ONNXReader.read(file, path: "m.onnx").graph
    let weights = try #require(graph.initializer(graph.value(named: "w")))
    let (inside, outside) = unsafe (
      weights.storage.withUnsafeBytes { UInt(bitPattern: $0.baseAddress!) },
      file.withUnsafeBytes { UInt(bitPattern: $0.baseAddress!) }
    )
    #expect(inside > outside && inside < outside + UInt(bytes.count))
  }
}
