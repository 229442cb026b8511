import FileIO

extension Unpickler {
  /// Counts a value that takes memory.
  mutating func count(_ values: Int = 1) throws(ScaleNetError) {
    valueCount += values
    guard valueCount <= Self.valueLimit else {
      throw malformed("at most \(Self.valueLimit) values", "more")
    }
  }

  mutating func push(_ value: PickleValue) throws(ScaleNetError) {
    try count()
    stack.append(value)
  }

  /// The values above the last mark belong to it: what stands below cannot be popped.
  private var floor: Int { marks.last ?? 0 }

  mutating func pop() throws(ScaleNetError) -> PickleValue {
    guard stack.count > floor, let value = stack.popLast() else {
      throw malformed("a value on the stack", "none")
    }
    return value
  }

  /// The values above the last mark, which are removed together with it.
  mutating func popMark() throws(ScaleNetError) -> [PickleValue] {
    guard let height = marks.popLast() else { throw malformed("a mark on the stack", "none") }
    let values = Array(stack[height...])
    stack.removeSubrange(height...)
    return values
  }

  /// The value on top, which stays.
  func top() throws(ScaleNetError) -> PickleValue {
    guard stack.count > floor, let value = stack.last else {
      throw malformed("a value on the stack", "none")
    }
    return value
  }

  /// A place for the items of a new tuple, list, dictionary or set.
  mutating func store(_ items: [PickleValue]) throws(ScaleNetError) -> Int {
    try count()
    arena.containers.append(items)
    return arena.containers.count - 1
  }

  mutating func pushTuple(_ count: Int) throws(ScaleNetError) {
    var items: [PickleValue] = []
    for _ in 0..<count { items.append(try pop()) }
    try push(.tuple(store(items.reversed())))
  }

  /// Adds items to the list on top of the stack.
  mutating func append(_ items: [PickleValue]) throws(ScaleNetError) {
    switch try top() {
    case .list(let index):
      try count(items.count)
      arena.containers[index] += items
    case .object(let index): try addItems(items, to: index)
    case let other: throw malformed("a list to append to", other)
    }
  }

  /// Adds items to the set on top of the stack.
  mutating func add(_ items: [PickleValue]) throws(ScaleNetError) {
    switch try top() {
    case .set(let index):
      try count(items.count)
      arena.containers[index] += items
    case .object(let index): try addItems(items, to: index)
    case let other: throw malformed("a set to add to", other)
    }
  }

  /// Adds keys and values to the dictionary on top of the stack.
  mutating func setItems(_ items: [PickleValue]) throws(ScaleNetError) {
    try checkPairs(items)
    switch try top() {
    case .dictionary(let index):
      try count(items.count)
      arena.containers[index] += items
    case .object(let index):
      let pairs = if let known = arena.objects[index].pairs { known } else { try store([]) }
      arena.objects[index].pairs = pairs
      try count(items.count)
      arena.containers[pairs] += items
    case let other: throw malformed("a dictionary to set items of", other)
    }
  }

  /// Fails unless items are keys and values by turns.
  func checkPairs(_ items: [PickleValue]) throws(ScaleNetError) {
    guard items.count.isMultiple(of: 2) else { throw malformed("a value for every key", "none") }
    for position in stride(from: 0, to: items.count, by: 2) where !items[position].isHashable {
      throw malformed("a key that can be looked up", items[position])
    }
  }

  private mutating func addItems(_ items: [PickleValue], to object: Int) throws(ScaleNetError) {
    let list = if let known = arena.objects[object].items { known } else { try store([]) }
    arena.objects[object].items = list
    try count(items.count)
    arena.containers[list] += items
  }

  /// What a class or function that is not known would make.
  ///
  /// - Parameter items: its arguments, of which nothing is kept; where it only makes an object of another class, that
  ///   one gives the name.
  mutating func object(_ name: String, _ items: [PickleValue]) throws(ScaleNetError) -> PickleValue {
    try count()
    var name = name
    if Self.makers.contains(name), case .global(.unknown(let made))? = items.first { name = made }
    arena.objects.append(PickleArena.Object(name: name))
    return .object(arena.objects.count - 1)
  }

  /// Functions of Python that make an object of their first argument.
  private static let makers: Set<String> = [
    "copyreg._reconstructor", "copy_reg._reconstructor", "copyreg.__newobj__", "copyreg.__newobj_ex__",
  ]

  /// Sets the state of the object on top of the stack.
  mutating func build(_ state: PickleValue) throws(ScaleNetError) {
    switch (try top(), state) {
    case (.object(let index), _): arena.objects[index].state = state
    // The attributes of an OrderedDict (`_metadata` of a state_dict) say nothing of the weights.
    case (.dictionary, .dictionary): return
    case (let other, _): throw malformed("BUILD of an object, or of a dictionary with its attributes", other)
    }
  }
}
