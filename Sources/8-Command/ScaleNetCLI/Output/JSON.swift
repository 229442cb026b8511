import FileIO
import FoundationEssentials
import ScaleNetKit

/// A report as JSON with sorted keys and a final newline.
func encodeJSON(_ value: some Encodable) throws(ScaleNetError) -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
  do {
    return String(decoding: try encoder.encode(value), as: UTF8.self) + "\n"
  } catch {
    throw ScaleNetError(.internalFailure, place: "JSON", reason: "\(error)")
  }
}
