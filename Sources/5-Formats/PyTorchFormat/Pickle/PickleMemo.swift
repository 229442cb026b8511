/// Values that a pickle refers to again. Picklers number them from 0 without gaps, so most lie in an array.
struct PickleMemo {
  private var dense: [PickleValue] = []
  private var sparse: [UInt32: PickleValue] = [:]

  /// The value of a number, or nil if it was not given.
  func value(_ index: UInt32) -> PickleValue? {
    index < dense.count ? dense[Int(index)] : sparse[index]
  }

  mutating func set(_ index: UInt32, _ value: PickleValue) {
    if index < dense.count {
      dense[Int(index)] = value
    } else if index == dense.count, sparse.isEmpty {
      dense.append(value)
    } else {
      sparse[index] = value
    }
  }

  /// How many numbers are given: the next one that MEMOIZE gives.
  var count: Int { dense.count + sparse.count }
}
