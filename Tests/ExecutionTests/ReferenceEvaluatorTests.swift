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
    guard expected.dataType.isFloatingPoint || expected.dataType.isSmallFloat else {
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

  /// Values that no file should have: an error that names the node, never a trap.
  @Test func badValuesAreErrors() {
    func integers(_ values: [Int64], _ shape: [Int]? = nil) -> Tensor {
      Tensor(values, shape: TensorShape(shape ?? [values.count]))
    }
    func floats(_ values: [Float], _ shape: [Int]? = nil) -> Tensor {
      Tensor(values, shape: TensorShape(shape ?? [values.count]))
    }
    let x = floats([1, 2, 3, 4, 5, 6], [2, 3])
    let four = integers([1, 2, 3, 4])
    let cases: [(ModelIR.Operator, [Tensor?], String)] = [
      (.binary(.mod(isTruncated: true)), [four, integers([0, 1, 1, 1])], "divisors other than 0"),
      (.computed(.gather(axis: 1)), [x, integers([3])], "positions of axis 1"),
      (.computed(.gather(axis: 1)), [x, integers([.min])], "positions of axis 1"),
      (.gatherElements(GatherElements(axis: 0)), [x, integers([-3], [1, 1])], "positions from -2 to 1"),
      (.gatherND(GatherND()), [x, integers([1, .max])], "positions from -3 to 2"),
      (
        .scatterND(ScatterND()), [x, integers([2], [1, 1]), floats([1, 2, 3], [1, 3])], "positions from -2"
      ),
      (.computed(.reshape(allowsZero: false)), [x, integers([.max, .max])], "extents that hold [2, 3]"),
      (.computed(.reshape(allowsZero: false)), [x, integers([-1, -1])], "extents that hold [2, 3]"),
      (.computed(.expand()), [x, integers([-1, 3])], "shape"),
      (.computed(.tile()), [x, integers([.max, .max])], "extents in range"),
      (.computed(.pad(mode: .reflect)), [x, integers([.max, 0, 0, 0])], "pads"),
      (.computed(.slice), [x, integers([0]), integers([1]), integers([5])], "axes of rank 2"),
      (.computed(.slice), [x, integers([0]), integers([1]), integers([0]), integers([0])], "none of 0"),
      (.computed(.topK(axis: 1, isLargest: true, isSorted: true)), [x, integers([4])], "K"),
      (.computed(.oneHot(axis: 0)), [integers([0]), integers([.max]), floats([0, 1])], "output"),
      (.computed(.range()), [integers([0], []), integers([.max], []), integers([1], [])], "input delta"),
      (.computed(.range()), [integers([0], []), integers([9], []), integers([0], [])], "steps to"),
      (
        .computed(.constantOfShape(ScalarValue(.float32, real: 1))), [integers([1 << 31, 1 << 31])],
        "extents in range"
      ),
      (.computed(.split(axis: 1, parts: 2)), [x, integers([-1, 4])], "parts of 3"),
      (.computed(.cumSum(isExclusive: false, isReverse: false)), [x, integers([7], [])], "axis"),
      (
        .einsum(Einsum(equation: "a,b,c,d->")),
        (0..<4).map { _ in floats([Float](repeating: 1, count: 9999)) }, "at most"
      ),
      (
        .maxUnpool(MaxUnpool(window: Window(2))),
        [floats([1], [1, 1, 1, 1]), integers([4], [1, 1, 1, 1])], "positions of"
      ),
    ]
    for (op, inputs, expected) in cases {
      let text = message { _ = try ReferenceEvaluator.evaluate(op, inputs, node: "n") }
      #expect(text.hasPrefix("node n (\(op.name))") && text.contains(expected), "\(text)")
    }
    // The ends of ranges are no errors.
    let ends: [(ModelIR.Operator, [Tensor?], [Int64])] = [
      (
        .computed(.slice), [integers([1, 2, 3]), integers([.max]), integers([.min]), nil, integers([.min])],
        [3]
      ),
      (.computed(.slice), [integers([1, 2, 3]), integers([.min]), integers([.max])], [1, 2, 3]),
      (.binary(.div), [integers([.min]), integers([-1])], [.min]),
      (.binary(.mod(isTruncated: false)), [integers([.min]), integers([-1])], [0]),
      (.unary(.abs), [integers([.min])], [.min]),
      (.cast(Cast(to: .int64)), [floats([.nan, .infinity, -1.9])], [.min, .min, -1]),
    ]
    for (op, inputs, expected) in ends {
      #expect(
        (try? ReferenceEvaluator.evaluate(op, inputs, node: "n")[0].integers()) == expected, "\(op)")
    }
    let quantized = try? ReferenceEvaluator.evaluate(
      .dynamicQuantizeLinear(DynamicQuantizeLinear()), [floats([.nan, .infinity, 1])], node: "n")
    #expect(quantized?.count == 3)
  }
}
