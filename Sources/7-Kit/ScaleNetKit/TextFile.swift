package import FileIO
package import Reports

/// Writes a text file that appears complete or not at all.
package func writeText(
  _ text: String, to path: String, overwrite: Bool, inputs: [ByteRegion] = []
) throws(ScaleNetError) {
  try writeBytes(Array(text.utf8), to: path, overwrite: overwrite, inputs: inputs, isText: true)
}

/// Writes a file that appears complete or not at all.
package func writeBytes(
  _ bytes: [UInt8], to path: String, overwrite: Bool, inputs: [ByteRegion] = [], isText: Bool = false
) throws(ScaleNetError) {
  let outputs = OutputSet(overwrite: overwrite, inputs: inputs)
  try outputs.add(path, bytes, isText: isText)
  try outputs.commit()
}

extension Drawing {
  /// The picture as a file of that name holds it: PNG for `.png`, SVG otherwise.
  package func bytes(for path: String) throws(ScaleNetError) -> [UInt8] {
    path.lowercased().hasSuffix(".png") ? try png() : Array(svg.utf8)
  }
}
