import FileIO
import ModelIR
import NumPyFormat
import PyTorchFormat
import SafetensorsFormat

/// The weights as they are, without a graph: a checkpoint, safetensors, or numpy arrays.
struct WeightsTarget: ConversionTarget, ~Copyable {
  private let weights: StateDict
  /// What became of the names of a Keras model, and the network that they tell.
  private let names: (note: String, architecture: String?)?
  private let format: FileFormat
  private var output: OutputFile

  init(_ conversion: Conversion) throws(ScaleNetError) {
    let model = conversion.model
    format = conversion.format
    let stored = model.tensors
    if model.format == .keras {
      if let (restored, network) = PyTorchNames.restored(stored, source: model.path) {
        weights = restored
        names = ("names are PyTorch's, those of a \(network.displayName)", network.displayName)
      } else {
        weights = stored
        let isFolded = !stored.names.contains { $0.hasSuffix(".moving_mean") }
        names = (
          "names are those of the Keras layers: with PyTorch's these weights are no network that is known"
            + (isFolded
              ? "; there is no BatchNormalization, which a file keeps that is written without folding it"
              : ""),
          nil
        )
      }
    } else {
      weights = stored
      names = nil
    }
    output = try OutputFile(
      path: conversion.path, overwrite: conversion.options.overwrite, inputs: model.files)
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
    guard let names else { return }
    report.notes.append(names.note)
    report.architecture = names.architecture ?? report.architecture
  }

  func verify(_ verification: Verification) throws(ScaleNetError) -> VerificationReport {
    let file = try output.map()
    let found =
      switch format {
      case .safetensors: try SafetensorsReader.read(file)
      case .numpy: try NumPyReader.archive(file)
      case .pytorch, .onnx, .keras, .trtexec, .polygraphy, .builtIn:
        try PyTorchReader.read(file, verifyChecksums: true)
      }
    return try verification.compareBits(expected: weights, found: found)
  }

  consuming func commit() throws(ScaleNetError) { try output.commit() }
}
