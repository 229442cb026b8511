import FileIO
import KerasFormat
import ModelIR

/// A Keras model, or the weights of one.
struct KerasTarget: ConversionTarget, ~Copyable {
  private let graph: ConvertedGraph
  private let halfType: DataType?
  private let weightsOnly: Bool
  private let dataFormat: DataFormat
  private let writer: KerasWriter
  private var output: OutputFile

  init(_ conversion: Conversion, _ graph: ConvertedGraph) throws(ScaleNetError) {
    let options = conversion.options.keras
    let weightsOnly = options.weightsOnly
    let dataFormat: DataFormat = options.dataFormat == .channelsFirst ? .channelsFirst : .channelsLast
    // The ending says which kind of file it is; the option takes the place of an unknown one.
    let path = conversion.path
    let named =
      FileFormat.forExtension(of: path) == .keras
      ? path : path + (options.container == .keras ? ".keras" : ".h5")
    guard let container = KerasWriter.Container(path: named, weightsOnly: weightsOnly) else {
      throw .invalidOption("weightsOnly", expected: "a name that ends in .h5 or .weights.h5", found: path)
    }
    let metadata: [(key: String, value: String)]
    if let images = graph.imageMetadata {
      metadata = images.entries
    } else {
      metadata = try conversion.model.imageMetadata().entries
    }
    let writer = try KerasWriter(
      StoredModel(graph: graph.result, metadata: metadata), path: path,
      options: KerasWriter.Options(container: container, dataFormat: dataFormat))
    let output = try OutputFile(
      path: path, overwrite: conversion.options.overwrite, inputs: conversion.model.files)
    self.graph = graph
    self.halfType = conversion.halfType
    self.weightsOnly = weightsOnly
    self.dataFormat = dataFormat
    self.writer = writer
    self.output = output
  }

  mutating func write() throws(ScaleNetError) {
    try writer.write(to: &output)
    try output.finish()
  }

  var byteCount: Int { output.byteCount }

  func describe(_ report: inout ConversionReport) {
    report.inputs = writer.inputs.map { input in
      let shape = input.shape.map { $0.map(String.init) ?? "batch" }.joined(separator: ", ")
      return "\(input.name) \(input.dataType)[\(shape)]" + (input.layout.map { " (\($0))" } ?? "")
    }
    report.outputs = graph.result.outputs.map { id in
      let value = graph.result[id]
      guard value.type.rank == 4, dataFormat == .channelsLast else { return "\(value.name) \(value.type)" }
      let order = [0, 2, 3, 1].map { value.type.dimensions[$0] }
      return "\(value.name) \(TensorType(value.type.dataType, order)) (NHWC)"
    }
    guard weightsOnly else { return }
    report.weightNames = writer.names.map { entry in
      ConversionReport.WeightName(
        source: entry.source, layer: entry.layer, dataset: entry.dataset, shape: entry.shape)
    }
  }

  func verify(_ verification: Verification) throws(ScaleNetError) -> VerificationReport {
    let file = try output.map()
    if weightsOnly {
      return VerificationReport(bits: try writer.verifyWeights(in: file))
    }
    return try verification.compare(
      expected: graph.source, found: try KerasReader.read(file).graph, batch: 1, namesMatch: false,
      halfType: halfType, preprocessing: graph.preprocessing)
  }

  consuming func commit() throws(ScaleNetError) { try output.commit() }
}
