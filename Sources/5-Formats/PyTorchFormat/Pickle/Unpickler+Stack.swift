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
    guard case .list(let index) = try top() else { throw malformed("a list to append to", try top()) }
    try count(items.count)
    arena.containers[index] += items
  }

  /// Adds keys and values to the dictionary on top of the stack.
  mutating func setItems(_ items: [PickleValue]) throws(ScaleNetError) {
    guard case .dictionary(let index) = try top() else {
      throw malformed("a dictionary to set items of", try top())
    }
    guard items.count.isMultiple(of: 2) else { throw malformed("a value for every key", "none") }
    for position in stride(from: 0, to: items.count, by: 2) where !items[position].isHashable {
      throw malformed("a key that can be looked up", items[position])
    }
    try count(items.count)
    arena.containers[index] += items
  }
}
