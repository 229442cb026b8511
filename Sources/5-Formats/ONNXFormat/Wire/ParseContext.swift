import FileIO
import ModelIR

/// What the parsing of one file shares: its path for messages, and budgets, so that a small file cannot ask for much
/// memory.
///
/// Messages are parsed by hand over the mapped file. protobuf-c's unpack would copy every weight and allocate as the
/// bytes command; here a weight is a range of the file. Nothing recurses: ONNX's messages nest to a fixed depth, except
/// for subgraphs, which are noted, and parsed when a node takes them.
final class ParseContext {
  let path: String
  /// Messages that may be parsed; each takes up to some 250 bytes of memory, so that beside a fixed part they take no
  /// more than the file itself.
  private let mostMessages: Int
  /// Messages that were parsed.
  private var messages = 0
  /// Bytes that may still be allocated for elements that cannot be used where they are.
  private var decodedBytes: Int
  /// Elements of attributes that may still be read.
  private(set) var attributeElements = 4_000_000
  /// Names of inputs and outputs of nodes, and pieces of typed fields, that may still be read.
  private var parts = 2_000_000
  /// Elements that shape arithmetic may still read or make.
  private var arithmeticElements = 4_000_000
  /// Operations that may still be computed while reading.
  private var operations = 100_000_000

  /// Nodes of functions and branches that may still be read, and bytes of the names that are made for them.
  private var inlinedNodes = 400_000
  private var inlinedBytes = 64 << 20

  init(path: String, fileSize: Int) {
    self.path = path
    decodedBytes = fileSize + (64 << 20)
    mostMessages = 400_000 + fileSize / 256
  }

  /// Takes `count` bytes of the budget for decoded elements.
  func allocate(_ count: Int, tensor: String) throws(ScaleNetError) {
    guard count <= decodedBytes else {
      throw .invalidTensor(
        path: path, tensor: tensor, place: "elements",
        expected: "at most \(decodedBytes) more bytes to decode",
        found: "\(count)")
    }
    decodedBytes -= count
  }

  func takeAttributeElements(_ count: Int) {
    attributeElements -= count
  }

  /// Takes one of the budget for names and pieces.
  func takePart(_ field: WireField, _ name: String) throws(ScaleNetError) {
    guard parts > 0 else {
      throw field.failure(
        name, expected: "at most 2000000 names and single elements in a file", found: "more")
    }
    parts -= 1
  }

  /// Takes elements of the budget for arithmetic on what is known.
  func takeArithmetic(_ count: Int) throws(ScaleNetError) {
    arithmeticElements -= count
    guard arithmeticElements >= 0 else {
      throw .invalidModel(
        path: path, place: "arithmetic on shapes and constants",
        expected: "at most 4000000 elements in a file", found: "more")
    }
  }

  /// Takes the operations of an operator of the budget for computing while reading; false if it is spent.
  func takeOperations(of op: Operator, inputs: [TensorShape?], outputs: [TensorType]) -> Bool {
    let shapes = outputs.map { TensorShape($0.dimensions.map { $0.value ?? 1 }) }
    let cost = op.kind.cost(inputs: inputs, outputs: shapes)
    guard cost.macs <= operations, cost.otherOperations <= operations - cost.macs else { return false }
    operations -= cost.macs + cost.otherOperations
    return true
  }

  /// Takes a node of a function or branch of the budget, with the bytes of its names.
  func takeInlined(_ bytes: Int, path: String, node: String) throws(ScaleNetError) {
    inlinedNodes -= 1
    inlinedBytes -= bytes
    guard inlinedNodes >= 0, inlinedBytes >= 0 else {
      throw .invalidModel(
        path: path, place: "functions and branches, at node \(node.prefix(100))",
        expected: "at most 400000 nodes in all, and 64 MiB of their names", found: "more")
    }
  }

  /// Calls `body` with every field of the message in `range`.
  ///
  /// - Parameter repeated: the fields that may stand more than once; any other that does is an error.
  func forEachField(
    of range: Range<Int>, in bytes: RawSpan, place: String, repeated: FieldNumbers,
    _ body: (WireField) throws(ScaleNetError) -> Void
  ) throws(ScaleNetError) {
    func failure(_ offset: Int, _ expected: String, _ found: String) -> ScaleNetError {
      .malformed(path: path, place: place, offset: offset, expected: expected, found: found)
    }
    messages += 1
    guard messages <= mostMessages else {
      throw failure(range.lowerBound, "at most \(mostMessages) messages in a file of this size", "more")
    }
    var seen: FieldNumbers = []
    var position = range.lowerBound
    while position < range.upperBound {
      let offset = position
      guard let tag = Wire.varint(in: bytes, at: &position, end: range.upperBound) else {
        throw failure(offset, "a field's tag", "a varint that does not end")
      }
      let number = Int(clamping: tag >> 3)
      guard number > 0, number < 1 << 29 else { throw failure(offset, "a field number", "\(number)") }
      let payload: WireField.Payload
      let left = range.upperBound - position
      switch tag & 7 {
      case 0:
        guard let value = Wire.varint(in: bytes, at: &position, end: range.upperBound) else {
          throw failure(offset, "a varint of at most 10 bytes in field \(number)", "one that does not end")
        }
        payload = .varint(value)
      case 1:
        guard left >= 8, let value: UInt64 = bytes.littleEndian(at: position) else {
          throw failure(offset, "8 bytes in field \(number)", "\(left)")
        }
        payload = .fixed64(value)
        position += 8
      case 2:
        guard let length = Wire.varint(in: bytes, at: &position, end: range.upperBound) else {
          throw failure(offset, "a length of field \(number)", "a varint that does not end")
        }
        guard length <= UInt64(range.upperBound - position) else {
          throw failure(
            offset, "at most \(range.upperBound - position) bytes in field \(number)", "a length of \(length)"
          )
        }
        payload = .bytes(position..<position + Int(length))
        position += Int(length)
      case 5:
        guard left >= 4, let value: UInt32 = bytes.littleEndian(at: position) else {
          throw failure(offset, "4 bytes in field \(number)", "\(left)")
        }
        payload = .fixed32(value)
        position += 4
      case 3, 4:
        throw failure(offset, "no groups, which ONNX does not have", "a group in field \(number)")
      default:
        throw failure(offset, "a wire type", "\(tag & 7) in field \(number)")
      }
      if number < 64 && !repeated.contains(number) {
        guard !seen.contains(number) else {
          throw failure(offset, "field \(number) once", "a second one")
        }
        seen.insert(number)
      }
      try body(WireField(number: number, payload: payload, offset: offset, place: place, context: self))
    }
  }
}
