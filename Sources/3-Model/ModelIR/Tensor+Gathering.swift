import FileIO

// Safe: a tensor's elements all lie within its storage, which was checked when it was made, and no more are asked for
// than it and the target have.

extension Tensor {
  /// Extents and steps of as few axes as the elements need: axes of one element say nothing, and two whose elements lie in
  /// one sequence are one. The height and width of a kernel that has its channels last are such.
  private var fewestAxes: (extents: [Int], steps: [Int]) {
    var (extents, steps) = ([Int](), [Int]())
    for (extent, step) in zip(shape.dimensions, strides) where extent != 1 {
      if let before = steps.last, before == extent * step {
        extents[extents.count - 1] *= extent
        steps[steps.count - 1] = step
      } else {
        extents.append(extent)
        steps.append(step)
      }
    }
    return extents.isEmpty ? ([1], [1]) : (extents, steps)
  }

  /// Calls `body` for each run of elements that lie in one sequence, in row-major order:
  /// the stored index of its first element, the step, the number of elements and how many came before.
  private func forEachRow(
    from start: Int, count: Int, _ body: (_ element: Int, _ step: Int, _ count: Int, _ done: Int) -> Void
  ) {
    guard count > 0 else { return }
    if hasContiguousLayout {
      body(offset + start, 1, count, 0)
      return
    }
    let (extents, steps) = fewestAxes
    let last = extents.count - 1
    var position = [Int](repeating: 0, count: extents.count)
    var rest = start
    for axis in extents.indices.reversed() {
      position[axis] = rest % extents[axis]
      rest /= extents[axis]
    }
    var done = 0
    while done < count {
      var element = offset
      for axis in extents.indices { element += position[axis] * steps[axis] }
      let run = min(count - done, extents[last] - position[last])
      body(element, steps[last], run, done)
      done += run
      position[last] = 0
      var axis = last - 1
      while axis >= 0 {
        position[axis] += 1
        if position[axis] < extents[axis] { break }
        position[axis] = 0
        axis -= 1
      }
    }
  }

  /// Decodes elements, beginning at row-major element `start`, until `target` is full.
  func gather<Element: BitwiseCopyable>(
    from start: Int, into target: UnsafeMutableBufferPointer<Element>, read: ElementReader<Element>
  ) {
    precondition(start + target.count <= elementCount)
    let size = storedType.byteCount
    unsafe storage.withUnsafeBytes { bytes in
      forEachRow(from: start, count: target.count) { element, step, count, done in
        unsafe read.row(bytes.baseAddress! + element * size, step, count, target.baseAddress! + done)
      }
    }
  }

  /// Copies stored elements as little-endian bytes.
  func gatherBytes(from start: Int, count: Int, into target: UnsafeMutableRawBufferPointer) {
    let size = storedType.byteCount
    // The two parts of a complex number are swapped each for itself.
    let component = storedType == .complex64 || storedType == .complex128 ? size / 2 : size
    unsafe storage.withUnsafeBytes { bytes in
      forEachRow(from: start, count: count) { element, step, count, done in
        for index in 0..<count {
          let source = unsafe bytes.baseAddress! + (element + index * step) * size
          let destination = unsafe target.baseAddress! + (done + index) * size
          unsafe destination.copyMemory(from: source, byteCount: size)
          guard !isLittleEndian && component > 1 else { continue }
          for part in stride(from: 0, to: size, by: component) {
            var bytes = unsafe UnsafeMutableRawBufferPointer(start: destination + part, count: component)
            unsafe bytes.reverse()
          }
        }
      }
    }
  }
}
