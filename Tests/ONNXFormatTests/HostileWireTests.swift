import FileIO
import Testing

@testable import ModelIR
@testable import ONNXFormat

/// Bytes that are no good message.
@Suite struct HostileWireTests {
  /// A convolution, a constant-folded reshape and a typed tensor: a bit of everything, in few bytes.
  private static let good = WireEncoder.simple {
    $0.node("Conv", "c", ["x", "w"], ["h"]) { $0.integersAttribute("pads", [1, 1, 1, 1]) }
    $0.node("Shape", "s", ["h"], ["shape"])
    $0.node("Reshape", "r", ["h", "shape"], ["k"])
    $0.node("Softmax", "m", ["k"], ["y"]) { $0.integerAttribute("axis", 1) }
    $0.tensor(5, "w", [1, 2, 3, 3], raw: nil) {
      $0.data(4, WireEncoder.floats(.init(repeating: 0.5, count: 18)))
    }
  }

  @Test func theGoodModelIsGood() throws {
    let graph = try read(Self.good).graph
    #expect(graph.nodes.map(\.op.name) == ["Conv", "Reshape", "Softmax"])
    #expect(graph.outputs.map { graph[$0].type } == [TensorType(.float32, [1, 1, 4, 4])])
  }

  @Test func truncationAtEveryByteIsAnError() throws {
    // Cut before the last field, the model lacks its opset; within any other it is malformed.
    for count in 0..<Self.good.count {
      #expect(throws: ScaleNetError.self) { try read(Array(Self.good[..<count])) }
    }
  }

  @Test func flippedBytesNeverCrash() throws {
    var outcomes = (read: 0, refused: 0)
    for position in Self.good.indices {
      // Each bit for itself, and all of them.
      for mask in [1, 2, 4, 8, 16, 32, 64, 128, 255] as [UInt8] {
        var bytes = Self.good
        bytes[position] ^= mask
        _ = ONNXReader.recognizes(.copying(bytes))
        do throws(ScaleNetError) {
          _ = try read(bytes)
          outcomes.read += 1
        } catch {
          #expect(!error.description.contains("\n"))
          outcomes.refused += 1
        }
      }
    }
    // Weights may be anything; most of the rest may not.
    #expect(outcomes.read > 0 && outcomes.refused > outcomes.read / 4)
  }

  @Test func lengthsAndVarintsAreChecked() {
    var lying = WireEncoder()
    lying.integer(1, 8)
    lying.raw([0x3a, 0xff, 0xff, 0xff, 0xff, 0x7f])
    #expect(
      failure(lying.bytes)
        == "test.onnx: model at byte 2: expected at most 0 bytes in field 7, found a length of 34359738367")
    #expect(failure([0x08] + [UInt8](repeating: 0xff, count: 11)).contains("a varint of at most 10 bytes"))
    #expect(
      failure([0x08] + [UInt8](repeating: 0xff, count: 9) + [0x02]).contains("a varint of at most 10 bytes"))
    #expect(failure([0x00, 0x01]).contains("expected a field number, found 0"))
    #expect(failure([0x0f]).contains("expected a wire type, found 7"))
    #expect(failure([0xf8, 0x7f, 0x01]).contains("expected a known field, found field 2047"))
    #expect(failure([0x08, 0x08, 0x08, 0x09]).contains("expected field 1 once"))
    #expect(failure([0x0d, 0, 0, 0, 0]).contains("model.ir_version at byte 0: expected a varint"))
  }

  @Test func nestingIsNoProblem() {
    // Groups, and subgraphs in subgraphs, a hundred thousand deep.
    #expect(failure([UInt8](repeating: 0x0b, count: 100_000)).contains("expected no groups"))
    var inner = WireEncoder()
    for _ in 0..<300 {
      var attribute = WireEncoder()
      attribute.text(1, "body")
      attribute.data(6, inner.bytes)
      attribute.integer(20, 5)
      var outer = WireEncoder()
      outer.node("Loop", "n", ["x"], ["y"]) { $0.data(5, attribute.bytes) }
      inner = outer
    }
    let bytes = WireEncoder.simple { $0.raw(inner.bytes) }
    #expect(
      failure(bytes).contains(
        "node n (Loop): op_type: expected an operator that is supported here, found Loop"))
  }

  @Test func manyTinyMessagesStayWithinTheBudget() {
    let nodes = [UInt8](repeating: 0, count: 1_000_000).enumerated().map {
      UInt8($0.offset % 2 == 0 ? 0x0a : 0)
    }
    #expect(
      failure(WireEncoder.simple { $0.raw(nodes) }).contains("messages in a file of this size, found more"))
    let names = [UInt8](repeating: 0, count: 5_000_000).enumerated().map {
      UInt8($0.offset % 2 == 0 ? 0x0a : 0)
    }
    let node = WireEncoder.simple { $0.data(1, names) }
    #expect(failure(node).contains("at most 2000000 names"))
  }

  @Test func namesMustBeText() {
    let bad = WireEncoder.simple { $0.data(1, [0x22, 2, 0xc3, 0x28]) }
    #expect(failure(bad).contains("model.graph.node[0].op_type"))
    #expect(failure(bad).contains("expected UTF-8"))
    let escape = failure(WireEncoder.simple { $0.node("Nope\u{1b}[31m\n", "a\u{7}", ["x"], ["y"]) })
    #expect(!escape.unicodeScalars.contains { $0.value < 32 })
    #expect(escape.contains("node a\\u{7} (Nope\\u{1b}[31m\\u{a})"))
  }

  @Test func partsOfTheFormatThatAreNotReadAreErrors() {
    #expect(
      failure(WireEncoder.model { _ in } + [0xca, 0x01, 2, 0x10, 0]).contains("model.functions[0]"))
    #expect(failure(WireEncoder.simple { $0.data(15, []) }).contains("sparse_initializer"))
    let segment = WireEncoder.simple { $0.tensor(5, "w", [1], raw: [0, 0, 0, 0]) { $0.data(3, []) } }
    #expect(failure(segment).contains("model.graph.initializer[0].segment"))
    #expect(
      failure(WireEncoder.model(opset: 29) { _ in }).contains(
        "opset_import: expected opset 1 to 28, found 29"))
    let old = WireEncoder.simple(opset: 6) { $0.node("Add", "sum", ["x", "x"], ["y"]) }
    #expect(
      failure(old).contains(
        "node sum (Add): op_type: expected an operator of opset 6, found Add, which is defined in opset 7 and later"
      ))
    #expect(failure(WireEncoder.model(opset: .max) { _ in }).contains("opset_import"))
    #expect(
      failure(WireEncoder.model(irVersion: 99) { _ in }).contains("ir_version: expected 3 to 14, found 99"))
    #expect(failure([]).contains("ir_version"))
    let sequence = WireEncoder.model {
      $0.message(11) {
        $0.text(1, "x")
        $0.message(2) { $0.data(4, []) }
      }
    }
    #expect(failure(sequence).contains("expected a tensor, found a sequence"))
  }
}
