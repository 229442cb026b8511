package import FileIO
package import Reports

extension Drawing {
  /// The picture as a file of that name holds it: PNG for `.png`, SVG otherwise.
  package func bytes(for path: String) throws(ScaleNetError) -> [UInt8] {
    path.lowercased().hasSuffix(".png") ? try png() : Array(svg.utf8)
  }
}
