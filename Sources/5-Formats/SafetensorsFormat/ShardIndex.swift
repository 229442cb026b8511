package import FileIO
import JSONText

/// The index of weights that are spread over several files, as Hugging Face's libraries write it beside them:
/// `model.safetensors.index.json`, and for PyTorch's pickled files `pytorch_model.bin.index.json`.
///
/// It is an object of `weight_map`, the file of each tensor by its name, and of `metadata`, of which nothing is needed.
package struct ShardIndex {
  /// As many tensors as a model of experts might have, and more.
  private static let mostTensors = 1_000_000
  /// The longest index, far above any: a name of 100 bytes for each of the most tensors.
  private static let longestIndex = 100_000_000

  /// The tensors in the order of the index, each with its file.
  package let tensors: [(name: String, file: String)]

  /// Whether a file is such an index: an object with a `weight_map`.
  package static func recognizes(_ file: ByteRegion) -> Bool {
    guard file.count <= longestIndex else { return false }
    return file.withBytes { bytes in
      var cursor = JSONCursor(0..<bytes.byteCount)
      var keys: Set<String> = []
      do throws(ScaleNetError) {
        guard cursor.peek(bytes) == UInt8(ascii: "{") else { return false }
        try cursor.open("{", bytes)
        while let key = try cursor.key(&keys, bytes) {
          if key == "weight_map" { return true }
          try skip(&cursor, bytes)
        }
      } catch {
        // Not JSON, or not all of it: nothing that is known.
      }
      return false
    }
  }

  /// Reads an index.
  package init(_ file: ByteRegion) throws(ScaleNetError) {
    let result = file.withBytes { bytes in
      Result { () throws(ScaleNetError) in try Self.read(bytes) }
    }
    try file.checkIntact()
    do throws(ScaleNetError) { tensors = try result.get() } catch { throw error.inFile(file.origin) }
  }

  private static func read(_ bytes: RawSpan) throws(ScaleNetError) -> [(name: String, file: String)] {
    var cursor = JSONCursor(0..<bytes.byteCount)
    var keys: Set<String> = []
    var tensors: [(name: String, file: String)]?
    try cursor.open("{", bytes)
    while let key = try cursor.key(&keys, bytes) {
      guard key == "weight_map" else {
        try skip(&cursor, bytes)
        continue
      }
      var found: [(name: String, file: String)] = []
      var names: Set<String> = []
      try cursor.open("{", bytes)
      while let name = try cursor.key(&names, bytes) {
        guard found.count < mostTensors else {
          throw ScaleNetError(
            offset: cursor.position, expected: "at most \(mostTensors) tensors", found: "more")
        }
        found.append((name, try cursor.string(bytes)))
      }
      tensors = found
    }
    try cursor.requireEnd(bytes)
    guard let tensors, !tensors.isEmpty else {
      throw ScaleNetError(place: "weight_map", expected: "the file of each tensor", found: "none")
    }
    return tensors
  }

  /// Passes over a value of any kind; nesting has the cursor's limit.
  private static func skip(_ cursor: inout JSONCursor, _ bytes: RawSpan) throws(ScaleNetError) {
    switch cursor.peek(bytes) {
    case UInt8(ascii: "{"):
      var keys: Set<String> = []
      try cursor.open("{", bytes)
      while try cursor.key(&keys, bytes) != nil { try skip(&cursor, bytes) }
    case UInt8(ascii: "["):
      try cursor.open("[", bytes)
      var isFirst = true
      while try cursor.element(isFirst: isFirst, bytes) {
        try skip(&cursor, bytes)
        isFirst = false
      }
    case UInt8(ascii: "\""): _ = try cursor.string(bytes)
    case UInt8(ascii: "t"): try cursor.require(word: "true", bytes)
    case UInt8(ascii: "f"): try cursor.require(word: "false", bytes)
    case UInt8(ascii: "n"): try cursor.require(word: "null", bytes)
    default: _ = try cursor.number(bytes)
    }
  }
}
