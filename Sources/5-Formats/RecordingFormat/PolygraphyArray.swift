import FileIO
import ModelIR
import NumPyFormat

/// An array in Polygraphy's JSON: an `ndarray`, or a `LazyArray` around one.
enum PolygraphyArray {
  /// What can stand for an array.
  private static let wrappers = ["LazyArray", "LazyNumpyArray"]

  /// Reads the array at the cursor.
  static func read(_ cursor: inout RecordingCursor, _ bytes: RawSpan) throws(ScaleNetError) -> Tensor {
    try read(&cursor, isWrapped: false, bytes)
  }

  private static func read(
    _ cursor: inout RecordingCursor, isWrapped: Bool, _ bytes: RawSpan
  ) throws(ScaleNetError) -> Tensor {
    _ = cursor.peek(bytes)
    let start = cursor.position
    var text: Range<Int>?
    var wrapped: Tensor?
    var className: String?
    try cursor.object(bytes) { cursor, key, bytes throws(ScaleNetError) in
      switch key {
      case "array" where cursor.peek(bytes) == UInt8(ascii: "\""):
        text = try cursor.plainString(bytes)
      case "values" where !isWrapped && cursor.peek(bytes) == UInt8(ascii: "{"):
        wrapped = try read(&cursor, isWrapped: true, bytes)
      case "tensor":
        throw cursor.failure("an array of NumPy", found: "a tensor of PyTorch; save outputs as NumPy arrays")
      case "array":
        throw cursor.failure(
          "an array in its own shape", found: "one in a format of TensorRT (FormattedArray)")
      case _ where PolygraphyMarker.isKey(key):
        className = try PolygraphyMarker.read(key, &cursor, bytes)
      default:
        throw cursor.failure("an array, with the key array or values", found: "'\(key)'")
      }
    }
    let end = cursor.position
    cursor.position = start
    guard let className else { throw cursor.failure("an object with a class", found: "none") }
    let tensor: Tensor
    switch (text, wrapped) {
    case (let text?, nil) where className == "ndarray":
      tensor = try decode(text, &cursor, bytes)
    case (nil, let wrapped?) where wrappers.contains(className):
      tensor = wrapped
    default:
      throw cursor.failure("an array of class ndarray", found: "'\(className)'")
    }
    cursor.position = end
    return tensor
  }

  private static func decode(
    _ text: Range<Int>, _ cursor: inout RecordingCursor, _ bytes: RawSpan
  ) throws(ScaleNetError) -> Tensor {
    let region: ByteRegion
    do throws(ScaleNetError) {
      region = try Base64.decode(bytes, text, origin: "\(cursor.path): \(cursor.place)")
    } catch {
      guard let offset = error.offset, let expected = error.expected else { throw error.inFile(cursor.path) }
      cursor.position = offset
      throw cursor.failure(expected, bytes)
    }
    return try NumPyReader.array(region)
  }
}
