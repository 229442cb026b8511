import FileIO

extension ScaleNetError {
  /// The text of a recording is not what such a file has at this place. `place` is where in the document, `offset` where
  /// in the file.
  static func content(
    path: String, offset: Int, place: String, expected: String, found: String
  ) -> ScaleNetError {
    ScaleNetError(
      path: path, place: (place.isEmpty ? "" : place.escapedForMessage + ": ") + "byte \(offset)",
      expected: expected, found: found.escapedForMessage)
  }
}
