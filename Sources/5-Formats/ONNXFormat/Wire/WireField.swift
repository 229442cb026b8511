import FileIO

/// One field of a protocol buffers message, as it stands on the wire.
struct WireField {
  /// What a field holds; the contents of a length-delimited one are a range of the file.
  enum Payload {
    case varint(UInt64)
    case fixed64(UInt64)
    case fixed32(UInt32)
    case bytes(Range<Int>)
  }

  let number: Int
  let payload: Payload
  /// Where the field's tag begins in the file.
  let offset: Int
  /// The message that the field belongs to.
  let place: String
  let context: ParseContext

  private var found: String {
    switch payload {
    case .varint: "a varint"
    case .fixed64: "a 64-bit number"
    case .fixed32: "a 32-bit number"
    case .bytes: "length-delimited bytes"
    }
  }

  func failure(_ name: String, expected: String, found: String) -> ScaleNetError {
    .malformed(
      path: context.path, place: "\(place).\(name)", offset: offset, expected: expected, found: found)
  }

  /// A field that the message does not have.
  var unknown: ScaleNetError {
    .malformed(
      path: context.path, place: place, offset: offset, expected: "a known field", found: "field \(number)")
  }

  func integer(_ name: String) throws(ScaleNetError) -> Int64 {
    guard case .varint(let value) = payload else { throw failure(name, expected: "a varint", found: found) }
    return Int64(bitPattern: value)
  }

  func float(_ name: String) throws(ScaleNetError) -> Float {
    guard case .fixed32(let value) = payload else {
      throw failure(name, expected: "a 32-bit number", found: found)
    }
    return Float(bitPattern: value)
  }

  func range(_ name: String) throws(ScaleNetError) -> Range<Int> {
    guard case .bytes(let range) = payload else {
      throw failure(name, expected: "length-delimited bytes", found: found)
    }
    return range
  }

  /// - Parameter name: spelled out for an error only.
  func text(_ name: @autoclosure () -> String, in bytes: RawSpan) throws(ScaleNetError) -> String {
    guard case .bytes(let range) = payload else {
      throw failure(name(), expected: "length-delimited bytes", found: found)
    }
    guard let text = bytes.extracting(range).text(), !text.utf8.contains(0) else {
      throw failure(name(), expected: "UTF-8 without NUL", found: "\(range.count) bytes that are not")
    }
    return text
  }

  /// Appends a repeated integer: one element, or a packed run of them.
  func appendIntegers(
    _ name: String, in bytes: RawSpan, to values: inout [Int64], limit: Int
  ) throws(ScaleNetError) {
    switch payload {
    case .varint(let value):
      values.append(Int64(bitPattern: value))
    case .bytes(let range):
      var reader = VarintReader(range: range)
      while let value = try reader.next(in: bytes, field: self, name: name) {
        guard values.count <= limit else { break }
        values.append(Int64(bitPattern: value))
      }
    default:
      throw failure(name, expected: "a varint or a packed run", found: found)
    }
    guard values.count <= limit else {
      throw failure(name, expected: "at most \(limit) elements", found: "more")
    }
  }

  /// Appends a repeated 32-bit number: one element, or a packed run of them.
  func appendFloats(
    _ name: String, in bytes: RawSpan, to values: inout [Float], limit: Int
  ) throws(ScaleNetError) {
    switch payload {
    case .fixed32(let value):
      values.append(Float(bitPattern: value))
    case .bytes(let range):
      guard range.count % 4 == 0, range.count / 4 <= limit - values.count else {
        throw failure(name, expected: "at most \(limit) elements of 4 bytes", found: "\(range.count) bytes")
      }
      for start in stride(from: range.lowerBound, to: range.upperBound, by: 4) {
        // The range lies within the bytes, as every field's does.
        let pattern: UInt32 = bytes.littleEndian(at: start)!
        values.append(Float(bitPattern: pattern))
      }
    default:
      throw failure(name, expected: "a 32-bit number or a packed run", found: found)
    }
    guard values.count <= limit else {
      throw failure(name, expected: "at most \(limit) elements", found: "more")
    }
  }
}

/// Reads the varints of a packed run.
struct VarintReader {
  private var position: Int
  private let end: Int

  init(range: Range<Int>) {
    position = range.lowerBound
    end = range.upperBound
  }

  /// The next varint; nil at the end.
  mutating func next(in bytes: RawSpan, field: WireField, name: String) throws(ScaleNetError) -> UInt64? {
    guard position < end else { return nil }
    guard let value = Wire.varint(in: bytes, at: &position, end: end) else {
      throw field.failure(name, expected: "a varint of at most 10 bytes", found: "one that does not end")
    }
    return value
  }
}
