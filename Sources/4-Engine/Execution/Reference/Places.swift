/// Places of elements in row-major memory, as lists: what operators that move elements are made of.
enum Places {
  /// Steps from one index to the next along each axis.
  static func strides(_ shape: [Int]) -> [Int] {
    var strides = [Int](repeating: 1, count: shape.count)
    for axis in shape.indices.dropLast().reversed() { strides[axis] = strides[axis + 1] * shape[axis + 1] }
    return strides
  }

  /// The places of all indices over `extents`, in row-major order, where a step along axis i moves by `strides[i]`.
  static func all(_ extents: [Int], strides: [Int], from base: Int = 0) -> [Int] {
    combined(zip(extents, strides).map { extent, stride in (0..<extent).map { $0 * stride } }, from: base)
  }

  /// The sums of one term for each axis, in row-major order; -1 where any term is negative.
  static func combined(_ terms: [[Int]], from base: Int = 0) -> [Int] {
    var places = [base]
    for axis in terms {
      var next: [Int] = []
      next.reserveCapacity(places.count * axis.count)
      for place in places {
        for term in axis { next.append(place < 0 || term < 0 ? -1 : place + term) }
      }
      places = next
    }
    return places
  }

  /// For each element of `target`, the place of the element of `shape` that NumPy's broadcasting puts there.
  static func broadcast(_ shape: [Int], to target: [Int]) -> [Int] {
    all(target, strides: broadcastStrides(shape, to: target))
  }

  /// Steps along the axes of `target` in an array of `shape`: 0 where it is stretched.
  static func broadcastStrides(_ shape: [Int], to target: [Int]) -> [Int] {
    let own = strides(shape)
    let added = target.count - shape.count
    return target.indices.map { axis in
      axis < added || shape[axis - added] == 1 ? 0 : own[axis - added]
    }
  }

  /// The shape that NumPy's broadcasting gives; the shapes fit, as shape rules have found.
  static func broadcastShape(_ shapes: [[Int]]) -> [Int] {
    let rank = shapes.map(\.count).max() ?? 0
    return (0..<rank).map { axis in
      var result = 1
      for shape in shapes {
        let own = axis - (rank - shape.count)
        if own >= 0 && shape[own] != 1 { result = shape[own] }
      }
      return result
    }
  }

  /// The index along each axis of a place.
  static func index(of place: Int, in shape: [Int]) -> [Int] {
    var rest = place
    var index = [Int](repeating: 0, count: shape.count)
    for axis in shape.indices.reversed() {
      index[axis] = rest % shape[axis]
      rest /= shape[axis]
    }
    return index
  }
}

/// An array seen as lines along one axis: [outer, count, inner].
struct Lines {
  let outer: Int
  let count: Int
  let inner: Int

  init(_ shape: [Int], axis: Int) {
    outer = shape[..<axis].reduce(1, *)
    count = shape[axis]
    inner = shape[(axis + 1)...].reduce(1, *)
  }

  /// The places of one line.
  func places(_ line: Int) -> StrideTo<Int> {
    let first = line / inner * count * inner + line % inner
    return stride(from: first, to: first + count * inner, by: inner)
  }

  var lineCount: Int { outer * inner }
}

/// An array with its axes in two groups, so that each element of the kept ones meets all of the others.
struct Groups {
  /// The place of each group's first element, in row-major order of the kept axes.
  let starts: [Int]
  /// What is added for each of a group's elements.
  let members: [Int]

  /// `axes` are those that make a group.
  init(_ shape: [Int], axes: [Int]) {
    let strides = Places.strides(shape)
    let kept = shape.indices.filter { !axes.contains($0) }
    starts = Places.all(kept.map { shape[$0] }, strides: kept.map { strides[$0] })
    members = Places.all(axes.map { shape[$0] }, strides: axes.map { strides[$0] })
  }
}
