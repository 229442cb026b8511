extension Mutator {
  /// Changes pickles, one behind the other, opcode by opcode; what stands behind them stays.
  mutating func changedPickle(_ input: [UInt8]) -> [UInt8] {
    let (opcodes, rest) = Self.opcodes(input)
    guard !opcodes.isEmpty else { return plainlyChanged(input, limit: limit) }
    if !rest.isEmpty, chance(6) {
      return opcodes.flatMap { $0 } + plainlyChanged(rest, limit: rest.count + 64)
    }
    return changed(opcodes) { mutator, old in mutator.opcode(old) }.flatMap { $0 } + rest
  }

  private mutating func opcode(_ old: [UInt8]?) -> [UInt8] {
    if let old, old.count > 1, chance(2) {
      // What follows the opcode, and its length with it.
      switch Self.argument(old[0]) {
      case .counted(let size):
        let text = plainlyChanged(Array(old.dropFirst(1 + size)), limit: old.count + 8)
        return [old[0]] + .little(chance(10) ? Int(truncatingIfNeeded: number()) : text.count, size) + text
      case .lines: return [old[0]] + plainlyChanged(Array(old.dropFirst()), limit: old.count + 8)
      case .bytes(let size): return [old[0]] + .little(Int(truncatingIfNeeded: number()), size)
      }
    }
    if chance(6) {
      let (module, name) = element(Self.globals)
      return [0x63] + Array("\(module)\n\(name)\n".utf8)
    }
    let code = element(Self.codes)
    switch Self.argument(code) {
    case .bytes(let size):
      return [code] + .little(chance(2) ? below(20) : Int(truncatingIfNeeded: number()), size)
    case .counted(let size):
      let text = Array("storage".utf8).prefix(below(8))
      return [code] + .little(text.count, size) + text
    case .lines(let count): return [code] + (0..<count).flatMap { _ in Array("\(below(12))\n".utf8) }
    }
  }

  private enum Argument {
    /// So many bytes.
    case bytes(Int)
    /// So many bytes of a number, and then that many.
    case counted(Int)
    /// So many lines.
    case lines(Int)
  }

  private static func argument(_ code: UInt8) -> Argument {
    switch code {
    case 0x4b, 0x68, 0x71, 0x80, 0x82: .bytes(1)
    case 0x4d, 0x83: .bytes(2)
    case 0x4a, 0x6a, 0x72, 0x84: .bytes(4)
    case 0x47, 0x95: .bytes(8)
    case 0x55, 0x43, 0x8c, 0x8a: .counted(1)
    case 0x54, 0x58, 0x42, 0x8b: .counted(4)
    case 0x8d, 0x8e, 0x96: .counted(8)
    case 0x46, 0x49, 0x4c, 0x53, 0x56, 0x67, 0x70, 0x50: .lines(1)
    case 0x63, 0x69: .lines(2)
    default: .bytes(0)
    }
  }

  private static let codes: [UInt8] =
    [
      0x28, 0x29, 0x2e, 0x30, 0x31, 0x32, 0x42, 0x43, 0x46, 0x47, 0x49, 0x4a, 0x4b, 0x4c, 0x4d, 0x4e, 0x50,
      0x51,
    ]
    + [
      0x52, 0x53, 0x54, 0x55, 0x56, 0x58, 0x5d, 0x61, 0x62, 0x63, 0x64, 0x65, 0x67, 0x68, 0x69, 0x6a, 0x6c,
      0x6f,
    ]
    + [0x70, 0x71, 0x72, 0x73, 0x74, 0x75, 0x7d] + Array(0x80...0x98)

  private static let globals: [(String, String)] =
    [
      ("collections", "OrderedDict"), ("collections", "defaultdict"), ("collections", "Counter"),
      ("os", "system"),
    ]
    + [
      "_rebuild_tensor", "_rebuild_tensor_v2", "_rebuild_tensor_v3", "_rebuild_parameter",
      "_rebuild_sparse_tensor",
    ]
    .map { ("torch._utils", $0) }
    + [
      "Size", "device", "float32", "bfloat16", "int8", "FloatStorage", "HalfStorage", "LongStorage",
      "BoolStorage",
    ]
    .map { ("torch", $0) }
    + [
      ("torch._tensor", "_rebuild_from_type_v2"), ("torch.nn.parameter", "Parameter"), ("_codecs", "encode"),
    ]
    + [
      ("torch.storage", "UntypedStorage"), ("builtins", "set"), ("__builtin__", "bytearray"),
      ("copyreg", "_reconstructor"),
    ]

  /// Opcodes with what belongs to them, as far as there are any, and the rest.
  private static func opcodes(_ bytes: [UInt8]) -> (opcodes: [[UInt8]], rest: [UInt8]) {
    var result: [[UInt8]] = []
    var position = 0
    while position < bytes.count {
      let start = position
      let code = bytes[position]
      guard codes.contains(code), result.last != [0x2e] || code == 0x80 else { break }
      position += 1
      switch argument(code) {
      case .bytes(let count): position += count
      case .counted(let size):
        guard let count = bytes.little(position, size), count >= 0, count <= bytes.count else {
          position = bytes.count + 1
          break
        }
        position += size + count
      case .lines(let count):
        for _ in 0..<count {
          position = (bytes[min(position, bytes.count)...].firstIndex(of: 0x0a) ?? bytes.count) + 1
        }
      }
      guard position <= bytes.count else { return (result, Array(bytes[start...])) }
      result.append(Array(bytes[start..<position]))
    }
    return (result, Array(bytes[min(position, bytes.count)...]))
  }
}
