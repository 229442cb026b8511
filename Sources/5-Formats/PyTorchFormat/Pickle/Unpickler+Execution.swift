import FileIO
import ZipArchive

extension Unpickler {
  mutating func execute(_ opcode: PickleOpcode, _ bytes: RawSpan) throws(ScaleNetError) {
    switch opcode {
    case .protocol:
      let version: UInt8 = try field(bytes)
      guard version == 2 || version == 3 else {
        throw refusedCall(bytes)
          ?? malformed("pickle protocol 2 (the standard of torch.save) or 3", "protocol \(version)")
      }
    case .stop:
      return
    case .none: try push(.none)
    case .newTrue: try push(.bool(true))
    case .newFalse: try push(.bool(false))
    case .binaryInteger: try push(.integer(Int(try field(bytes, as: Int32.self))))
    case .binaryInteger1: try push(.integer(Int(try field(bytes, as: UInt8.self))))
    case .binaryInteger2: try push(.integer(Int(try field(bytes, as: UInt16.self))))
    case .binaryFloat:
      _ = try slice(bytes, 8)
      try push(.real)
    case .long1:
      let count = Int(try field(bytes, as: UInt8.self))
      try push(longInteger(slice(bytes, count), bytes))
    case .binaryUnicode:
      let count = Int(try field(bytes, as: UInt32.self))
      try push(.text(slice(bytes, count)))
    case .binaryString:
      let count = try field(bytes, as: Int32.self)
      guard count >= 0 else { throw malformed("a length", "\(count)") }
      try push(.text(slice(bytes, Int(count))))
    case .shortBinaryString:
      let count = Int(try field(bytes, as: UInt8.self))
      try push(.text(slice(bytes, count)))

    case .mark:
      try count()
      marks.append(stack.count)
    case .emptyTuple: try push(.tuple(store([])))
    case .emptyList: try push(.list(store([])))
    case .emptyDictionary: try push(.dictionary(store([])))
    case .emptySet: try push(.set(store([])))
    case .tuple1: try pushTuple(1)
    case .tuple2: try pushTuple(2)
    case .tuple3: try pushTuple(3)
    case .tuple: try push(.tuple(store(popMark())))
    case .append:
      let item = try pop()
      try append([item])
    case .appends: try append(popMark())
    case .setItem:
      let value = try pop()
      let key = try pop()
      try setItems([key, value])
    case .setItems: try setItems(popMark())

    case .binaryPut: try put(UInt32(try field(bytes, as: UInt8.self)))
    case .longBinaryPut: try put(try field(bytes))
    case .binaryGet: try get(UInt32(try field(bytes, as: UInt8.self)))
    case .longBinaryGet: try get(try field(bytes))

    case .global: try push(.global(readGlobal(bytes)))
    case .reduce:
      let arguments = try pop()
      let callee = try pop()
      try push(call(callee, arguments, isClassOnly: false))
    case .newObject:
      let arguments = try pop()
      let callee = try pop()
      try push(call(callee, arguments, isClassOnly: true))
    case .build:
      let state = try pop()
      // The attributes of an OrderedDict (`_metadata` of a state_dict) say nothing of the weights.
      guard case .dictionary = try top(), case .dictionary = state else {
        throw malformed("BUILD of a dictionary with its attributes", try top())
      }
    case .binaryPersistentIdentifier:
      let identifier = try pop()
      try push(persistentStorage(identifier))
    }
  }

  private mutating func field<Value: FixedWidthInteger & BitwiseCopyable>(
    _ bytes: RawSpan, as type: Value.Type = Value.self
  ) throws(ScaleNetError) -> Value {
    guard let value = bytes.littleEndian(at: position, as: Value.self) else {
      throw malformed("an operand of \(MemoryLayout<Value>.size) bytes", "the end")
    }
    position += MemoryLayout<Value>.size
    return value
  }

  private mutating func slice(_ bytes: RawSpan, _ count: Int) throws(ScaleNetError) -> PickleSlice {
    guard count <= bytes.byteCount - position else {
      throw malformed("an operand of \(count) bytes", "\(bytes.byteCount - position) left")
    }
    defer { position += count }
    return PickleSlice(offset: position, count: count)
  }

  /// Little-endian two's complement of any length; zero bytes are 0.
  private func longInteger(_ slice: PickleSlice, _ bytes: RawSpan) -> PickleValue {
    guard slice.count <= 8 else { return .longInteger(slice) }
    var value: UInt64 = 0
    var last: UInt8 = 0
    for index in 0..<slice.count {
      last = bytes.littleEndian(at: slice.offset + index)!
      value |= UInt64(last) << (8 * index)
    }
    if last & 0x80 != 0, slice.count < 8 { value |= UInt64.max << (8 * slice.count) }
    return .integer(Int(Int64(bitPattern: value)))
  }

  private mutating func put(_ index: UInt32) throws(ScaleNetError) {
    try count()
    memo.set(index, try top())
  }

  private mutating func get(_ index: UInt32) throws(ScaleNetError) {
    guard let value = memo.value(index) else { throw malformed("memo entry \(index)", "none") }
    try push(value)
  }

  private mutating func readGlobal(_ bytes: RawSpan) throws(ScaleNetError) -> PickleGlobal {
    let module = try line(bytes)
    let name = try line(bytes)
    if let global = PickleGlobal(module: module, name: name) { return global }
    let qualified = module + "." + name
    if module.hasPrefix("torch.nn.modules.") || module.hasPrefix("torch.nn.parallel.") {
      throw .pickledModule(path: path, place: place, name: qualified)
    }
    throw .refusedGlobal(path: path, place: place, name: qualified)
  }

  /// A line of at most 1,000 bytes.
  private mutating func line(_ bytes: RawSpan) throws(ScaleNetError) -> String {
    let start = position
    while position - start <= 1_000, let byte = bytes.littleEndian(at: position, as: UInt8.self) {
      position += 1
      guard byte == 0x0a else { continue }
      guard let text = String(validating: bytes.array(start..<position - 1), as: UTF8.self) else {
        throw malformed("the name of a class or function", "bytes that are not UTF-8")
      }
      return text
    }
    throw malformed("the name of a class or function", "no end of line")
  }
}
