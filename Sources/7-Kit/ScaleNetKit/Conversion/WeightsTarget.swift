import FileIO
import ModelIR
import NumPyFormat
import PyTorchFormat
import SafetensorsFormat

/// The weights as they are, without a graph: a checkpoint, safetensors, or numpy arrays.
struct WeightsTarget: ConversionTarget, ~Copyable {
  private let weights: StateDict
  /// The network that a graph's weights were found to be; nil where names stay as they are.
  private let names: PyTorchNames?
  private let notes: [String]
  private let format: FileFormat
  private var output: OutputFile

  init(_ conversion: Conversion) throws(ScaleNetError) {
    let model = conversion.model
    let named = try Self.named(model, ownNames: conversion.options.ownNames)
    if conversion.format == .pytorch, named.weights.entries.isEmpty {
      // A dictionary of nothing is no checkpoint of anything, and would not be read back as one.
      throw .unsupported(
        path: model.path, operation: "be written as a checkpoint", reason: "there are no tensors in it")
    }
    let output = try OutputFile(
      path: conversion.path, overwrite: conversion.options.overwrite, inputs: model.files)
    weights = named.weights
    names = named.names
    notes = named.notes
    format = conversion.format
    self.output = output
  }

  /// The weights under the names that they are written with.
  private static func named(
    _ model: Model, ownNames: Bool
  ) throws(ScaleNetError) -> (weights: StateDict, names: PyTorchNames?, notes: [String]) {
    guard case .graph(let stored) = model.content else {
      guard !ownNames else {
        throw .invalidOption(
          "ownNames", expected: "a graph, whose weights get other names",
          found: "weights in \(model.path.escapedForMessage)")
      }
      return (model.tensors, nil, [])
    }
    if ownNames {
      return (model.tensors, nil, ["names are those of the graph, which PyTorch's modules do not know"])
    }
    let found = try PyTorchNames(model, stored.graph)
    let family = "names are PyTorch's, those of a \(found.architecture.displayName)"
    return (found.weights, found, [family] + found.notes)
  }

  mutating func write() throws(ScaleNetError) {
    switch format {
    case .safetensors:
      // Readers for PyTorch ask for this entry.
      try SafetensorsWriter.write(weights, metadata: ["format": "pt"], to: &output)
    case .numpy:
      try NumPyWriter.writeArchive(weights, to: &output)
    case .pytorch, .onnx, .keras, .trtexec, .polygraphy, .builtIn:
      try PyTorchWriter.write(weights, to: &output)
    }
    try output.finish()
  }

  var byteCount: Int { output.byteCount }

  func describe(_ report: inout ConversionReport) {
    report.notes += notes
    report.architecture = names?.architecture.displayName ?? report.architecture
  }

  func verify(_ verification: Verification) throws(ScaleNetError) -> VerificationReport {
    let file = try output.map()
    let found =
      switch format {
      case .safetensors: try SafetensorsReader.read(file)
      case .numpy: try NumPyReader.archive(file, verifyChecksums: true)
      case .pytorch, .onnx, .keras, .trtexec, .polygraphy, .builtIn:
        try PyTorchReader.read(file, verifyChecksums: true)
      }
    let bits = try verification.compareBits(expected: weights, found: found)
    return try names?.verify(found, verification) ?? bits
  }

  consuming func commit() throws(ScaleNetError) { try output.commit() }
}
