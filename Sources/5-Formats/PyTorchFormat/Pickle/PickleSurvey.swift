import ZipArchive

/// Looks through a pickle that is refused for what it would have called, without executing anything, so that the
/// message names the danger and not only the first opcode that no checkpoint has.
struct PickleSurvey {
  /// The first class or function that weights do not need.
  struct Finding {
    let offset: Int
    let name: String
  }

  private var position: Int
  /// The text pushed last and the one before it: module and name of STACK_GLOBAL.
  private var texts = ("", "")
  private var memo: [Int: String] = [:]
  /// What MEMOIZE counts.
  private var memoized = 0

  private init(from position: Int) {
    self.position = position
  }

  /// Reads all opcodes of protocols 0 to 5, until STOP or what is none.
  static func refusedGlobal(in bytes: borrowing RawSpan, from start: Int) -> Finding? {
    var survey = PickleSurvey(from: start)
    return survey.run(bytes)
  }

  private mutating func run(_ bytes: borrowing RawSpan) -> Finding? {
    while let opcode = bytes.littleEndian(at: position, as: UInt8.self), opcode != PickleOpcode.stop.rawValue
    {
      let offset = position
      position += 1
      switch opcode {
      case 0x63, 0x69:  // GLOBAL, INST
        guard let module = line(bytes), let name = line(bytes) else { return nil }
        if PickleGlobal(module: module, name: name) == nil {
          return Finding(offset: offset, name: "\(module).\(name)")
        }
      case 0x93:  // STACK_GLOBAL
        // Without texts on the stack there is nothing to name.
        if !texts.0.isEmpty, !texts.1.isEmpty, PickleGlobal(module: texts.0, name: texts.1) == nil {
          return Finding(offset: offset, name: "\(texts.0).\(texts.1)")
        }
      case 0x53, 0x56:  // STRING, UNICODE
        guard let text = line(bytes) else { return nil }
        push(String(text.drop { "'\"".contains($0) }.prefix { !"'\"".contains($0) }))
      case 0x55, 0x8c: guard pushText(bytes, lengthBytes: 1) else { return nil }
      case 0x54, 0x58: guard pushText(bytes, lengthBytes: 4) else { return nil }
      case 0x8d: guard pushText(bytes, lengthBytes: 8) else { return nil }
      case 0x94:  // MEMOIZE
        memo[memoized] = texts.1
        memoized += 1
      case 0x71, 0x72, 0x70:  // BINPUT, LONG_BINPUT, PUT
        guard let index = memoIndex(opcode, bytes) else { return nil }
        memo[index] = texts.1
      case 0x68, 0x6a, 0x67:  // BINGET, LONG_BINGET, GET
        guard let index = memoIndex(opcode, bytes) else { return nil }
        if let text = memo[index] { push(text) }
      default:
        guard skipArgument(of: opcode, bytes) else { return nil }
      }
    }
    return nil
  }

  private mutating func push(_ text: String) {
    texts = (texts.1, text)
  }

  /// A line without its end; nil if there is none, or it is longer than any name.
  private mutating func line(_ bytes: borrowing RawSpan) -> String? {
    var characters: [UInt8] = []
    while let byte = bytes.littleEndian(at: position, as: UInt8.self) {
      position += 1
      if byte == 0x0a { return String(decoding: characters, as: UTF8.self) }
      if characters.count >= 4096 { return nil }
      characters.append(byte)
    }
    return nil
  }

  private mutating func number(_ bytes: borrowing RawSpan, byteCount: Int) -> Int? {
    var value = 0
    for index in 0..<byteCount {
      guard let byte = bytes.littleEndian(at: position + index, as: UInt8.self) else { return nil }
      if index == 7 && byte > 0x7f { return nil }
      value |= Int(byte) << (8 * index)
    }
    position += byteCount
    return value
  }

  private mutating func pushText(_ bytes: borrowing RawSpan, lengthBytes: Int) -> Bool {
    guard let count = number(bytes, byteCount: lengthBytes), count <= bytes.byteCount - position else {
      return false
    }
    push(String(decoding: bytes.array(position..<position + min(count, 4096)), as: UTF8.self))
    position += count
    return true
  }

  private mutating func memoIndex(_ opcode: UInt8, _ bytes: borrowing RawSpan) -> Int? {
    switch opcode {
    case 0x70, 0x67: line(bytes).flatMap { Int($0) }
    case 0x71, 0x68: number(bytes, byteCount: 1)
    default: number(bytes, byteCount: 4)
    }
  }

  /// Passes over what stands behind an opcode that pushes no text; false at the end of the bytes.
  private mutating func skipArgument(of opcode: UInt8, _ bytes: borrowing RawSpan) -> Bool {
    let fixed: [UInt8: Int] = [
      0x47: 8, 0x4a: 4, 0x4b: 1, 0x4d: 2, 0x80: 1, 0x82: 1, 0x83: 2, 0x84: 4, 0x95: 8,
    ]
    // BINBYTES, SHORT_BINBYTES, LONG1, LONG4, BINBYTES8, BYTEARRAY8
    let counted: [UInt8: Int] = [0x42: 4, 0x43: 1, 0x8a: 1, 0x8b: 4, 0x8e: 8, 0x96: 8]
    // FLOAT, INT, LONG, PERSID
    let lines: Set<UInt8> = [0x46, 0x49, 0x4c, 0x50]
    var count = fixed[opcode] ?? 0
    if let lengthBytes = counted[opcode] {
      guard let length = number(bytes, byteCount: lengthBytes) else { return false }
      count = length
    } else if lines.contains(opcode) {
      return line(bytes) != nil
    }
    guard count <= bytes.byteCount - position else { return false }
    position += count
    return true
  }
}
