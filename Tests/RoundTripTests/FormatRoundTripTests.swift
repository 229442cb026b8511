import Architectures
import FileIO
import Foundation
import ModelIR
import ONNXFormat
import PyTorchFormat
import TestSupport
import Testing

/// What is read, written and read again is the same graph with the same weights.
@Suite struct FormatRoundTripTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var opset = 17
    var folds = true
    var half = false
    var options = BuildOptions()
    var external = ONNXWriter.Options.ExternalDataPolicy.automatic

    var testDescription: String {
      "opset \(opset) folds \(folds) half \(half) \(options.inputSize) batch \(options.batch) \(external)"
    }
  }

  static let cases: [Case] =
    [11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21].map { Case(opset: $0) } + [
      Case(opset: 11, folds: false), Case(opset: 13, folds: false), Case(opset: 15, folds: false),
      Case(opset: 18, folds: false, half: true), Case(half: true), Case(external: .always),
      Case(options: BuildOptions(inputSize: InputSize(height: 225, width: 257), batch: 3)),
      Case(opset: 11, options: BuildOptions(inputSize: InputSize(height: 256, width: 320))),
      Case(options: BuildOptions(features: true)), Case(opset: 12, options: BuildOptions(softmax: true)),
    ]

  private func write(_ model: StoredModel, to path: String, _ test: Case) throws {
    var options = ONNXWriter.Options(opset: test.opset)
    options.externalData = test.external
    var output = try ONNXOutput(try ONNXWriter(model, path: path, options: options), overwrite: true)
    try output.write()
    try output.commit()
  }

  private func read(_ path: String) throws -> StoredModel {
    try ONNXReader.read(try ByteRegion.map(path: path), path: path)
  }

  @Test(arguments: cases)
  func onnx(test: Case) throws {
    var graph = try TinyNetwork.graph(test.options)
    var passes: [any GraphPass] = test.folds ? [FoldBatchNormalization()] : []
    if test.half { passes.append(ConvertToHalf()) }
    try graph.apply(passes + [EliminateDeadNodes()])
    try withTemporaryDirectory { directory in
      let path = directory + "/a.onnx"
      try write(StoredModel(graph: graph, metadata: [("key", "value")]), to: path, test)
      let first = try read(path)
      #expect(first.metadata.map(\.key) == ["key"] && first.metadata.map(\.value) == ["value"])
      expectEqual(first.graph, graph)
      let bytes = try Data(contentsOf: URL(filePath: path))
      try write(first, to: path, test)
      #expect(try Data(contentsOf: URL(filePath: path)) == bytes)
    }
  }

  private func expectEqual(_ found: Graph, _ expected: Graph) {
    func name(_ graph: Graph, _ id: ValueID?) -> String? { id.map { graph[$0].name } }
    #expect(found.name == expected.name)
    #expect(found.nodes.map(\.name) == expected.nodes.map(\.name))
    #expect(found.inputs.map { found[$0].name } == expected.inputs.map { expected[$0].name })
    #expect(found.outputs.map { found[$0].name } == expected.outputs.map { expected[$0].name })
    for (a, b) in zip(found.nodes, expected.nodes) {
      #expect(a.op == b.op, "\(a.name)")
      #expect(a.inputs.map { name(found, $0) } == b.inputs.map { name(expected, $0) })
      #expect(a.outputs.map { name(found, $0) } == b.outputs.map { name(expected, $0) })
    }
    for id in expected.valueIDs {
      let value = expected[id]
      guard let other = found.value(named: value.name) else {
        Issue.record("\(value.name) is missing")
        continue
      }
      #expect(found[other].type == value.type, "\(value.name)")
      if let tensor = value.initializer {
        let isSame = (try? found[other].initializer?.hasSameBits(as: tensor)) ?? false
        #expect(isSame, "\(value.name)")
      }
    }
    #expect(found.values.count == expected.values.count)
  }

  @Test(arguments: [
    "tiny.pth", "tiny.legacy.pth", "tiny.data_parallel.pth", "tiny.training_checkpoint.pth", "tiny.half.pth",
    "tiny.bfloat16.pth", "tiny.double.pth", "tiny.views.pth", "tiny.views.legacy.pth", "tiny.backbone.pth",
  ])
  func pytorch(name: String) throws {
    let weights = try TinyNetwork.weights(name)
    try withTemporaryDirectory { directory in
      let path = directory + "/a.pth"
      var output = try OutputFile(path: path, overwrite: false)
      try PyTorchWriter.write(weights, to: &output)
      try output.commit()
      let found = try PyTorchReader.read(try ByteRegion.map(path: path), verifyChecksums: true)
      #expect(found.names == weights.names)
      for entry in weights.entries {
        #expect(try found[entry.name]?.hasSameBits(as: entry.tensor) == true, "\(entry.name)")
      }
    }
  }
}
