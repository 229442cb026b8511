import FileIO
import ModelIR
import ONNXFormat

/// An ONNX model, with its weights beside it where that is asked for.
struct ONNXTarget: ConversionTarget, ~Copyable {
  private let graph: ConvertedGraph
  private let halfType: DataType?
  private let writer: ONNXWriter
  /// What was assumed of the opset.
  private let opsetNote: String?
  private var output: ONNXOutput
  /// What was written, to be read back.
  private var written: (model: ByteRegion, data: [String: ByteRegion])?

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
    let model = StoredModel(
      graph: graph.result, metadata: try Self.metadata(conversion, graph.imageMetadata))
    let (writer, opsetNote) = try Self.writer(model, conversion.path, onnx)
    let output = try ONNXOutput(
      writer, overwrite: conversion.options.overwrite, inputs: conversion.model.files)
    self.graph = graph
    self.halfType = conversion.halfType
    self.writer = writer
    self.opsetNote = opsetNote
    self.output = output
  }

  /// The writer of the opset that is asked for. Where none is, it is the usual one, or the first behind it in which the
  /// graph can be said.
  private static func writer(
    _ model: StoredModel, _ path: String, _ onnx: ONNXOptions
  ) throws(ScaleNetError) -> (ONNXWriter, note: String?) {
    var options = onnx.writerOptions
    do throws(ScaleNetError) {
      return (try ONNXWriter(model, path: path, options: options), nil)
    } catch {
      let usual = options.opset
      guard onnx.opset == nil else { throw error }
      while options.opset < ONNXWriter.Options.opsets.upperBound {
        options.opset += 1
        guard let writer = try? ONNXWriter(model, path: path, options: options) else { continue }
        let place = error.places.first.map { " that \($0) needs" } ?? " in which the graph can be said"
        return (writer, "the opset is \(options.opset) instead of \(usual): the first\(place)")
      }
      throw error
    }
  }

  mutating func write() throws(ScaleNetError) { written = try output.write() }

  var byteCount: Int { writer.byteCount + (writer.externalData?.byteCount ?? 0) }

  func describe(_ report: inout ConversionReport) {
    report.companionFiles = writer.externalData.map { [$0.location] } ?? []
    if let opsetNote { report.notes.append(opsetNote) }
  }

  func verify(_ verification: Verification) throws(ScaleNetError) -> VerificationReport {
    guard let written else { preconditionFailure("verified before it is written") }
    let found = try ONNXReader.read(
      written.model, path: writer.path, options: ONNXReader.Options(externalData: written.data))
    return try verification.compare(
      expected: graph.source, found: found.graph, batch: 1, halfType: halfType,
      preprocessing: graph.preprocessing)
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
