import Analysis
import FileIO
import KerasFormat
import ModelIR

extension Conversion {
  /// Writes a Keras model, or the weights of one.
  func writeKeras(progress: (ConversionPhase) -> Void) throws(ScaleNetError) -> ConversionReport {
    guard let container = KerasWriter.Container(path: kerasPath, weightsOnly: options.weightsOnly) else {
      throw .invalidOption(
        "weightsOnly", expected: "a name that ends in .h5 or .weights.h5", found: outputPath)
    }
    if options.halfIO {
      throw .unsupported(
        path: outputPath, operation: "write --half-io",
        reason: "Keras's mixed_float16 keeps inputs and outputs in float32")
    }
    if let option = options.explicitONNXOptions.first {
      throw .invalidOption(option, expected: "an ONNX output", found: outputPath)
    }
    progress(.building)
    try model.refuse(options.explicitBuildOptions, inputSize: options.build.inputSize)
    let expected = try model.graph(options.build)
    let graph = try optimized(expected)

    progress(.writing)
    let writer = try KerasWriter(
      StoredModel(graph: graph), path: outputPath,
      options: KerasWriter.Options(container: container, dataFormat: options.dataFormat))
    var output = try OutputFile(path: outputPath, overwrite: options.overwrite, inputs: [model.file])
    try writer.write(to: &output)
    try output.finish()

    var report = try report(graph: graph, bytes: output.byteCount)
    report.inputs = writer.inputs.map { input in
      let shape = input.shape.map { $0.map(String.init) ?? "batch" }.joined(separator: ", ")
      return "\(input.name) float32[\(shape)]" + (input.layout.map { " (\($0))" } ?? "")
    }
    report.outputs = graph.outputs.map { id in
      let type = graph[id].type
      guard type.rank == 4, options.dataFormat == .channelsLast else { return "\(graph[id].name) \(type)" }
      let order = [0, 2, 3, 1].map { type.dimensions[$0] }
      return "\(graph[id].name) \(TensorType(type.dataType, order)) (NHWC)"
    }
    if options.weightsOnly { report.weightNames = writer.names.map { ConversionReport.WeightName($0) } }
    if options.verifies {
      progress(.verifying)
      let path = output.temporaryPath
      let file = try ByteRegion.map(path: path)
      report.verification = try verify(file, writer, expected: expected)
    }
    try output.commit()
    return report
  }

  /// The path whose ending says which kind of Keras file it is; `--to` takes the place of an unknown ending.
  private var kerasPath: String {
    FileFormat.forExtension(of: outputPath) == .keras
      ? outputPath : outputPath + (options.kerasSuffix ?? ".h5")
  }

  private func verify(
    _ file: ByteRegion, _ writer: KerasWriter, expected: Graph
  ) throws(ScaleNetError) -> VerificationReport {
    if options.weightsOnly {
      let count = try writer.verifyWeights(in: file)
      return VerificationReport(method: "bits", comparedValues: count, largestRelativeError: 0, tolerance: 0)
    }
    let found = try KerasReader.read(file)
    return try verification.compare(
      expected: expected, found: found.graph, batch: 1, namesMatch: false,
      tolerance: options.dataType == .float16 ? .float16 : .float32)
  }
}
