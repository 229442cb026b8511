package import FileIO
import Glibc

extension ONNXWriter {
  /// Writes the file of weights.
  package func writeExternalData(to output: inout OutputFile) throws(ScaleNetError) {
    for initializer in initializers {
      guard let offset = initializer.dataOffset else { continue }
      try output.write([UInt8](repeating: 0, count: offset - output.byteCount))
      try writeElements(of: initializer, to: &output)
    }
  }

  /// Whether a name is one that this writer gives to data files of a model.
  static func isDataName(_ name: String, of modelName: String) -> Bool {
    guard name.hasPrefix("\(modelName)."), name.hasSuffix(".data") else { return false }
    let digits = name.utf8.dropFirst(modelName.utf8.count + 1).dropLast(5)
    return digits.count == 16
      && digits.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
  }

  /// Data files, named as this writer names them, that the model at a path refers to.
  static func dataFiles(ofModelAt path: String) -> Set<String> {
    // What stands there need not be a model: then there is nothing to say, and nothing that would be removed.
    guard let file = try? ByteRegion.map(path: path), file.count <= ONNXReader.largestFile,
      let message = try? file.withBytes({ (bytes) throws(ScaleNetError) in
        try ModelMessage(bytes, context: ParseContext(path: path, fileSize: file.count))
      })
    else { return [] }
    let name = lastComponent(path)
    let locations = (message.graph?.initializers ?? []).flatMap(\.externalData)
      .filter { $0.key == "location" }.map(\.value)
    return Set(locations.filter { isDataName($0, of: name) })
  }
}
