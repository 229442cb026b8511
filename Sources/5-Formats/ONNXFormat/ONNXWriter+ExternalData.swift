package import FileIO

extension ONNXWriter {
  /// Writes the file of weights.
  package func writeExternalData(to output: inout OutputFile) throws(ScaleNetError) {
    for initializer in initializers {
      guard let offset = initializer.dataOffset else { continue }
      try output.write([UInt8](repeating: 0, count: offset - output.byteCount))
      try writeElements(of: initializer, to: &output)
    }
  }
}
