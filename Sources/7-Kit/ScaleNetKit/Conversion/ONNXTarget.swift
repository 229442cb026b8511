import FileIO
import ModelIR
import ONNXFormat

/// An ONNX model, with its weights beside it where that is asked for.
struct ONNXTarget: ConversionTarget, ~Copyable {
  private let graph: ConvertedGraph
  private let isHalf: Bool
  private let writer: ONNXWriter
  private var output: ONNXOutput

  init(_ conversion: Conversion, _ graph: ConvertedGraph) throws(ScaleNetError) {
    let writer = try ONNXWriter(
      StoredModel(graph: graph.result, metadata: try Self.metadata(conversion, graph.imageMetadata)),
      path: conversion.path,
      options: conversion.options.onnx.writerOptions)
    let output = try ONNXOutput(
      writer, overwrite: conversion.options.overwrite, inputs: conversion.model.files)
    self.graph = graph
    self.isHalf = conversion.isHalf
    self.writer = writer
    self.output = output
  }

  mutating func write() throws(ScaleNetError) { try output.write() }

  var byteCount: Int { writer.byteCount + (writer.externalData?.byteCount ?? 0) }

  func describe(_ report: inout ConversionReport) {
    report.companionFiles = writer.externalData.map { [$0.location] } ?? []
  }

  func verify(_ verification: Verification) throws(ScaleNetError) -> VerificationReport {
    let path = output.temporaryPath
    let data = output.temporaryData
    let found = try ONNXReader.read(
      try ByteRegion.map(path: path), path: path,
      options: ONNXReader.Options(resolveExternalData: { $0 == data?.location ? data?.path : nil }))
    return try verification.compare(
      expected: graph.source, found: found.graph, batch: 1,
      tolerance: isHalf ? .writtenFloat16 : .writtenFloat32, preprocessing: graph.preprocessing)
  }

  consuming func commit() throws(ScaleNetError) { try output.commit() }

  /// What the file says of its origin. The source's name goes in without its directory: the same file anywhere gives
  /// the same bytes.
  private static func metadata(
    _ conversion: Conversion, _ images: ImageMetadata?
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
    if let images {
      entries.removeAll { [ImageMetadata.preprocessingKey, ImageMetadata.labelsKey].contains($0.key) }
      entries += images.entries
    }
    entries.append(("source", model.path.split(separator: "/").last.map(String.init) ?? model.path))
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
