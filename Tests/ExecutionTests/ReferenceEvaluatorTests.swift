import Execution
import FileIO
import ModelIR
import TestSupport
import Testing

@Suite struct ReferenceEvaluatorTests {
  /// Cases that are computed otherwise here, and why.
  private static let differing = [
    "test_resize_downsample_scales_linear_align_corners":
      "runtimes divide by whole extents, onnx's numpy does not",
    "test_resize_downsample_scales_cubic_align_corners": "the same",
  ]

  /// Every operator on every type, against onnx's own node tests and ONNX Runtime.
  @Test(arguments: Set(NodeCase.all.map(\.op)).sorted())
  func computesAsOthersDo(_ op: String) throws {
    for nodeCase in NodeCase.all where nodeCase.op == op && Self.differing[nodeCase.name] == nil {
      let (kind, inputs) = try nodeCase.graphOperator()
      let results: [Tensor]
      do {
        // What the mapping took into the payload is no input any more.
        let trimmed = Array(inputs.prefix(kind.kind.inputCount.upperBound))
        results = try ReferenceEvaluator.evaluate(kind, trimmed, node: nodeCase.name)
      } catch {
        Issue.record("\(nodeCase.name): \(error)")
        continue
      }
      #expect(results.count >= nodeCase.outputs.count, "\(nodeCase.name)")
      for (result, expected) in zip(results, nodeCase.outputs) {
        guard let expected else { continue }
        if let difference = try Self.difference(result, expected, source: nodeCase.source) {
          Issue.record("\(nodeCase.name) (\(nodeCase.source)): \(difference)")
        }
      }
    }
  }

  /// What differs; nil if both are the same within the rounding of their type.
  private static func difference(_ found: Tensor, _ expected: Tensor, source: String) throws -> String? {
    guard found.dataType == expected.dataType, found.shape == expected.shape else {
      return "\(found.dataType) \(found.shape) for \(expected.dataType) \(expected.shape)"
    }
    guard expected.dataType.isFloatingPoint || expected.dataType.isFloat8 else {
      let (a, b) = (try found.integers(), try expected.integers())
      return a == b ? nil : "\(a.prefix(12)) for \(b.prefix(12))"
    }
    let (relative, absolute): (Double, Double) =
      switch expected.dataType {
      case .float16: (2e-3, 1e-3)
      case .bfloat16: (1.6e-2, 1e-2)
      case .float64: (1e-6, 1e-8)
      // The authors of onnx's cases wrote some down with four digits.
      default: source == "onnx" ? (1e-3, 2e-6) : (1e-5, 2e-6)
      }
    let (a, b) = (try found.doubles(), try expected.doubles())
    for (index, (x, y)) in zip(a, b).enumerated() {
      let isSame = x == y || (x.isNaN && y.isNaN) || abs(x - y) <= absolute + relative * abs(y)
      if !isSame { return "element \(index) is \(x) for \(y)" }
    }
    return nil
  }

  @Test func sizesAreChecked() {
    let one = Tensor([1] as [Float], shape: [1])
    let text = message {
      _ = try ReferenceEvaluator.evaluate(
        .expand(Expand(shape: [1 << 20, 1 << 20])), [one], node: "big", limit: 1 << 30)
    }
    #expect(
      text == "node big (Expand): output: expected at most 1073741824 bytes, found extents [1048576, 1048576]"
    )
  }
}
