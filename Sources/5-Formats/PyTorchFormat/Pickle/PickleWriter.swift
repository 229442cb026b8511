import ModelIR
import ZipArchive

/// Writes the pickle of a state_dict as `torch.save` does: protocol 2, an OrderedDict of `_rebuild_tensor_v2` calls,
/// each on a storage of its own.
struct PickleWriter {
  private var output = LittleEndianBytes()
  /// Memo entries of what is written more than once, by what it is.
  private var memo: [String: UInt8] = [:]

  /// The pickle of an OrderedDict. Storage keys are the positions of the entries.
  static func pickle(_ stateDict: StateDict) -> [UInt8] {
    var writer = PickleWriter()
    writer.opcode(.protocol)
    writer.output.append(2 as UInt8)
    writer.emptyOrderedDictionary()
    writer.opcode(.mark)
    for (index, entry) in stateDict.entries.enumerated() {
      writer.text(entry.name)
      writer.tensor(entry.tensor, key: String(index))
    }
    writer.opcode(.setItems)
    writer.opcode(.stop)
    return writer.output.bytes
  }

  private mutating func tensor(_ tensor: Tensor, key: String) {
    let type = StorageType(of: tensor.dataType)
    global("torch._utils", type == nil ? "_rebuild_tensor_v3" : "_rebuild_tensor_v2")
    opcode(.mark)
    storage(tensor, type: type ?? .untyped, key: key)
    integer(0)
    tuple(tensor.shape.dimensions)
    tuple(tensor.shape.contiguousStrides)
    // No gradient is required, and there are no hooks.
    opcode(.newFalse)
    emptyOrderedDictionary()
    if type == nil { global("torch", tensor.dataType.rawValue) }
    opcode(.tuple)
    opcode(.reduce)
  }

  private mutating func storage(_ tensor: Tensor, type: StorageType, key: String) {
    opcode(.mark)
    repeatedText("storage")
    global(type == .untyped ? "torch.storage" : "torch", type.name)
    text(key)
    repeatedText("cpu")
    integer(type == .untyped ? tensor.byteCount : tensor.elementCount)
    opcode(.tuple)
    opcode(.binaryPersistentIdentifier)
  }

  private mutating func opcode(_ opcode: PickleOpcode) {
    output.append(opcode.rawValue)
  }

  private mutating func emptyOrderedDictionary() {
    global("collections", "OrderedDict")
    opcode(.emptyTuple)
    opcode(.reduce)
  }

  private mutating func global(_ module: String, _ name: String) {
    memoized(module + "." + name) { writer in
      writer.opcode(.global)
      writer.output.append(Array("\(module)\n\(name)\n".utf8))
    }
  }

  private mutating func repeatedText(_ text: String) {
    memoized("'" + text) { writer in writer.text(text) }
  }

  /// Writes something the first time, and refers to it from then on. There are fewer than 256 such things.
  private mutating func memoized(_ identity: String, _ write: (inout PickleWriter) -> Void) {
    if let index = memo[identity] {
      opcode(.binaryGet)
      output.append(index)
      return
    }
    write(&self)
    let index = UInt8(memo.count)
    memo[identity] = index
    opcode(.binaryPut)
    output.append(index)
  }

  private mutating func text(_ text: String) {
    opcode(.binaryUnicode)
    output.append(UInt32(text.utf8.count))
    output.append(Array(text.utf8))
  }

  private mutating func tuple(_ integers: [Int]) {
    opcode(.mark)
    for value in integers { integer(value) }
    opcode(.tuple)
  }

  /// The shortest form, as Python chooses it.
  private mutating func integer(_ value: Int) {
    if let small = UInt8(exactly: value) {
      opcode(.binaryInteger1)
      output.append(small)
    } else if let medium = UInt16(exactly: value) {
      opcode(.binaryInteger2)
      output.append(medium)
    } else if let large = Int32(exactly: value) {
      opcode(.binaryInteger)
      output.append(large)
    } else {
      opcode(.long1)
      output.append(8 as UInt8)
      output.append(Int64(value))
    }
  }
}
