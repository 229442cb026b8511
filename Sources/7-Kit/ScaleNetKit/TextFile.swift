package import FileIO

/// Writes a text file that appears complete or not at all.
package func writeText(
  _ text: String, to path: String, overwrite: Bool, inputs: [ByteRegion] = []
) throws(ScaleNetError) {
  try writeBytes(Array(text.utf8), to: path, overwrite: overwrite, inputs: inputs)
}

/// Writes a file that appears complete or not at all.
package func writeBytes(
  _ bytes: [UInt8], to path: String, overwrite: Bool, inputs: [ByteRegion] = []
) throws(ScaleNetError) {
  var output = try OutputFile(path: path, overwrite: overwrite, inputs: inputs)
  try output.write(bytes)
  try output.commit()

}
