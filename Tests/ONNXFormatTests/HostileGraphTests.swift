import FileIO
import Testing

@testable import ModelIR
@testable import ONNXFormat

/// Good messages of bad models.
@Suite struct HostileGraphTests {
  @Test func elementsMustMatchTheExtents() {
    func tensor(
      _ dims: [Int64], type: Int64 = 1, raw: [UInt8]?, _ more: (inout WireEncoder) -> Void = { _ in }
    ) -> String {
      failure(WireEncoder.simple { $0.tensor(5, "w", dims, type: type, raw: raw, more) })
    }
    #expect(
      tensor([2, 2], raw: [0, 0, 0, 0])
        == "test.onnx: tensor w: raw_data: expected 16 bytes for float32[2, 2], found 4")
    #expect(tensor([1], raw: [0, 0, 0, 0]) { $0.data(4, [0, 0, 0, 0]) }.contains("float_data too"))
    #expect(tensor([-1], raw: []).contains("dims: expected extents that are not negative"))
    #expect(tensor([1 << 62, 8, 0], raw: []).contains("dims"))
    #expect(tensor([1 << 31, 1 << 31, 1 << 31], raw: []).contains("dims"))
    #expect(
      tensor([1 << 40], raw: nil) { $0.data(7, [1, 2, 3]) }.contains("expected float_data, found int64_data"))
    #expect(
      tensor([1 << 40], type: 7, raw: nil) { $0.data(7, [1, 2, 3]) }.contains(
        "expected 1099511627776 elements"))
    #expect(
      tensor([2], type: 7, raw: nil) { $0.data(7, [1, 2, 3]) }.contains("expected 2 elements, found more"))
    #expect(
      tensor([1], type: 3, raw: nil) { $0.integer(5, 300) }.contains("expected elements of int8, found 300"))
    #expect(tensor([1], type: 8, raw: nil).contains("data_type: expected a type of numbers, found STRING"))
    #expect(tensor([2], type: 17, raw: [0]).contains("expected 2 bytes for float8_e4m3fn[2], found 1"))
    #expect(tensor([3], type: 22, raw: [0]).contains("expected 2 bytes, found 1"))
    #expect(tensor([1], type: 17, raw: nil) { $0.integer(5, 256) }.contains("found 256"))
    #expect(tensor([3], raw: nil).contains("elements: expected 3, found none"))
    #expect(tensor(.init(repeating: 1, count: 65), raw: [0, 0, 0, 0]).contains("at most 64 elements"))
  }

  @Test func nodesAreSorted() throws {
    let unsorted = WireEncoder.simple {
      $0.node("Relu", "second", ["h"], ["y"])
      $0.node("Relu", "first", ["x"], ["h"])
    }
    let sorted = try read(unsorted)
    #expect(sorted.graph.nodes.map(\.name) == ["first", "second"])
    #expect(sorted.notes == ["nodes stand before others whose outputs they read; they were sorted"])
    let cycle = WireEncoder.simple {
      $0.node("Add", "a", ["x", "k"], ["h"])
      $0.node("Relu", "b", ["h"], ["k"])
      $0.node("Relu", "c", ["k"], ["y"])
    }
    #expect(
      failure(cycle).contains("node a: expected no cycle, found that its input k depends on the node itself"))
    let itself = WireEncoder.simple { $0.node("Add", "a", ["x", "y"], ["y"]) }
    #expect(failure(itself).contains("node a: expected no cycle"))
    #expect(
      failure(WireEncoder.simple { $0.node("Conv", "c", ["x", "w"], ["y"]) })
        == "test.onnx: node c (Conv): expected an input, initializer or node output named w, found none")
  }

  @Test func namesAreUnique() {
    let twice = WireEncoder.simple {
      $0.node("Relu", "a", ["x"], ["y"])
      $0.node("Sigmoid", "b", ["x"], ["y"])
    }
    #expect(failure(twice).contains("node b (Sigmoid): output y: expected a value of its own"))
    let input = WireEncoder.simple { $0.node("Relu", "a", ["x"], ["x"]) }
    #expect(failure(input).contains("node a (Relu): output x"))
    let initializers = WireEncoder.simple {
      $0.tensor(5, "w", [0], raw: [])
      $0.tensor(5, "w", [0], raw: [])
    }
    #expect(failure(initializers).contains("found a second w"))
    #expect(
      failure(WireEncoder.simple { $0.value(11, "x", [1]) }).contains(
        "graph input x: expected one of that name"))
  }

  @Test func unknownThingsAreNamed() {
    func node(_ op: String, domain: String = "", _ attributes: (inout WireEncoder) -> Void = { _ in })
      -> String
    {
      failure(WireEncoder.simple { $0.node(op, "n", ["x"], ["y"], domain: domain, attributes) })
    }
    #expect(node("Loop").contains("node n (Loop): op_type"))
    #expect(node("Relu", domain: "com.example").contains("domain: expected ONNX's own, found com.example"))
    #expect(
      node("Relu") { $0.integerAttribute("fast", 1) }.contains(
        "attributes: expected those of Relu in opset 17, found fast"))
    #expect(
      node("Softmax") { $0.textAttribute("axis", "1") }.contains("attribute axis: expected INT, found STRING")
    )
    #expect(
      node("MaxPool") { $0.integersAttribute("kernel_shape", [2]) }.contains(
        "kernel_shape: expected 2 positive numbers"))
    #expect(node("MaxPool") { $0.integersAttribute("kernel_shape", [.max, .max]) }.contains("kernel_shape"))
    #expect(
      node("MaxPool") {
        $0.integersAttribute("kernel_shape", [2, 2])
        $0.integersAttribute("pads", [.min, 0, 0, 0])
      }.contains("pads"))
    #expect(node("Softmax") { $0.integerAttribute("axis", .min) }.contains("axis: expected -4 to 3"))
    #expect(node("Upsample").contains("expected Resize in opset 17"))
  }

  @Test func extentsOfInputsAreChecked() throws {
    func input(_ shape: [Int64], type: Int64 = 1) -> String {
      failure(
        WireEncoder.model {
          $0.node("Relu", "n", ["x"], ["y"])
          $0.value(11, "x", shape, type: type)
          $0.value(12, "y", nil)
        })
    }
    #expect(input([1, 0]).contains("graph input x, axis 1: expected a positive extent, found 0"))
    #expect(input([1, -2]).contains("positive extent"))
    #expect(input([.max, .max]).contains("expected a size in range"))
    #expect(input([1], type: 8).contains("found STRING"))
    #expect(input([1], type: 1) == "no error")
    let output = WireEncoder.simple(outputShape: [1, 3, 4, 4]) { $0.node("Relu", "n", ["x"], ["y"]) }
    #expect(
      try read(output).notes == [
        "output y is float32[1, 2, 4, 4], not [1, 3, 4, 4] as the file declares"
      ])
    #expect(failure(WireEncoder.simple { _ in }).contains("graph output y: expected a node that produces it"))
  }

  @Test func sizesThatOverflowAreErrors() {
    let bytes = WireEncoder.simple {
      $0.tensor(5, "s", [4], type: 7, raw: WireEncoder.integers([1 << 24, 1 << 24, 1 << 24, 1 << 24]))
      $0.node("Resize", "n", ["x", "", "", "s"], ["y"])
    }
    #expect(failure(bytes).contains("a size in range"))
    let huge = WireEncoder.simple {
      $0.tensor(5, "s", [4], type: 7, raw: WireEncoder.integers([1, 2, .max, .max]))
      $0.node("Resize", "n", ["x", "", "", "s"], ["y"])
    }
    #expect(failure(huge).contains("sizes"))
  }

  @Test func manyNodesOfOneNameTakeLinearTime() throws {
    // Quadratic, this takes minutes.
    let bytes = WireEncoder.model {
      $0.node("Relu", "n", ["x"], ["v0"])
      for index in 1..<20_000 { $0.node("Relu", "n", ["v\(index - 1)"], ["v\(index)"]) }
      $0.value(11, "x", [1])
      $0.value(12, "v19999", nil)
    }
    let graph = try read(bytes).graph
    #expect(graph.nodes.count == 20_000)
    #expect(graph.nodes[2].name == "n_2")
  }

  @Test func arithmeticIsBounded() {
    var graph = WireEncoder()
    graph.tensor(5, "c0", [64, 64], type: 7, raw: .init(repeating: 1, count: 64 * 64 * 8))
    for index in 0..<2000 {
      graph.node("Neg", "n\(index)", ["c\(index)"], [index == 1999 ? "y" : "c\(index + 1)"])
    }
    #expect(failure(WireEncoder.simple { $0.raw(graph.bytes) }).contains("at most 4000000 elements"))
  }
}
