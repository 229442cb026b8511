/// Names of which each may be used once: those that somebody will use, and new ones beside them.
public struct UniqueNames: Sendable {
  private var reserved: Set<String>
  private var used: Set<String> = []
  private var lastNumbers: [String: Int] = [:]

  /// - Parameter reserved: names that no new one may be; `use(_:)` takes them.
  public init(reserving reserved: Set<String> = []) {
    self.reserved = reserved
  }

  /// Keeps more names for those who will use them.
  public mutating func reserve(_ names: some Sequence<String>) {
    reserved.formUnion(names)
  }

  /// Whether nobody uses or keeps a name.
  public func isFree(_ name: String) -> Bool { !reserved.contains(name) && !used.contains(name) }

  /// Uses a name, which may be a reserved one; false if it is used already.
  public mutating func use(_ name: String) -> Bool { used.insert(name).inserted }

  /// Uses a name that is free: the base, or the base with the first number from 1 on.
  public mutating func new(_ base: String) -> String {
    var name = base
    while !isFree(name) {
      // Counting on from the last number keeps a file of one name from costing quadratic time.
      lastNumbers[base, default: 0] += 1
      name = "\(base)_\(lastNumbers[base, default: 0])"
    }
    used.insert(name)
    return name
  }

  /// A name that `isFree` says nobody has: the base, or the base with the first number from 1 on that was not tried
  /// before. Who takes it makes it known to `isFree`.
  public mutating func next(_ base: String, isFree: (String) -> Bool) -> String {
    var name = base
    while !isFree(name) {
      lastNumbers[base, default: 0] += 1
      name = "\(base)_\(lastNumbers[base, default: 0])"
    }
    return name
  }
}
