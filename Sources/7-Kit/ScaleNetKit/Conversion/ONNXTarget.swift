import FileIO
import ModelIR
import ONNXFormat

/// An ONNX model, with its weights beside it where that is asked for.
struct ONNXTarget: ConversionTarget, ~Copyable {
  private let expected: Graph
  private let halfType: DataType?
  private let writer: ONNXWriter
  private var output: ONNXOutput

  init(_ conversion: Conversion, _ graph: ConvertedGraph) throws(ScaleNetError) {
    var onnx = conversion.options.onnx
    // Convolutions and the like take bfloat16 from this opset on.
    if conversion.halfType == .bfloat16, onnx.opset == nil { onnx.opset = 22 }
    if conversion.path == StandardStreams.path {
      if onnx.externalData == .always {
        throw .invalidOption("externalData", "standard output has no file beside it")
      }
      onnx.externalData = .never
    }
    let writer = try ONNXWriter(
      StoredModel(graph: graph.result, metadata: try Self.metadata(conversion)), path: conversion.path,
      options: onnx.writerOptions)
    let output = try ONNXOutput(
      writer, overwrite: conversion.options.overwrite, inputs: conversion.model.files)
    self.expected = graph.source
    self.halfType = conversion.halfType
    self.writer = writer
    self.output = output
  }

  mutating func write() throws(ScaleNetError) { try output.write() }

  var byteCount: Int { writer.byteCount + (writer.externalData?.byteCount ?? 0) }

  func describe(_ report: inout ConversionReport) {
    report.companionFiles = writer.externalData.map { [$0.location] } ?? []
  }

  func verify(_ verification: Verification) throws(ScaleNetError) -> VerificationReport {
    let written = try output.map()
    let found = try ONNXReader.read(
      written.model, path: writer.path, options: ONNXReader.Options(externalData: written.data))
    return try verification.compare(
      expected: expected, found: found.graph, batch: 1, halfType: halfType)
  }

  consuming func commit() throws(ScaleNetError) { try output.commit() }

  /// What the file says of its origin. The source's name goes in without its directory: the same file anywhere gives
  /// the same bytes.
  private static func metadata(
    _ conversion: Conversion
  ) throws(ScaleNetError) -> [(key: String, value: String)] {
    let model = conversion.model
    var entries: [(key: String, value: String)] = []
    switch model.content {
    case .weights(_, let architecture):
      entries.append(("architecture", architecture.displayName))
      if let structure = architecture.structure { entries.append(("structure", structure.json)) }
      entries.append(("input_size", conversion.options.graph.build.inputSize.description))
    case .tensors(_, let error):
      throw error
    case .graph(let original):
      let own: Set<String> = ["source", "source_sha256", "tool", "tool_version"]
      entries = original.metadata.filter { !own.contains($0.key) }
    }
    entries.append(("source", model.path.splitPath.name.displayedPath))
    if conversion.options.checksum {
      guard let file = model.files.first else {
        throw .invalidOption("checksum", expected: "a model of a file", found: model.path)
      }
      entries.append(("source_sha256", try sha256(of: file)))
    }
    entries.append(("tool", "scalenet"))
    entries.append(("tool_version", ToolVersion.current))
    return entries
  }
}
