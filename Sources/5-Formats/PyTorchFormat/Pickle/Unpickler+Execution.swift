import FileIO

extension Unpickler {
  mutating func execute(_ opcode: PickleOpcode, _ bytes: RawSpan) throws(ScaleNetError) {
    switch opcode {
    case .protocol:
      let version: UInt8 = try field(bytes)
      guard version <= 5 else { throw malformed("a pickle protocol up to 5", "protocol \(version)") }
    case .frame:
      let count: UInt64 = try field(bytes)
      guard count <= UInt64(bytes.byteCount - position) else {
        throw malformed("a frame of at most \(bytes.byteCount - position) bytes", "one of \(count)")
      }
      guard frameEnd == nil else { throw malformed("frames one after the other", "one within another") }
      frameEnd = position + Int(count)
    case .stop: return
    case .none: try push(.none)
    case .newTrue: try push(.bool(true))
    case .newFalse: try push(.bool(false))
    case .binaryInteger: try push(.integer(Int(try field(bytes, as: Int32.self))))
    case .binaryInteger1: try push(.integer(Int(try field(bytes, as: UInt8.self))))
    case .binaryInteger2: try push(.integer(Int(try field(bytes, as: UInt16.self))))
    case .binaryFloat:
      // Of all numbers in a pickle this one alone is big-endian.
      try push(.real(Double(bitPattern: try field(bytes, as: UInt64.self).byteSwapped)))
    case .long1: try push(longInteger(slice(bytes, Int(try field(bytes, as: UInt8.self))), bytes))
    case .long4: try push(longInteger(slice(bytes, length(try field(bytes, as: Int32.self))), bytes))
    case .shortBinaryUnicode, .shortBinaryString:
      try push(.text(slice(bytes, Int(try field(bytes, as: UInt8.self)))))
    case .binaryUnicode: try push(.text(slice(bytes, Int(try field(bytes, as: UInt32.self)))))
    case .binaryUnicode8: try push(.text(slice(bytes, length(try field(bytes, as: UInt64.self)))))
    case .binaryString: try push(.text(slice(bytes, length(try field(bytes, as: Int32.self)))))
    case .shortBinaryBytes: try pushBytes(slice(bytes, Int(try field(bytes, as: UInt8.self))))
    case .binaryBytes: try pushBytes(slice(bytes, Int(try field(bytes, as: UInt32.self))))
    case .binaryBytes8, .byteArray8: try pushBytes(slice(bytes, length(try field(bytes, as: UInt64.self))))
    case .float, .integer, .long, .string, .unicode: try push(textual(opcode, bytes))

    case .mark:
      try count()
      marks.append(stack.count)
    case .pop:
      // It takes a mark where nothing stands above that.
      if marks.last == stack.count { marks.removeLast() } else { _ = try pop() }
    case .popMark: _ = try popMark()
    case .duplicate: try push(top())
    case .emptyTuple: try push(.tuple(store([])))
    case .emptyList: try push(.list(store([])))
    case .emptyDictionary: try push(.dictionary(store([])))
    case .emptySet: try push(.set(store([])))
    case .tuple1: try pushTuple(1)
    case .tuple2: try pushTuple(2)
    case .tuple3: try pushTuple(3)
    case .tuple: try push(.tuple(store(popMark())))
    case .list: try push(.list(store(popMark())))
    case .frozenSet: try push(.set(store(popMark())))
    case .dictionary:
      let items = try popMark()
      try checkPairs(items)
      try push(.dictionary(store(items)))
    case .append:
      let item = try pop()
      try append([item])
    case .appends: try append(popMark())
    case .addItems: try add(popMark())
    case .setItem:
      let value = try pop()
      let key = try pop()
      try setItems([key, value])
    case .setItems: try setItems(popMark())

    case .put: try put(memoIndex(line(bytes)))
    case .binaryPut: try put(UInt32(try field(bytes, as: UInt8.self)))
    case .longBinaryPut: try put(try field(bytes))
    case .memoize: try put(UInt32(clamping: memo.count))
    case .get: try get(memoIndex(line(bytes)))
    case .binaryGet: try get(UInt32(try field(bytes, as: UInt8.self)))
    case .longBinaryGet: try get(try field(bytes))

    case .global: try push(.global(PickleGlobal(module: line(bytes), name: line(bytes))))
    case .stackGlobal, .instance, .object, .reduce, .newObject, .newObjectExtended: try make(opcode, bytes)
    case .build: try build(pop())
    case .persistentIdentifier:
      throw malformed(
        "the persistent id of a storage as a tuple", "the text '\(try line(bytes).escapedForMessage)'")
    case .binaryPersistentIdentifier:
      let identifier = try pop()
      try push(persistentStorage(identifier))
    }
  }

  /// The opcodes that name a class and those that would call something.
  private mutating func make(_ opcode: PickleOpcode, _ bytes: RawSpan) throws(ScaleNetError) {
    switch opcode {
    case .stackGlobal:
      let name = try pop()
      let module = try pop()
      guard case .text(let first) = module, case .text(let second) = name, first.count <= Self.longestName,
        second.count <= Self.longestName, let module = arena.string(first), let name = arena.string(second)
      else { throw malformed("the name of a class or function", name) }
      try push(.global(PickleGlobal(module: module, name: name)))
    case .instance:
      let global = PickleGlobal(module: try line(bytes), name: try line(bytes))
      let arguments = PickleValue.tuple(try store(popMark()))
      try push(call(.global(global), arguments, isClassOnly: false))
    case .object:
      var items = try popMark()
      guard !items.isEmpty else { throw malformed("a class to make an object of", "none") }
      let callee = items.removeFirst()
      let arguments = PickleValue.tuple(try store(items))
      try push(call(callee, arguments, isClassOnly: false))
    case .newObjectExtended:
      let named = try pop()
      guard case .dictionary = named else { throw malformed("a dictionary of arguments", named) }
      let arguments = try pop()
      let callee = try pop()
      // Nothing that is known takes arguments by name.
      guard case .global(.unknown) = callee else {
        throw malformed("a class that takes arguments by name", callee)
      }
      try push(call(callee, arguments, isClassOnly: true))
    default:
      // REDUCE and NEWOBJ, which the caller leaves.
      let arguments = try pop()
      let callee = try pop()
      try push(call(callee, arguments, isClassOnly: opcode == .newObject))
    }
  }

  private mutating func pushBytes(_ slice: PickleSlice) throws(ScaleNetError) {
    try push(.opaque("\(slice.count) bytes"))
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

  /// A length that Int has and that is not negative.
  private func length(_ value: some BinaryInteger) throws(ScaleNetError) -> Int {
    guard value >= 0, let length = Int(exactly: value) else { throw malformed("a length", "\(value)") }
    return length
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
}
