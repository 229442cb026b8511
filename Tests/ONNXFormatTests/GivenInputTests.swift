import FileIO
import Testing

@testable import ModelIR
@testable import ONNXFormat

/// Models that are read for arrays that are known.
@Suite struct GivenInputTests {
  private func read(_ bytes: [UInt8], _ given: [String: Tensor]) throws(ScaleNetError) -> Graph {
    let options = ONNXReader.Options(given: .named(given))
    return try ONNXReader.read(.copying(bytes, origin: "t.onnx"), path: "t.onnx", options: options).graph
  }

  private func image(_ shape: TensorShape) -> Tensor {
    Tensor([Float](repeating: 1, count: shape.elementCount), shape: shape)
  }

  /// Inputs `x` [batch, 2, height, width] and `shape` int64[2], and a Reshape of one by the other.
  private var reshape: [UInt8] {
    WireEncoder.model {
      $0.text(2, "g")
      $0.node("Reshape", "r", ["x", "shape"], ["y"])
      $0.message(11) { value in
        value.text(1, "x")
        value.message(2) {
          $0.message(1) { tensor in
            tensor.integer(1, 1)
            tensor.message(2) { shape in
              shape.message(1) { $0.text(2, "batch") }
              shape.message(1) { $0.integer(1, 2) }
              shape.message(1) { $0.text(2, "height") }
              shape.message(1) { $0.text(2, "width") }
            }
          }
        }
      }
      $0.value(11, "shape", [2], type: 7)
      $0.value(12, "y", nil)
    }
  }

  @Test func integersAreConstantsAndExtentsAreKnown() throws {
    let graph = try read(
      reshape, ["x": image([3, 2, 4, 5]), "shape": Tensor([Int64(6), -1], shape: [2])])
    #expect(graph.nodes.map(\.op) == [.reshape(Reshape(shape: [6, -1]))])
    #expect(graph.inputs.map { graph[$0].name } == ["x"])
    #expect(graph[graph.outputs[0]].type == TensorType(.float32, [6, 20]))
  }

  @Test func arraysMustBeThoseOfTheInputs() {
    func failure(_ given: [String: Tensor]) -> String {
      do throws(ScaleNetError) {
        _ = try read(reshape, given)
        return "no error"
      } catch {
        return error.description
      }
    }
    let x = image([3, 2, 4, 5])
    let shape = Tensor([Int64(6), -1], shape: [2])
    #expect(failure(["x": x]).contains("graph input shape: expected an array, found none"))
    #expect(
      failure(["x": x, "shape": shape, "z": x]).contains("array z: expected one of the inputs x, shape"))
    let long = Tensor([Int64](repeating: 1, count: 3), shape: [3])
    #expect(failure(["x": x, "shape": long]).contains("expected int64[2], found an array int64[3]"))
  }

  @Test func realNumbersAreConstantsWhereOneIsNeeded() throws {
    let bytes = WireEncoder.simple {
      $0.node("Clip", "c", ["x", "", "limit"], ["t"])
      $0.node("PRelu", "p", ["t", "limit"], ["y"])
      $0.value(11, "limit", [])
    }
    let graph = try read(bytes, ["x": image([1, 2, 4, 4]), "limit": Tensor([Float(6)], shape: [])])
    #expect(graph.nodes[0].op == .unary(.clip(minimum: -.infinity, maximum: 6)))
    #expect(try graph.initializer(graph.nodes[1].inputs[1])?.floats() == [6])
    #expect(graph.inputs.map { graph[$0].name } == ["limit", "x"])
  }

  @Test func openImagesTakeTheSizeThatIsGiven() throws {
    let options = ONNXReader.Options(imageSize: ONNXReader.ImageSize(height: 32, width: 48))
    let bytes = WireEncoder.model {
      $0.node("GlobalMaxPool", "p", ["x"], ["y"])
      $0.message(11) { value in
        value.text(1, "x")
        value.message(2) {
          $0.message(1) { tensor in
            tensor.integer(1, 1)
            tensor.message(2) { shape in
              for name in ["n", "", "h", "w"] {
                shape.message(1) { if name.isEmpty { $0.integer(1, 3) } else { $0.text(2, name) } }
              }
            }
          }
        }
      }
      $0.value(12, "y", nil)
    }
    let graph = try ONNXReader.read(.copying(bytes, origin: "t.onnx"), path: "t.onnx", options: options).graph
    #expect(graph[graph.inputs[0]].type == TensorType(.float32, [.symbolic("n"), 3, 32, 48]))
  }
}
