import FileIO

/// What can be wrong with an array file of numpy, or go wrong with writing one. `member` is the archive member, or ""
/// for a file of one array.
extension ScaleNetError {
  /// The file or member does not begin as array files do.
  static func notAnArray(path: String, member: String, found: String) -> ScaleNetError {
    ScaleNetError(path: path, place: place(member), expected: "an array file of numpy", found: found)
  }

  /// The header is damaged or says what is not supported.
  static func header(
    path: String, member: String, offset: Int, expected: String, found: String
  ) -> ScaleNetError {
    let error = ScaleNetError(
      place: "array header", offset: offset, expected: expected, found: found.escapedForMessage)
    return (place(member).map(error.within) ?? error).inFile(path)
  }

  /// The elements are not as many as the header says.
  static func size(path: String, member: String, expected: String, found: Int) -> ScaleNetError {
    ScaleNetError(
      path: path, place: place(member), expected: expected, found: "\(found) bytes behind the header")
  }

  /// A member of an archive is not an array, or two arrays have one name.
  static func member(path: String, member: String, expected: String, found: String) -> ScaleNetError {
    ScaleNetError(path: path, place: place(member), expected: expected, found: found)
  }

  /// An array cannot be written.
  static func unwritable(path: String, name: String, expected: String, found: String) -> ScaleNetError {
    ScaleNetError(path: path, place: "array '\(name.escapedForMessage)'", expected: expected, found: found)
  }

  private static func place(_ member: String) -> String? {
    member.isEmpty ? nil : "member '\(member.escapedForMessage)'"
  }
}
