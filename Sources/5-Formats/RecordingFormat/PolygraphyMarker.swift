import FileIO

/// How Polygraphy's JSON names the class of an object.
///
/// Format: `polygraphy/json/serde.py`. Up to 0.34: a key `__polygraphy_encoded_<class>`; since then `polygraphy_class`,
/// whose value is the class.
enum PolygraphyMarker {
  private static let key = "polygraphy_class"
  private static let legacyPrefix = "__polygraphy_encoded_"

  static func isKey(_ key: String) -> Bool { key == Self.key || key.hasPrefix(legacyPrefix) }

  /// Reads the value of such a key, and gives the class.
  static func read(
    _ key: String, _ cursor: inout RecordingCursor, _ bytes: RawSpan
  ) throws(ScaleNetError) -> String {
    let value = try cursor.string(bytes)
    return key == Self.key ? value : String(key.dropFirst(legacyPrefix.count))
  }
}
