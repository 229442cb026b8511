package import FileIO
import FoundationEssentials

/// A report as JSON with sorted keys and a final newline.
///
/// - Parameter path: what the report is of, for messages; nil for nothing in particular.
package func reportJSON(_ report: some Encodable, of path: String? = nil) throws(ScaleNetError) -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
  do {
    return String(decoding: try encoder.encode(report), as: UTF8.self) + "\n"
  } catch {
    throw .json(path: path, reason: "\(error)")
  }
}
