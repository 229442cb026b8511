/// The order in which slices along an axis of one array appear in another.
enum ChannelOrder {
  /// For each slice of `other` the slice of `own` that it equals; nil if there is none for some, or the order is the
  /// same.
  static func find<Scalar: BinaryFloatingPoint>(
    _ own: [Scalar], _ other: [Scalar], shape: [Int], axis: Int, closeness: Double = 1e-6
  ) -> [Int]? {
    let extent = shape[axis]
    guard extent > 1, own.count == other.count else { return nil }
    let inner = shape[(axis + 1)...].reduce(1, *)
    let outer = shape[..<axis].reduce(1, *)
    let largest = Double(other.lazy.filter(\.isFinite).map(\.magnitude).max() ?? 0)
    let limit = Scalar(closeness * largest)
    func isEqual(_ a: Int, _ b: Int) -> Bool {
      for block in 0..<outer {
        let (first, second) = ((block * extent + a) * inner, (block * extent + b) * inner)
        for index in 0..<inner {
          // Also an infinity in its place.
          if own[first + index] == other[second + index] { continue }
          let difference = own[first + index] - other[second + index]
          // Also false for NaN.
          guard difference.magnitude <= limit else { return false }
        }
      }
      return true
    }
    var isTaken = [Bool](repeating: false, count: extent)
    var order: [Int] = []
    for slice in 0..<extent {
      // A slice that stays is not looked for elsewhere.
      let candidates = [slice] + (0..<extent)
      guard let found = candidates.first(where: { !isTaken[$0] && isEqual($0, slice) }) else { return nil }
      isTaken[found] = true
      order.append(found)
    }
    return order == Array(0..<extent) ? nil : order
  }

  /// The array whose slice i is slice `order[i]` of `elements`.
  static func apply<Scalar>(_ order: [Int], to elements: [Scalar], shape: [Int], axis: Int) -> [Scalar] {
    let inner = shape[(axis + 1)...].reduce(1, *)
    let outer = shape[..<axis].reduce(1, *)
    var result: [Scalar] = []
    result.reserveCapacity(elements.count)
    for block in 0..<outer {
      for slice in order {
        let start = (block * shape[axis] + slice) * inner
        result += elements[start..<start + inner]
      }
    }
    return result
  }
}
