internal import FileIO
internal import ModelIR

extension Computed: ReferenceKernel {
  /// Reads the parameters and lets the operator of the same name compute.
  func evaluate(_ arguments: Arguments) throws(ScaleNetError) -> [TypedTensor] {
    let x = arguments(0)
    func run(_ op: Operator, _ inputs: [TypedTensor?]? = nil) throws(ScaleNetError) -> [TypedTensor] {
      try ReferenceEvaluator.compute(op, inputs ?? [x], limit: arguments.limit)
    }
    switch self {
    case .reshape(let allowsZero):
      return [x.reshaped(try Self.extents(arguments(1).integers, of: x, allowsZero: allowsZero))]
    case .expand:
      return try run(.expand(Expand(shape: arguments(1).integers)))
    case .slice:
      return try run(.slice(try slice(arguments)))
    case .gather(let axis):
      let indices = arguments(1)
      let extent = x.shape[axis]
      let positions = indices.integers.map { $0 < 0 ? $0 + extent : $0 }
      return try run(.gather(Gather(axis: axis, indices: positions, indexShape: indices.shape)))
    case .pad(let mode):
      let axes = try Self.axes(arguments.optional(3), rank: x.rank) ?? Array(0..<x.rank)
      let given = arguments(1).integers
      guard given.count == 2 * axes.count, Set(axes).count == axes.count else {
        throw ScaleNetError(place: "input pads", expected: "\(2 * axes.count) numbers", found: "\(given)")
      }
      var pads = [Int](repeating: 0, count: 2 * x.rank)
      for (place, axis) in axes.enumerated() {
        pads[axis] = given[place]
        pads[axis + x.rank] = given[place + axes.count]
      }
      let pad = Pad(pads: pads, mode: mode)
      // The shape rule checks the numbers before anything is made of them.
      try checkShape(pad, x, arguments)
      let value = arguments.optional(2)
      guard value.map({ $0.count == 1 }) ?? true else {
        throw ScaleNetError(
          place: "input constant_value", expected: "one element", found: "\(value?.count ?? 0)")
      }
      return [pad.padded(x, with: value?[0] ?? ScalarValue(x.dataType, real: 0))]
    case .tile:
      return try run(.tile(Tile(repeats: arguments(1).integers)))
    case .clip:
      let low = arguments.optional(1).map { Limit(limit: $0.reshaped([]), isLower: true) }
      let high = arguments.optional(2).map { Limit(limit: $0.reshaped([]), isLower: false) }
      return [[low, high].compactMap { $0 }.reduce(x) { $1.applied(to: $0) }]
    case .resize(let resize):
      return try run(.resize(try resized(resize, arguments)))
    case .reduce(let function, let keepsAxes, let keepsAllWithoutAxes):
      let axes = try Self.axes(arguments.optional(1), rank: x.rank) ?? []
      let all = axes.isEmpty && !keepsAllWithoutAxes ? Array(0..<x.rank) : axes.sorted()
      return try run(.reduce(Reduce(function, axes: all, keepsAxes: keepsAxes)))
    case .squeeze:
      return try run(.squeeze(Squeeze(axes: try Self.axes(arguments(1), rank: x.rank)?.sorted() ?? [])))
    case .unsqueeze:
      let axes = try Self.axes(arguments(1), rank: x.rank + arguments(1).count) ?? []
      return try run(.unsqueeze(Unsqueeze(axes: axes.sorted())))
    case .split(let axis, let parts):
      let size = (x.shape[axis] + parts - 1) / parts
      let equal = (0..<parts).map { min(size, max(x.shape[axis] - $0 * size, 0)) }
      return try split(x, axis, arguments.optional(1)?.integers ?? equal)
    case .topK(let axis, let isLargest, let isSorted):
      let count = try Self.number(arguments(1), "K")
      return try run(.topK(TopK(count: count, axis: axis, isLargest: isLargest, isSorted: isSorted)))
    case .cumSum(let isExclusive, let isReverse):
      let axis = try Self.number(arguments(1), "axis")
      return try run(
        .cumSum(CumSum(axis: axis < 0 ? axis + x.rank : axis, isExclusive: isExclusive, isReverse: isReverse))
      )
    case .oneHot(let axis):
      let depth = try Self.number(arguments(1), "depth")
      return try run(.oneHot(OneHot(axis: axis, depth: depth)), [x, arguments(2)])
    case .trilu(let isUpper):
      return try run(.trilu(Trilu(isUpper: isUpper, diagonal: try Self.number(arguments(1), "k"))))
    case .constantOfShape(let value, _):
      let shape = x.integers
      guard TensorShape(checking: shape) != nil else {
        throw ScaleNetError(place: "input shape", expected: "extents in range", found: "\(shape)")
      }
      try arguments.checkSize(shape)
      return [.filled(value, shape: shape)]
    case .range:
      return [try range(arguments)]
    }
  }

  /// Fails where the shape rule of an operator does.
  private func checkShape(
    _ kind: some OperatorKind, _ x: TypedTensor, _ arguments: Arguments
  ) throws(ScaleNetError) {
    let types = try kind.inferTypes([TensorType(x.dataType, x.shape.map(Dimension.fixed))])
    for type in types { try arguments.checkSize(type.dimensions.compactMap(\.value)) }
  }

  /// One whole number.
  private static func number(_ tensor: TypedTensor, _ name: String) throws(ScaleNetError) -> Int {
    guard tensor.count == 1 else {
      throw ScaleNetError(place: "input \(name)", expected: "one number", found: "\(tensor.count)")
    }
    return tensor.integers[0]
  }

  /// Axes counted from the first one.
  private static func axes(_ tensor: TypedTensor?, rank: Int) throws(ScaleNetError) -> [Int]? {
    guard let tensor else { return nil }
    let axes = tensor.integers
    guard axes.allSatisfy({ (-rank..<rank).contains($0) }) else {
      throw ScaleNetError(place: "input axes", expected: "axes of rank \(rank)", found: "\(axes)")
    }
    return axes.map { $0 < 0 ? $0 + rank : $0 }
  }

  /// The extents that Reshape makes of a list.
  private static func extents(
    _ list: [Int], of x: TypedTensor, allowsZero: Bool
  ) throws(ScaleNetError) -> [Int] {
    func mismatch() -> ScaleNetError {
      ScaleNetError(place: "input shape", expected: "extents that hold \(x.shape)", found: "\(list)")
    }
    var shape = list
    for (axis, extent) in list.enumerated() where extent == 0 && !allowsZero {
      guard axis < x.rank else { throw mismatch() }
      shape[axis] = x.shape[axis]
    }
    guard shape.allSatisfy({ $0 >= -1 }), shape.count(where: { $0 == -1 }) <= 1,
      let known = TensorShape(checking: shape.filter { $0 != -1 })?.elementCount
    else { throw mismatch() }
    if let hole = shape.firstIndex(of: -1) {
      guard known > 0, x.count % known == 0 else { throw mismatch() }
      shape[hole] = x.count / known
    } else if known != x.count {
      throw mismatch()
    }
    return shape
  }

  /// ONNX's starts and ends as first positions and counts.
  private func slice(_ arguments: Arguments) throws(ScaleNetError) -> Slice {
    let x = arguments(0)
    let (starts, ends) = (arguments(1).integers, arguments(2).integers)
    let axes = try Self.axes(arguments.optional(3), rank: x.rank) ?? Array(0..<min(starts.count, x.rank))
    let steps = arguments.optional(4)?.integers ?? [Int](repeating: 1, count: axes.count)
    guard starts.count == axes.count, ends.count == axes.count, steps.count == axes.count else {
      throw ScaleNetError(place: "input starts", expected: "\(axes.count) numbers", found: "\(starts.count)")
    }
    var slice = Slice(axes: axes, starts: [], steps: steps, counts: [])
    for (place, axis) in axes.enumerated() {
      let (extent, step) = (x.shape[axis], steps[place])
      guard step != 0 else { throw ScaleNetError(place: "input steps", expected: "none of 0", found: "0") }
      func position(_ value: Int, _ bounds: ClosedRange<Int>) -> Int {
        min(max(value < 0 ? value &+ extent : value, bounds.lowerBound), bounds.upperBound)
      }
      let start = position(starts[place], step > 0 ? 0...extent : 0...max(extent - 1, 0))
      // The least number of all ends before the first position.
      let end = ends[place] < -extent ? -1 : position(ends[place], step > 0 ? 0...extent : -1...extent)
      let distance = step > 0 ? max(end, 0) - start : start - end
      let stride = step.magnitude
      let count = distance <= 0 || extent == 0 ? 0 : (UInt(distance) - 1) / stride + 1
      slice.starts.append(count == 0 ? 0 : start)
      slice.counts.append(Int(count))
    }
    return slice
  }

  private func resized(_ resize: Resize, _ arguments: Arguments) throws(ScaleNetError) -> Resize {
    var resize = resize
    // The list that is given follows the order of the axes; the operator has them ascending.
    let order = resize.axes.indices.sorted { resize.axes[$0] < resize.axes[$1] }
    func ordered<Value>(_ list: [Value]) -> [Value] {
      list.count == order.count ? order.map { list[$0] } : list
    }
    resize.axes.sort()
    if let scales = arguments.optional(2), scales.count > 0 {
      resize.extent = .scales(ordered(scales.reals.map { Float($0) }))
    } else if let sizes = arguments.optional(3) {
      resize.extent = .sizes(ordered(sizes.integers))
    } else {
      throw ScaleNetError(place: "input scales", expected: "scales or sizes", found: "neither")
    }
    return resize
  }

  private func split(_ x: TypedTensor, _ axis: Int, _ counts: [Int]) throws(ScaleNetError) -> [TypedTensor] {
    let extent = x.shape[axis]
    guard counts.allSatisfy({ (0...extent).contains($0) }), counts.reduce(0, +) == extent else {
      throw ScaleNetError(place: "input split", expected: "parts of \(extent)", found: "\(counts)")
    }
    var start = 0
    var parts: [TypedTensor] = []
    for count in counts {
      var selection = x.allIndices
      selection[axis] = Array(start..<start + count)
      parts.append(x.selecting(selection))
      start += count
    }
    return parts
  }

  private func range(_ arguments: Arguments) throws(ScaleNetError) -> TypedTensor {
    let (start, limit, delta) = (arguments(0), arguments(1), arguments(2))
    guard start.count == 1, limit.count == 1, delta.count == 1 else {
      throw ScaleNetError(
        place: "input start", expected: "one number each", found: "\(start.count), \(limit.count)")
    }
    let (first, last, step) = (start.asReals[0], limit.asReals[0], delta.asReals[0])
    let steps = ((last - first) / step).rounded(.up)
    guard step != 0, steps.isFinite, let count = Int(exactly: max(steps, 0)) else {
      throw ScaleNetError(place: "input delta", expected: "steps to \(last)", found: "\(step)")
    }
    try arguments.checkSize([count])
    switch start.elements {
    case .real:
      return TypedTensor(start.dataType, [count], .real((0..<count).map { first + Double($0) * step }))
    case .integer:
      let (first, step) = (Int64(start.integers[0]), Int64(delta.integers[0]))
      return TypedTensor(start.dataType, [count], .integer((0..<count).map { first &+ Int64($0) &* step }))
    case .unsigned:
      let (first, step) = (UInt64(start.integers[0]), UInt64(delta.integers[0]))
      return TypedTensor(start.dataType, [count], .unsigned((0..<count).map { first &+ UInt64($0) &* step }))
    }
  }
}

/// One end of the range that Clip holds elements to.
private struct Limit: ElementComputation {
  let limit: TypedTensor
  let isLower: Bool

  func applied(to x: TypedTensor) -> TypedTensor {
    TypedTensor(x.dataType, x.shape, elements([x, limit]))
  }

  func callAsFunction<Scalar: ReferenceScalar>(_ values: [[Scalar]]) -> [Scalar] {
    let limit = values[1][0]
    return values[0].map { isLower ? larger($0, limit) : smaller($0, limit) }
  }
}
