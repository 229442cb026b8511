import FileIO
import ModelIR
import PyTorchFormat

extension Conversion {
  /// Writes the weights, as they are, as a checkpoint.
  func writeCheckpoint(progress: (ConversionPhase) -> Void) throws(ScaleNetError) -> ConversionReport {
    if let option = options.explicitGraphOptions.first {
      throw .invalidOption(option: option, expected: "an output that holds a graph", found: outputPath)
    }
    progress(.writing)
    var weights = StateDict()
    for entry in model.tensors { weights.append(entry.name, entry.tensor) }
    var output = try bridging(ScaleNetError.file) { () throws(FileError) in
      try OutputFile(path: outputPath, overwrite: options.overwrite, inputs: [model.file])
    }
    do throws(PyTorchError) { try PyTorchWriter.write(weights, to: &output) } catch { throw .pytorch(error) }
    do throws(FileError) { try output.finish() } catch { throw .file(error) }
    var report = try report(graph: nil, bytes: output.byteCount)
    if options.verifies {
      progress(.verifying)
      let path = output.temporaryPath
      let file = try bridging(ScaleNetError.file) { () throws(FileError) in try ByteRegion.map(path: path) }
      let found = try bridging(ScaleNetError.pytorch) { () throws(PyTorchError) in
        try PyTorchReader.read(file, verifyChecksums: true)
      }
      report.verification = try Verification(path: outputPath, kernels: kernels, threads: options.threads)
        .compareBits(expected: weights, found: found)
    }
    do throws(FileError) { try output.commit() } catch { throw .file(error) }
    return report
  }
}
