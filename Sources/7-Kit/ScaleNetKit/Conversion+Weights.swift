import FileIO
import ModelIR
import NumPyFormat
import PyTorchFormat
import SafetensorsFormat

extension Conversion {
  /// Writes the weights, as they are, without a graph: a checkpoint, safetensors, or numpy arrays.
  func writeWeights(progress: (ConversionPhase) -> Void) throws(ScaleNetError) -> ConversionReport {
    if let option = options.explicitGraphOptions.first {
      throw .invalidOption(option, expected: "an output that holds a graph", found: outputPath)
    }
    progress(.writing)
    var weights = StateDict()
    for entry in model.tensors { weights.append(entry.name, entry.tensor) }
    var names: (note: String, architecture: String?)?
    if model.format == .keras {
      if let (restored, network) = PyTorchNames.restored(weights, source: model.path) {
        weights = restored
        names = ("names are PyTorch's, those of a \(network.displayName)", network.displayName)
      } else {
        let isFolded = !weights.names.contains { $0.hasSuffix(".moving_mean") }
        names = (
          "names are those of the Keras layers: with PyTorch's these weights are no network that is known"
            + (isFolded ? "; there is no BatchNormalization, which --no-fold-batch-norm keeps" : ""), nil
        )
      }
    }
    var output = try OutputFile(path: outputPath, overwrite: options.overwrite, inputs: [model.file])
    try write(weights, to: &output)
    try output.finish()
    var report = try report(graph: nil, bytes: output.byteCount)
    if let names {
      report.notes.append(names.note)
      report.architecture = names.architecture ?? report.architecture
    }
    if options.verifies {
      progress(.verifying)
      let path = output.temporaryPath
      let file = try ByteRegion.map(path: path)
      report.verification = try verification.compareBits(expected: weights, found: try read(file))
    }
    try output.commit()
    return report
  }

  private func write(_ weights: StateDict, to output: inout OutputFile) throws(ScaleNetError) {
    switch format {
    case .safetensors:
      // Readers for PyTorch ask for this entry.
      try SafetensorsWriter.write(weights, metadata: ["format": "pt"], to: &output)

    case .numpy:
      try NumPyWriter.writeArchive(weights, to: &output)
    case .pytorch, .onnx, .keras, .trtexec, .polygraphy, .builtIn:
      try PyTorchWriter.write(weights, to: &output)
    }
  }

  private func read(_ file: ByteRegion) throws(ScaleNetError) -> StateDict {
    switch format {
    case .safetensors:
      return try SafetensorsReader.read(file)
    case .numpy:
      return try NumPyReader.archive(file)
    case .pytorch, .onnx, .keras, .trtexec, .polygraphy, .builtIn:
      return try PyTorchReader.read(file, verifyChecksums: true)
    }
  }
}
