public import FileIO
import JSONText
import ModelIR

/// Reads what `trtexec --exportOutput=FILE` writes: a list with a name, dimensions and values for each output of one
/// batch.
///
/// Format: TensorRT's `samples/common/sampleReporting.cpp`, the same in versions 6 to 10. Dimensions are `1x1000`, or
/// `(1, 1000)` in older ones; numbers are written as C++ does unasked, with six significant digits, and `inf` and
/// `nan` where they are not finite. Element types are not recorded.
public enum TensorRTRecording {
  /// Largest whole number up to which float32 has all.
  private static let largestExactFloat = 16_777_216.0
  /// With as many significant digits every float32 number can be told from its neighbours.
  private static let floatDigits = 9

  /// The outputs, row-major. They are float32, or float64 where a number does not fit that.
  public static func read(_ file: ByteRegion) throws(ScaleNetError) -> Recording {
    var outputs = StateDict()
    var digits = 0
    try file.withBytes { bytes throws(ScaleNetError) in
      var cursor = RecordingCursor(path: file.origin, end: bytes.byteCount)
      try cursor.array(bytes) { cursor, index, bytes throws(ScaleNetError) in
        cursor.place = "output \(index)"
        let start = cursor.position
        let (name, tensor) = try output(&cursor, &digits, bytes)
        guard outputs.append(name, tensor) else {
          cursor.position = start
          throw cursor.failure("names that differ", found: "'\(name)' twice")
        }
      }
      try cursor.requireEnd(bytes)
      if outputs.count == 0 { throw cursor.failure("at least one output", found: "none") }
    }
    try file.checkIntact()
    guard (1...Self.floatDigits).contains(digits) else { return Recording(batches: [outputs]) }
    let note =
      "trtexec writes numbers with few digits, here \(digits) significant ones: each value may be rounded by up to "
      + "5e-0\(digits) of itself"
    return Recording(batches: [outputs], notes: [note], digits: digits)
  }

  private static func output(
    _ cursor: inout RecordingCursor, _ digits: inout Int, _ bytes: RawSpan
  ) throws(ScaleNetError) -> (String, Tensor) {
    var name: String?
    var shape: TensorShape?
    var values: [Double]?
    var hasLongWholes = false
    let start = cursor.position
    try cursor.object(bytes) { cursor, key, bytes throws(ScaleNetError) in
      switch key {
      case "name":
        name = try cursor.string(bytes)
      case "dimensions":
        shape = try dimensions(&cursor, bytes)
      case "values":
        values = try elements(&cursor, &digits, &hasLongWholes, bytes)
      default:
        throw cursor.failure("the keys name, dimensions and values", found: "'\(key)'")
      }
    }
    guard let name, let shape, let values else {
      cursor.position = start
      throw cursor.failure("the keys name, dimensions and values", found: "fewer")
    }
    guard values.count == shape.elementCount else {
      cursor.position = start
      throw cursor.failure(
        "\(shape.elementCount) values for \(shape) of '\(name)'", found: "\(values.count)")
    }
    let fits = values.allSatisfy { !$0.isFinite || abs($0) <= Double(Float.greatestFiniteMagnitude) }
    if fits && !hasLongWholes { return (name, Tensor(values.map { Float($0) }, shape: shape)) }
    return (name, Tensor(values, shape: shape))
  }

  /// `1x1000` or `(1, 1000)`; nothing for a scalar.
  private static func dimensions(_ cursor: inout RecordingCursor, _ bytes: RawSpan) throws(ScaleNetError)
    -> TensorShape
  {
    _ = cursor.peek(bytes)
    let start = cursor.position
    let text = try cursor.string(bytes)
    let end = cursor.position
    var list = text[...]
    if list.hasPrefix("("), list.hasSuffix(")") { list = list.dropFirst().dropLast() }
    let parts =
      list.isEmpty || list == "scalar"
      ? [] : list.split(omittingEmptySubsequences: false) { $0 == "x" || $0 == "," }
    let extents = parts.map { part in
      let digits = part.drop { $0 == " " }
      return digits.allSatisfy { $0.isASCII && $0.isNumber } ? Int(digits) : nil
    }
    cursor.position = start
    guard extents.count <= 64, !extents.contains(nil),
      let shape = TensorShape(checking: extents.compactMap { $0 }, byteCount: 8)
    else { throw cursor.failure("dimensions such as 1x1000", found: "'\(text)'") }
    // Each value takes a character and a comma at least.
    guard shape.elementCount <= cursor.end / 2 + 1 else {
      throw cursor.failure(
        "dimensions of at most \(cursor.end / 2 + 1) elements, for the file's size", found: "'\(text)'")
    }
    cursor.position = end
    return shape
  }

  /// - Parameter hasLongWholes: set if there are whole numbers that float32 does not have. With an exponent they
  ///   would be rounded floats.
  private static func elements(
    _ cursor: inout RecordingCursor, _ digits: inout Int, _ hasLongWholes: inout Bool, _ bytes: RawSpan
  ) throws(ScaleNetError) -> [Double] {
    var values: [Double] = []
    try cursor.open("[", bytes)
    while try cursor.element(isFirst: values.isEmpty, bytes) {
      let number = try cursor.number(bytes)
      if number.isWhole {
        // Counts are written out, however long they are.
        if abs(number.value) > largestExactFloat { hasLongWholes = true }
      } else {
        digits = max(digits, number.significantDigits)
      }
      values.append(number.value)
    }
    return values
  }
}
