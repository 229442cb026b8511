import FileIO

/// What can be wrong with an image file.
extension ScaleNetError {
  /// Not a JPEG or PNG image.
  static func unsupportedImage(path: String, found: String) -> ScaleNetError {
    ScaleNetError(path: path, expected: "a JPEG or PNG image", found: found)
  }

  /// The file ends before the image does.
  static func truncatedImage(
    path: String, format: ImageFormat, place: String, offset: Int, expected: String
  ) -> ScaleNetError {
    ScaleNetError(
      path: path, place: "\(format.rawValue) \(place)", offset: offset, expected: expected,
      found: "the end of the file")
  }

  /// The library that decodes the format refuses the bytes, for this reason.
  static func damagedImage(path: String, format: ImageFormat, offset: Int, reason: String) -> ScaleNetError {
    ScaleNetError(
      path: path, offset: offset, reason: "not a \(format.rawValue) image that can be decoded: \(reason)")
  }

  /// More pixels than the options allow.
  static func imageTooLarge(path: String, size: Image.Size, limit: Int) -> ScaleNetError {
    ScaleNetError(
      path: path, place: "image", expected: "at most \(limit) pixels",
      found: "\(size.width * size.height) (\(size))")
  }

  /// There is no memory for a decoder or an encoded image.
  static func noMemory(for what: String) -> ScaleNetError {
    ScaleNetError(.internalFailure, reason: "no memory for \(what)")
  }
}
