import Analysis
import FileIO
import ModelIR
import ONNXFormat

extension Conversion {
  /// Writes an ONNX model, with its weights beside it where that is asked for.
  func writeONNX(progress: (ConversionPhase) -> Void) throws(ScaleNetError) -> ConversionReport {
    progress(.building)
    if let option = options.explicitKerasOptions.first {
      throw .invalidOption(option, expected: "a Keras output", found: outputPath)
    }
    try model.refuse(options.explicitBuildOptions, inputSize: options.build.inputSize)
    let expected = try model.graph(options.build)
    let graph = try optimized(expected)

    progress(.writing)
    var onnx = options.onnx
    onnx.producerVersion = ToolVersion.current
    let metadata = try metadata()
    let writer = try ONNXWriter(
      StoredModel(graph: graph, metadata: metadata), path: outputPath, options: onnx)
    var output = try ONNXOutput(writer, overwrite: options.overwrite, inputs: [model.file])
    try output.write()
    var report = try report(graph: graph, bytes: writer.byteCount + (writer.externalData?.byteCount ?? 0))
    report.companionFiles = writer.externalData.map { [$0.location] } ?? []
    if options.verifies {
      progress(.verifying)
      report.verification = try verify(output, expected: expected)
    }
    try output.commit()
    return report
  }

  private func verify(
    _ output: borrowing ONNXOutput, expected: Graph
  ) throws(ScaleNetError) -> VerificationReport {
    let path = output.temporaryPath
    let data = output.temporaryData
    let file = try ByteRegion.map(path: path)
    let found = try ONNXReader.read(
      file, path: path,
      options: ONNXReader.Options(resolveExternalData: { $0 == data?.location ? data?.path : nil }))
    let isHalf = options.dataType == .float16
    return try verification.compare(
      expected: expected, found: found.graph, batch: 1, tolerance: isHalf ? .float16 : .float32)
  }

  /// What the file says of its origin. The source's name goes in without its directory: the same file anywhere gives
  /// the same bytes.
  private func metadata() throws(ScaleNetError) -> [(key: String, value: String)] {
    var entries: [(key: String, value: String)] = []
    switch model.content {
    case .weights(_, let configuration):
      entries.append(("architecture", configuration.displayName))
      if let structure = configuration.structure { entries.append(("structure", structure.json)) }
      entries.append(("input_size", options.build.inputSize.description))
    case .tensors(_, let error):
      throw error
    case .graph(let original):
      let own: Set<String> = ["source", "source_sha256", "tool", "tool_version"]
      entries = original.metadata.filter { !own.contains($0.key) }
    }
    entries.append(("source", model.path.split(separator: "/").last.map(String.init) ?? model.path))
    if options.addsChecksum { entries.append(("source_sha256", try sha256(of: model.file))) }
    entries.append(("tool", "scalenet"))
    entries.append(("tool_version", ToolVersion.current))
    return entries
  }
}
