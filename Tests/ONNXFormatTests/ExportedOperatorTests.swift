import FileIO
import Testing

@testable import ModelIR
@testable import ONNXFormat

/// How operators of exported networks are read at the opsets that define them differently. Expected values follow the
/// specification's text; the input is `x` [1, 2, 4, 4].
@Suite struct ExportedOperatorTests {
  private func ops(opset: Int64 = 17, _ build: (inout WireEncoder) -> Void) throws -> [Operator] {
    try read(WireEncoder.simple(opset: opset, build)).graph.nodes.map(\.op)
  }

  private func floatAttribute(_ encoder: inout WireEncoder, _ name: String, _ value: Float) {
    encoder.message(5) {
      $0.text(1, name)
      $0.raw([0x15] + WireEncoder.floats([value]))
      $0.integer(20, 1)
    }
  }

  @Test func clipHasItsLimitsInAttributesThenInInputs() throws {
    let old = try ops(opset: 10) {
      $0.node("Clip", "c", ["x"], ["y"]) {
        floatAttribute(&$0, "min", 0)
        floatAttribute(&$0, "max", 6)
      }
    }
    let new = try ops(opset: 11) {
      $0.tensor(5, "low", [], raw: WireEncoder.floats([0]))
      $0.tensor(5, "high", [], raw: WireEncoder.floats([6]))
      $0.node("Clip", "c", ["x", "low", "high"], ["y"])
    }
    #expect(old == [.unary(.clip(minimum: 0, maximum: 6))])
    #expect(new == old)
    // The maximum wins where it is below the minimum.
    let crossed = try ops(opset: 11) {
      $0.tensor(5, "low", [], raw: WireEncoder.floats([3]))
      $0.tensor(5, "high", [], raw: WireEncoder.floats([1]))
      $0.node("Clip", "c", ["x", "low", "high"], ["y"])
    }
    #expect(crossed == [.unary(.clip(minimum: 1, maximum: 1))])
  }

  @Test func padNamesAxesFromOpset18() throws {
    let expected = Operator.pad(Pad(pads: [0, 0, 1, 2, 0, 0, 3, 4], mode: .reflect))
    let old = try ops(opset: 10) {
      $0.node("Pad", "p", ["x"], ["y"]) {
        $0.integersAttribute("pads", [0, 0, 1, 2, 0, 0, 3, 4])
        $0.textAttribute("mode", "reflect")
      }
    }
    let new = try ops(opset: 18) {
      $0.tensor(5, "pads", [4], type: 7, raw: WireEncoder.integers([2, 1, 4, 3]))
      $0.tensor(5, "axes", [2], type: 7, raw: WireEncoder.integers([-1, 2]))
      $0.node("Pad", "p", ["x", "pads", "", "axes"], ["y"]) { $0.textAttribute("mode", "reflect") }
    }
    #expect(old == [expected])
    #expect(new == [expected])
    let wrapped = failure(
      WireEncoder.simple {
        $0.tensor(5, "pads", [8], type: 7, raw: WireEncoder.integers([0, 0, 1, 1, 0, 0, 1, 1]))
        $0.node("Pad", "p", ["x", "pads"], ["y"]) { $0.textAttribute("mode", "wrap") }
      })
    #expect(wrapped.contains("node p (Pad): attribute mode: expected constant, reflect, edge, found wrap"))
  }

  @Test func slicesAreNormalised() throws {
    let old = try ops(opset: 9) {
      $0.node("Slice", "s", ["x"], ["y"]) {
        $0.integersAttribute("axes", [2, -1])
        $0.integersAttribute("starts", [-3, 0])
        $0.integersAttribute("ends", [1000, 4])
      }
    }
    #expect(old == [.slice(Slice(axes: [2], starts: [1], steps: [1], counts: [3]))])
    let reversed = try ops {
      $0.tensor(5, "starts", [1], type: 7, raw: WireEncoder.integers([-1]))
      $0.tensor(5, "ends", [1], type: 7, raw: WireEncoder.integers([.min]))
      $0.tensor(5, "axes", [1], type: 7, raw: WireEncoder.integers([3]))
      $0.tensor(5, "steps", [1], type: 7, raw: WireEncoder.integers([-2]))
      $0.node("Slice", "s", ["x", "starts", "ends", "axes", "steps"], ["y"])
    }
    #expect(reversed == [.slice(Slice(axes: [3], starts: [3], steps: [-2], counts: [2]))])
  }

  @Test func splitIsOneSliceForEachOutput() throws {
    func part(_ start: Int, _ count: Int) -> Operator {
      .slice(Slice(axes: [3], starts: [start], steps: [1], counts: [count]))
    }
    let stated = try ops(opset: 11) {
      $0.node("Split", "s", ["x"], ["a", "", "y"]) {
        $0.integerAttribute("axis", 3)
        $0.integersAttribute("split", [1, 2, 1])
      }
    }
    #expect(stated == [part(0, 1), part(3, 1)])
    let uneven = try ops(opset: 18) {
      $0.node("Split", "s", ["x"], ["a", "b", "y"]) {
        $0.integerAttribute("axis", -1)
        $0.integerAttribute("num_outputs", 3)
      }
    }
    #expect(uneven.prefix(2) == [part(0, 2), part(2, 2)])
  }

  @Test func meansOverAnyAxes() throws {
    let old = try ops(opset: 17) {
      $0.node("ReduceMean", "m", ["x"], ["y"]) { $0.integersAttribute("axes", [-1]) }
    }
    #expect(old == [.reduce(Reduce(.mean, axes: [3], keepsAxes: true))])
    let all = try ops(opset: 18) {
      $0.node("ReduceMean", "m", ["x"], ["y"]) { $0.integerAttribute("keepdims", 0) }
    }
    #expect(all == [.reduce(Reduce(.mean, axes: [0, 1, 2, 3], keepsAxes: false))])
    let none = try ops(opset: 18) {
      $0.node("ReduceMean", "m", ["x"], ["y"]) { $0.integerAttribute("noop_with_empty_axes", 1) }
    }
    #expect(none == [.identity(Identity())])
  }

  @Test func softmaxOfRowsUntilOpset12() throws {
    let rows = try ops(opset: 12) { $0.node("Softmax", "s", ["x"], ["y"]) }
    #expect(
      rows == [
        .flatten(Flatten(axis: 1)), .softmax(Softmax(axis: 1)), .reshape(Reshape(shape: [1, 2, 4, 4])),
      ])
    #expect(try ops(opset: 13) { $0.node("Softmax", "s", ["x"], ["y"]) } == [.softmax(Softmax(axis: 3))])
  }

  @Test func spellingsOfOtherOperators() throws {
    #expect(
      try ops { $0.node("Sum", "s", ["x", "x", "x"], ["y"]) } == [.binary(.add), .binary(.add)])
    let limits = try ops {
      $0.tensor(5, "six", [1], raw: WireEncoder.floats([6]))
      $0.node("Min", "m", ["six", "x"], ["y"])
    }
    #expect(limits == [.unary(.clip(minimum: -.infinity, maximum: 6))])
    let dropout = try read(
      WireEncoder.simple(opset: 13) {
        $0.node("Dropout", "d", ["x"], ["y", "mask"])
        $0.value(12, "mask", [1, 2, 4, 4], type: 9)
      }
    ).graph
    #expect(dropout.nodes.map(\.op) == [.identity(Identity())])
    let mask = try dropout.initializer(dropout.value(named: "mask"))?.integers()
    #expect(mask == [Int64](repeating: 1, count: 32))
  }

  @Test func windowsOfOneAxisAndOfThree() throws {
    let line = try ops {
      $0.tensor(5, "line", [3], type: 7, raw: WireEncoder.integers([1, 2, 16]))
      $0.tensor(5, "w", [3, 2, 5], raw: WireEncoder.floats([Float](repeating: 1, count: 30)))
      $0.node("Reshape", "r", ["x", "line"], ["t"])
      $0.node("Conv", "c", ["t", "w"], ["y"]) {
        $0.integersAttribute("pads", [1, 2])
        $0.integersAttribute("strides", [2])
      }
    }
    #expect(
      line[2]
        == .conv(
          Conv(window: Window(kernel: [1, 5], strides: [1, 2], pads: [0, 1, 0, 2], dilations: [1, 1]))))
    #expect(line.last == .reshape(Reshape(shape: [1, 3, 8])))
    let box = try ops {
      $0.tensor(5, "box", [5], type: 7, raw: WireEncoder.integers([1, 1, 2, 4, 4]))
      $0.node("Reshape", "r", ["x", "box"], ["t"])
      $0.node("MaxPool", "p", ["t"], ["y"]) { $0.integersAttribute("kernel_shape", [2, 3, 4]) }
    }
    #expect(box[2] == .maxPool(MaxPool(window: Window(kernel: [3, 4]))))
    #expect(box[4] == .maxPool(MaxPool(window: Window(kernel: [2, 1]))))
    #expect(box.last == .reshape(Reshape(shape: [0, 1, 1, 2, 1])))
  }

  @Test func positionsOfMaximaAreComputedWhereTheyAreRead() throws {
    let pool: (inout WireEncoder) -> Void = {
      $0.node("MaxPool", "p", ["x"], ["y", "positions"]) { $0.integersAttribute("kernel_shape", [2, 2]) }
    }
    #expect(try ops(pool) == [.maxPool(MaxPool(window: Window(2)))])
    let read = try ops {
      pool(&$0)
      $0.node("Cast", "c", ["positions"], ["z"]) { $0.integerAttribute("to", 1) }
      $0.value(12, "z", [1, 2, 3, 3])
    }
    #expect(read == [.maxPool(MaxPool(window: Window(2), givesIndices: true)), .cast(Cast(to: .float32))])
  }

  /// The chain by which exporters let -1 stand for an extent in Expand.
  @Test func shapesAreChosenWhereTheyAreKnown() throws {
    let graph = try read(
      WireEncoder.simple {
        $0.tensor(5, "wanted", [4], type: 7, raw: WireEncoder.integers([-1, 2, -1, 4]))
        $0.tensor(5, "minus", [1], type: 7, raw: WireEncoder.integers([-1]))
        $0.tensor(5, "four", [1], type: 7, raw: WireEncoder.integers([4]))
        $0.node("ConstantOfShape", "o", ["four"], ["ones"]) { attribute in
          attribute.message(5) {
            $0.text(1, "value")
            $0.tensor(5, "", [1], type: 7, raw: WireEncoder.integers([1]))
            $0.integer(20, 4)
          }
        }
        $0.node("Equal", "e", ["wanted", "minus"], ["same"])
        $0.node("Where", "w", ["same", "ones", "wanted"], ["shape"])
        $0.node("Expand", "x2", ["x", "shape"], ["y"])
      }
    ).graph
    #expect(graph.nodes.map(\.op) == [.expand(Expand(shape: [1, 2, 1, 4]))])
  }

  /// What an operator on known inputs gives while a file is read; nil if it is left to the graph.
  private func evaluate(_ op: Operator, _ inputs: [KnownTensor]) throws -> KnownTensor? {
    try Evaluator.outputs(
      of: op, inputs, types: try op.kind.inferTypes(inputs.map(\.type)),
      context: ParseContext(path: "test.onnx", fileSize: 0))?[0]
  }

  private func vector(_ values: [Int64], open: [Int: Dimension] = [:]) -> KnownTensor {
    KnownTensor(Tensor(values, shape: [values.count]), open: open)
  }

  @Test func arithmeticOfNumbersFollowsTheSpecification() throws {
    func mod(_ a: [Int64], _ b: [Int64], _ isTruncated: Bool) throws -> [Int64]? {
      try evaluate(.binary(.mod(isTruncated: isTruncated)), [vector(a), vector(b)])?.integers()
    }
    #expect(try mod([-4, 7, 5, -4], [3, -3, 3, -3], false) == [2, -2, 2, -1])
    #expect(try mod([-7, 7], [3, -3], true) == [-1, 1])
    #expect(try mod([1], [0], false) == nil)
    func range(_ start: Int64, _ limit: Int64, _ step: Int64) throws -> [Int64]? {
      try evaluate(.computed(.range()), [vector([start]), vector([limit]), vector([step])])?.integers()
    }
    #expect(try range(3, 9, 3) == [3, 6])
    #expect(try range(10, 4, -2) == [10, 8, 6])
    #expect(try range(0, 4, -1) == [])
    #expect(try range(0, .max, 1) == nil)
  }

  @Test func arithmeticOfOpenExtentsSaysWhatFollows() throws {
    let open = vector([1, 3], open: [0: .symbolic("n")])
    #expect(try evaluate(.binary(.equal), [open, vector([-1])])?.integers() == [0, 0])
    #expect(try evaluate(.binary(.equal), [open, vector([3])]) == nil)
    let times = try #require(try evaluate(.binary(.mul), [open, vector([4])]))
    #expect(try times.extents() == [.symbolic("4*n"), 12])
    #expect(try evaluate(.binary(.div), [times, vector([2])])?.extents() == [.symbolic("2*n"), 6])
    #expect(try evaluate(.binary(.div), [times, vector([3])]) == nil)
    #expect(try evaluate(.binary(.add), [open, open])?.extents() == [.symbolic("2*n"), 6])
    #expect(
      try evaluate(.reduce(Reduce(.product, axes: [0], keepsAxes: false)), [times])?.extents()
        == [.symbolic("48*n")])
    let joined = try evaluate(.concat(Concat(axis: 0)), [vector([7]), open, vector([-1])])
    #expect(try joined?.extents() == [7, .symbolic("n"), 3, -1])
    let taken = Gather(axis: 0, indices: [1, 0, 0], indexShape: [3])
    #expect(try evaluate(.gather(taken), [open])?.extents() == [3, .symbolic("n"), .symbolic("n")])
    let condition = KnownTensor(
      try Tensor(.bool, [2], storage: .copying([UInt8(0), 1], origin: "test.onnx")))
    #expect(
      try evaluate(.where(Where()), [condition, vector([5]), open])?.extents() == [.symbolic("n"), 5])
  }
}
