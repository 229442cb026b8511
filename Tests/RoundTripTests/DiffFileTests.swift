import Execution
import FileIO
import ModelIR
import NumPyFormat
import ScaleNetKit
import TestSupport
import Testing

/// One network in every format, compared file with file.
@Suite struct DiffFileTests {
  private static let source = Fixtures.path("tiny/tiny.pth")

  private func convert(_ folder: String, _ name: String, folds: Bool = true, half: Bool = false) throws
    -> String
  {
    let path = "\(folder)/\(name)"
    var options = ConversionOptions()
    options.foldBatchNormalization = folds
    options.dataType = half ? .float16 : nil
    _ = try Model.open(Self.source).convert(to: path, options)
    return path
  }

  private func model(_ path: String) throws -> Comparand { .model(try Model.open(path)) }

  private func array(_ name: String) throws -> Tensor {
    try NumPyReader.array(try ByteRegion.map(path: Fixtures.path("tiny/\(name)")))
  }

  private func isConvolution(_ layer: DiffReport.Layer) -> Bool { layer.op == "Conv" }

  @Test(arguments: ["folded.onnx", "unfolded.onnx", "folded.h5", "unfolded.keras"])
  func honestConversions(name: String) throws {
    try withTemporaryDirectory { folder in
      let path = try convert(folder, name, folds: name.hasPrefix("folded"))
      var options = ComparisonOptions()
      options.layers = true
      options.weights = true
      for (left, right) in [(Self.source, path), (path, Self.source)] {
        let report = try compare(try model(left), try model(right), options)
        #expect(report.verdict == .match)
        #expect(report.kind == (name.hasPrefix("folded") ? .rounding : .identical))
        #expect(report.cause == nil)
        #expect(report.firstDivergence == nil)
        #expect(report.layers.allSatisfy { $0.isWithinTolerance })
        #expect(report.weights?.allSatisfy { $0.status == .rounded } == true)
        #expect(report.unmatched?.left.allSatisfy { $0.reason != "no value of this content" } == true)
        #expect(report.unmatched?.right.allSatisfy { $0.reason != "no value of this content" } == true)
        if !name.hasPrefix("folded") {
          #expect(report.layers.count == 138)
          #expect(report.weights == [])
        }
        let isKeras = !name.hasSuffix(".onnx")
        let layouts = [report.inputs.first?.layout, report.inputs.first?.otherLayout]
        #expect(layouts.contains("NHWC") == isKeras)
        #expect(report.notes.contains { $0.contains("NHWC") } == isKeras)
      }
    }
  }

  @Test func halfPrecision() throws {
    try withTemporaryDirectory { folder in
      let path = try convert(folder, "half.onnx", half: true)
      var options = ComparisonOptions()
      let report = try compare(try model(Self.source), try model(path), options)
      #expect(report.verdict == .differ)
      #expect(report.cause?.kind == .halfPrecision)
      #expect(report.cause?.confirmed == true)
      options.tolerance = .float16
      #expect(try compare(try model(Self.source), try model(path), options).verdict == .match)
    }
  }

  /// What the published implementation gave, from its file; the input in either layout.
  @Test func recordedOutput() throws {
    let recorded = RecordedOutputs([
      [NamedTensor(name: "output", tensor: try array("output_1x3x224x224.npy"))]
    ])
    let image = try array("input_1x3x224x224.npy")
    for tensor in [image, image.transposed([0, 2, 3, 1])] {
      var options = ComparisonOptions()
      options.inputs = [
        InputArrays(tensor, source: "image.npy")
      ]
      let report = try compare(try model(Self.source), .outputs(recorded), options)
      #expect(report.verdict == .match)
      #expect(report.kind == .rounding)
      #expect(report.right.isRecording)
      #expect(report.inputs.first?.source == "image.npy")
      #expect(report.notes.contains("image.npy is read as NHWC") == (tensor.shape[1] == 224))
    }
    // Another input: the recording can't be of it.
    #expect(try compare(try model(Self.source), .outputs(recorded)).verdict == .differ)
  }

  /// Weights follow the size of the other side's graph, and its batch.
  @Test func sizesAndBatches() throws {
    try withTemporaryDirectory { folder in
      let path = "\(folder)/wide.onnx"
      var conversion = ConversionOptions()
      conversion.graph.inputSize = InputSize(height: 225, width: 257)
      conversion.graph.batch = .fixed(2)
      conversion.verify = false
      _ = try Model.open(Self.source).convert(to: path, conversion)
      var options = ComparisonOptions()
      options.batches = 2
      options.seed = 9
      let plan = try ComparisonPlan(try model(Self.source), try model(path), options)
      let saved = plan.inputs
      let report: DiffReport = try plan.report()
      #expect(report.verdict == .match)
      #expect(report.inputs.first?.shape == [2, 3, 225, 257])
      #expect(report.batches == 2)
      #expect(report.outputs.first?.metrics.elementCount == 40)
      #expect(saved.count == 2)
      var random = RandomSource(seed: 9)
      for batch in saved {
        let input = try #require(batch.first)
        let elements = try input.tensor.floats()
        #expect(elements == random.normals(2 * 3 * 225 * 257))
        #expect([input.name, input.otherName] == ["input", "input"])
      }
    }
  }

  @Test func refusals() throws {
    var options = ComparisonOptions()
    options.inputs = [
      InputArrays(["x": Tensor([Float](repeating: 0, count: 12), shape: [3, 4])], source: "x.npy")
    ]
    let source = try model(Self.source)
    #expect(throws: ScaleNetError.self) { try compare(source, source, options) }
    let recorded = RecordedOutputs(
      [[NamedTensor(name: "y", tensor: Tensor([1, 2, 3] as [Float], shape: [1, 3]))]], name: "r.npz")
    // Outputs of another shape are different, and not compared.
    #expect(try compare(source, .outputs(recorded)).verdict == .differ)
    let two = RecordedOutputs(recorded.batches + recorded.batches, name: "s.npz")
    #expect(throws: ScaleNetError.self) { try compare(.outputs(recorded), .outputs(two)) }
  }
}
