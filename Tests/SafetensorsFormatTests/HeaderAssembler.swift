import FileIO
import ModelIR
import SafetensorsFormat
import TestSupport
import Testing

/// Files made of a header's text and zeros.
enum HeaderAssembler {
  /// A header that is right for 8 bytes of data.
  static let good = #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#

  /// - Parameters:
  ///   - count: how many bytes of data follow.
  ///   - length: what the file says of the header's length, or nil for the truth.
  static func file(_ header: [UInt8], count: Int = 8, length: UInt64? = nil) -> [UInt8] {
    let length = length ?? UInt64(header.count)
    return stride(from: 0, to: 64, by: 8).map { UInt8(truncatingIfNeeded: length >> $0) } + header
      + [UInt8](repeating: 0, count: count)
  }

  static func file(_ header: String, count: Int = 8, length: UInt64? = nil) -> [UInt8] {
    file(Array(header.utf8), count: count, length: length)
  }

  /// Reads everything: structure, metadata and elements.
  static func readAll(_ bytes: [UInt8]) throws {
    let region = ByteRegion.copying(bytes, origin: "test.safetensors")
    _ = SafetensorsReader.recognizes(region)
    _ = try SafetensorsReader.metadata(region)
    for entry in try SafetensorsReader.read(region).entries { _ = try entry.tensor.bytes() }
  }

  /// The message with which a file is refused.
  static func refusal(
    _ bytes: [UInt8], sourceLocation: SourceLocation = #_sourceLocation
  ) -> String {
    message(sourceLocation: sourceLocation) { try readAll(bytes) }
  }
}
