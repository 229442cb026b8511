import FileIO
import ModelIR

extension Unpickler {
  /// What a call of an allowed class or function yields.
  ///
  /// - Parameter isClassOnly: whether the call is a NEWOBJ, which takes classes only.
  mutating func call(
    _ callee: PickleValue, _ arguments: PickleValue, isClassOnly: Bool
  ) throws(ScaleNetError) -> PickleValue {
    guard case .tuple(let index) = arguments else { throw malformed("a tuple of arguments", arguments) }
    if case .object(let maker) = callee {
      // What an unknown function would give is called in turn.
      return try object(arena.objects[maker].name, [])
    }
    guard case .global(let global) = callee else { throw malformed("a class or function to call", callee) }
    let items = arena.containers[index]
    switch global {
    case .orderedDictionary, .counter: return try dictionary(items)
    case .set: return .set(try store(items.isEmpty ? [] : elements(items, "a set")))
    case .parameter:
      guard let first = items.first, items.count <= 2 else { throw arity("Parameter", "1 or 2", items) }
      return try tensor(first)
    case .unknown(let name): return try object(name, items)
    case .byteArray, .complex, .encode, .size, .device, .layout, .storage, .dataType, .foreignType, .marker,
      .rebuildTensor, .rebuildTensorV2, .rebuildTensorV3, .rebuildParameter, .rebuildParameterWithState,
      .rebuildFromType, .rebuildUnsupported:
      if isClassOnly { throw malformed("a class that can be made anew", global.description) }
      return try callFunction(global, items)
    }
  }

  private mutating func callFunction(
    _ global: PickleGlobal, _ items: [PickleValue]
  ) throws(ScaleNetError) -> PickleValue {
    switch global {
    case .byteArray, .encode: return .opaque("bytes")
    case .complex: return .opaque("a complex number")
    case .device: return .opaque("a device")
    case .layout: return .opaque("a layout")
    case .size:
      return .tuple(try store(items.isEmpty ? [] : elements(items, "torch.Size")))
    case .rebuildTensor:
      guard items.count == 4 else { throw arity("_rebuild_tensor", "4", items) }
      return try dense(items, dataType: nil)
    case .rebuildTensorV2:
      guard items.count == 6 || items.count == 7 else { throw arity("_rebuild_tensor_v2", "6 or 7", items) }
      return try dense(items, dataType: nil)
    case .rebuildTensorV3:
      guard items.count == 7 || items.count == 8 else { throw arity("_rebuild_tensor_v3", "7 or 8", items) }
      return try dense(items, dataType: items[6])
    case .rebuildParameter:
      guard items.count == 3 else { throw arity("_rebuild_parameter", "3", items) }
      return try tensor(items[0])
    case .rebuildParameterWithState:
      guard items.count == 4 else { throw arity("_rebuild_parameter_with_state", "4", items) }
      return try tensor(items[0])
    case .rebuildFromType:
      // (function, class, its arguments, attributes): the attributes say nothing of the values.
      guard items.count == 4 else { throw arity("_rebuild_from_type_v2", "4", items) }
      guard case .global(let inner) = items[0], case .tuple(let arguments) = items[2] else {
        throw malformed("a function and its arguments", items[0])
      }
      if case .rebuildFromType = inner { throw malformed("a function that makes a tensor", items[0]) }
      if case .unknown(let name) = inner { return try object(name, []) }
      let result = try callFunction(inner, arena.containers[arguments])
      return try tensor(result)
    case .rebuildUnsupported(let kind):
      return try store(.unsupported(kind))
    case .orderedDictionary, .counter, .set, .parameter, .storage, .dataType, .foreignType, .marker, .unknown:
      throw malformed("a function that torch.save uses", global.description)
    }
  }

  /// The dictionary of `OrderedDict()`, or of `OrderedDict([(key, value), ...])` as Python 2 writes it.
  private mutating func dictionary(_ items: [PickleValue]) throws(ScaleNetError) -> PickleValue {
    guard items.count <= 1 else { throw arity("a dictionary", "at most 1", items) }
    guard let first = items.first else { return .dictionary(try store([])) }
    if case .dictionary(let index) = first {
      try count(arena.containers[index].count)
      return .dictionary(try store(arena.containers[index]))
    }
    guard case .list(let list) = first else { throw malformed("a list of keys and values", first) }
    var content: [PickleValue] = []
    for item in arena.containers[list] {
      let pair: [PickleValue]
      switch item {
      case .list(let index), .tuple(let index): pair = arena.containers[index]
      default: throw malformed("a key and a value", item)
      }
      guard pair.count == 2, pair[0].isHashable else { throw malformed("a key and a value", item) }
      content += pair
    }
    try count(content.count)
    return .dictionary(try store(content))
  }

  private mutating func elements(
    _ items: [PickleValue], _ name: String
  ) throws(ScaleNetError) -> [PickleValue] {
    guard items.count == 1 else { throw arity(name, "at most 1", items) }
    switch items[0] {
    case .list(let index), .tuple(let index):
      try count(arena.containers[index].count)
      return arena.containers[index]
    default: throw malformed("the elements of \(name)", items[0])
    }
  }

  private func arity(_ name: String, _ expected: String, _ items: [PickleValue]) -> ScaleNetError {
    malformed("\(expected) arguments of \(name)", "\(items.count)")
  }

  /// The value, if it is a tensor, or an object that might be one of a kind that is not known.
  private func tensor(_ value: PickleValue) throws(ScaleNetError) -> PickleValue {
    switch value {
    case .tensor, .object: return value
    case .none, .bool, .integer, .longInteger, .real, .text, .global, .opaque, .tuple, .list, .dictionary,
      .set,
      .storage:
      throw malformed("a tensor", value)
    }
  }

  private mutating func store(_ tensor: PickleArena.TensorKind) throws(ScaleNetError) -> PickleValue {
    try count()
    arena.tensors.append(tensor)
    return .tensor(arena.tensors.count - 1)
  }

  /// A tensor of (storage, offset, size, stride, ...), in elements. Its extent is checked when its name is known.
  private mutating func dense(
    _ items: [PickleValue], dataType: PickleValue?
  ) throws(ScaleNetError) -> PickleValue {
    guard case .storage(let view) = items[0] else { throw malformed("a storage", items[0]) }
    guard case .integer(let offset) = items[1] else { throw malformed("an offset", items[1]) }
    let dimensions = try integers(items[2], "the size of a tensor")
    let strides = try integers(items[3], "the strides of a tensor")
    guard dimensions.count == strides.count else {
      throw malformed("\(dimensions.count) strides", "\(strides.count)")
    }
    let type: DataType
    switch dataType {
    case nil:
      let storage = arena.storages[arena.views[view].storage].type
      guard let stored = storage.dataType else {
        if storage == .untyped { throw malformed("a storage with an element type", items[0]) }
        return try store(.unsupported("quantized"))
      }
      type = stored
    case .global(.dataType(let stated)): type = stated
    case .global(.foreignType(let name)): return try store(.unsupported(name))
    case let other?: throw malformed("an element type", other)
    }
    try count(2 * dimensions.count)
    return try store(
      .dense(
        PickleArena.Tensor(
          view: view, offset: offset, dimensions: dimensions, strides: strides, dataType: type)))
  }

  /// At most 64 integers, which is more axes than PyTorch supports.
  private func integers(_ value: PickleValue, _ what: String) throws(ScaleNetError) -> [Int] {
    guard case .tuple(let index) = value else { throw malformed("a tuple for \(what)", value) }
    let items = arena.containers[index]
    guard items.count <= 64 else { throw malformed("at most 64 axes", "\(items.count)") }
    var result: [Int] = []
    for item in items {
      guard case .integer(let integer) = item else { throw malformed("an integer in \(what)", item) }
      result.append(integer)
    }
    return result
  }
}
