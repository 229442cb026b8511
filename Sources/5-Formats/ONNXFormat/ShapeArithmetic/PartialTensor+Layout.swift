extension PartialTensor {
  /// The elements at `indices` of an axis, which are in range, in that order.
  func taking(_ indices: [Int], axis: Int) -> PartialTensor {
    let inner = shape[(axis + 1)...].reduce(1, *)
    let outer = shape[..<axis].reduce(1, *)
    var elements: [Element] = []
    for block in 0..<outer {
      for index in indices {
        let start = (block * shape[axis] + index) * inner
        elements += self.elements[start..<start + inner]
      }
    }
    var shape = shape
    shape[axis] = indices.count
    return PartialTensor(dataType, shape: shape, elements: elements)
  }

  /// The same elements in another shape of as many.
  func reshaped(_ shape: [Int]) -> PartialTensor {
    PartialTensor(dataType, shape: shape, elements: elements)
  }

  /// Tensors of one rank after one another along an axis; nil if they do not fit or become too large.
  static func concatenating(_ parts: [PartialTensor], axis: Int) -> PartialTensor? {
    guard let first = parts.first, first.shape.indices.contains(axis) else { return nil }
    var shape = first.shape
    shape[axis] = 0
    for part in parts {
      guard part.dataType == first.dataType, part.shape.count == shape.count else { return nil }
      for index in shape.indices where index != axis && shape[index] != part.shape[index] { return nil }
      shape[axis] += part.shape[axis]
    }
    guard parts.reduce(0, { $0 + $1.elements.count }) <= largestCount else { return nil }
    let outer = shape[..<axis].reduce(1, *)
    var elements: [Element] = []
    for block in 0..<outer {
      for part in parts {
        let run = part.shape[axis...].reduce(1, *)
        elements += part.elements[block * run..<(block + 1) * run]
      }
    }
    return PartialTensor(first.dataType, shape: shape, elements: elements)
  }

  /// What `Slice` takes of an axis of `extent`: from `start` to before `end` by `step`, negative numbers counted from
  /// the end, and all of it clamped, as ONNX defines. nil for a step of 0.
  static func sliceRange(
    extent: Int, start: Int64, end: Int64, step: Int64
  ) -> (start: Int, count: Int)? {
    guard step != 0, step != .min else { return nil }
    let extent = Int64(extent)
    func clamped(_ value: Int64, _ range: ClosedRange<Int64>) -> Int64 {
      let counted = value < 0 ? value.addingReportingOverflow(extent).partialValue : value
      // A sum that is negative still lies before the first element.
      return min(max(counted, range.lowerBound), range.upperBound)
    }
    guard extent > 0 else { return (0, 0) }
    let first: Int64
    let room: Int64
    if step > 0 {
      first = clamped(start, 0...extent)
      room = clamped(end, 0...extent) - first
    } else {
      first = clamped(start, 0...(extent - 1))
      room = first - clamped(end, -1...(extent - 1))
    }
    guard room > 0 else { return (0, 0) }
    return (Int(first), Int((room - 1) / abs(step) + 1))
  }

  /// The indices of that range.
  static func sliceIndices(extent: Int, start: Int64, end: Int64, step: Int64) -> [Int]? {
    guard let range = sliceRange(extent: extent, start: start, end: end, step: step) else { return nil }
    // The last index is in range, and so is every one before it.
    return (0..<range.count).map { range.start + $0 * Int(step) }
  }

  /// The axes in another order: axis i of the result is axis `order[i]` of this tensor.
  func transposed(_ order: [Int]) -> PartialTensor {
    var strides = [Int](repeating: 1, count: shape.count)
    for axis in shape.indices.dropLast().reversed() { strides[axis] = strides[axis + 1] * shape[axis + 1] }
    return gathering(shape: order.map { shape[$0] }, strides: order.map { strides[$0] })
  }

  /// The tensor repeated along axes of extent 1, with NumPy's broadcasting; nil if it does not fit.
  func expanded(to target: [Int]) -> PartialTensor? {
    let rank = max(target.count, shape.count)
    let own = [Int](repeating: 1, count: rank - shape.count) + shape
    let other = [Int](repeating: 1, count: rank - target.count) + target
    var result: [Int] = []
    var strides: [Int] = []
    var count = 1
    for (a, b) in zip(own, other) {
      guard b >= 0, a == b || a == 1 || b == 1 else { return nil }
      result.append(a == 1 ? b : a)
      let (product, overflow) = count.multipliedReportingOverflow(by: result[result.count - 1])
      guard !overflow, product <= Self.largestCount, product >= 0 else { return nil }
      count = product
    }
    var step = 1
    for axis in own.indices.reversed() {
      strides.insert(own[axis] == 1 ? 0 : step, at: 0)
      step *= own[axis]
    }
    return gathering(shape: result, strides: strides)
  }

  private func gathering(shape: [Int], strides: [Int]) -> PartialTensor {
    let count = shape.reduce(1, *)
    let gathered = (0..<count).map { index in
      var rest = index
      var source = 0
      for axis in shape.indices.reversed() {
        source += rest % shape[axis] * strides[axis]
        rest /= shape[axis]
      }
      return elements[source]
    }
    return PartialTensor(dataType, shape: shape, elements: gathered)
  }
}
