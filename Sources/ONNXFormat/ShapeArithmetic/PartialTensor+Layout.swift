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

  /// The indices that `Slice` takes of an axis of `extent`: from `start` to before `end` by `step`, negative numbers
  /// counted from the end, and all of it clamped, as ONNX defines.
  static func sliceIndices(extent: Int, start: Int64, end: Int64, step: Int64) -> [Int]? {
    guard step != 0, step != .min else { return nil }
    let extent = Int64(extent)
    func clamped(_ value: Int64, _ range: ClosedRange<Int64>) -> Int64 {
      let counted = value < 0 ? value.addingReportingOverflow(extent).partialValue : value
      return min(max(counted, range.lowerBound), range.upperBound)
    }
    guard extent > 0 else { return [] }
    var indices: [Int] = []
    if step > 0 {
      let last = clamped(end, 0...extent)
      var index = clamped(start, 0...extent)
      while index < last {
        indices.append(Int(index))
        let (next, overflow) = index.addingReportingOverflow(step)
        if overflow { break }
        index = next
      }
    } else {
      let last = clamped(end, -1...(extent - 1))
      var index = clamped(start, 0...(extent - 1))
      while index > last {
        indices.append(Int(index))
        let (next, overflow) = index.addingReportingOverflow(step)
        if overflow { break }
        index = next
      }
    }
    return indices
  }
}
