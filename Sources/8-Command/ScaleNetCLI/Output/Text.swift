import FileIO
import FoundationEssentials
import ScaleNetKit

extension Double {
  /// With so many digits behind the point at most.
  func rounded(toPlaces places: Int) -> Double {
    var factor = 1.0
    for _ in 0..<places { factor *= 10 }
    return (self * factor).rounded() / factor
  }
}

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
