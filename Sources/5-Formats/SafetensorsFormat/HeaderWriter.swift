import JSONText
import ModelIR

/// Writes a header as the safetensors package does: JSON without spaces, then spaces up to a multiple of 8 bytes.
struct HeaderWriter {
  private var text: [UInt8] = [UInt8(ascii: "{")]
  private var isFirst = true

  /// Appends the metadata, ordered by key. It stands before all tensors.
  mutating func append(metadata: [String: String]) {
    appendKey(Header.metadataKey)
    text.append(UInt8(ascii: "{"))
    isFirst = true
    for (key, value) in metadata.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
      appendKey(key)
      text += value.quotedForJSON.utf8
    }
    text.append(UInt8(ascii: "}"))
    isFirst = false
  }

  /// Appends a tensor whose data lie at `range`, counted from the beginning of the data.
  mutating func append(_ name: String, type: String, shape: TensorShape, range: Range<Int>) {
    appendKey(name)
    let extents = shape.dimensions.map(String.init).joined(separator: ",")
    let offsets = "\(range.lowerBound),\(range.upperBound)"
    text += #"{"dtype":"\#(type)","shape":[\#(extents)],"data_offsets":[\#(offsets)]}"#.utf8
  }

  /// The whole header, without its length.
  consuming func finish() -> [UInt8] {
    var result = text
    result.append(UInt8(ascii: "}"))
    while !result.count.isMultiple(of: 8) { result.append(0x20) }
    return result
  }

  private mutating func appendKey(_ key: String) {
    if !isFirst { text.append(UInt8(ascii: ",")) }
    isFirst = false
    text += key.quotedForJSON.utf8
    text.append(UInt8(ascii: ":"))
  }
}
