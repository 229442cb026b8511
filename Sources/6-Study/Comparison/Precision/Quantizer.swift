import FileIO
import ModelIR

/// The steps in which numbers are held: one for all, or one for each index along an axis.
struct Quantizer {
  /// The integers, or the half type.
  var type: DataType
  /// One, or one for each index along `axis`; in a half type none, as steps follow the numbers.
  var steps: [Float]
  /// The integers that stand for 0.
  var zeros: [Int64]
  /// The axis of the steps in the tensor; nil where there is one for all.
  var axis: Int?

  /// The numbers of an integer type that others are quantised to; nil for other types.
  static func range(_ type: DataType) -> ClosedRange<Float>? {
    guard type.isSmallInteger || type.isInteger && type.byteCount <= 4, type != .uint32 else { return nil }
    return Float(type.integerRange.lowerBound)...Float(type.integerRange.upperBound)
  }

  /// Reads scale and zero point of a QuantizeLinear or DequantizeLinear; nil where they are computed, or in blocks.
  init?(_ graph: Graph, _ node: Node, type: DataType, axis: Int, blockSize: Int) {
    // A scale in a half type gives results in it, which float32 does not stand for.
    guard blockSize == 0, Self.range(type) != nil, let scale = graph.initializer(node.inputs[1]),
      scale.dataType == .float32, let steps = try? scale.floats(), !steps.isEmpty
    else { return nil }
    var zeros = [Int64](repeating: 0, count: steps.count)
    if node.inputs.count > 2, let id = node.inputs[2] {
      guard let tensor = graph.initializer(id), let read = try? tensor.integers() else { return nil }
      zeros = read.count == steps.count ? read : [Int64](repeating: read.first ?? 0, count: steps.count)
    }
    self.type = type
    self.steps = steps
    self.zeros = zeros
    self.axis = steps.count > 1 ? axis : nil
  }

  /// Steps of a half type.
  init(half type: DataType) {
    self.type = type
    (steps, zeros, axis) = ([], [], nil)
  }

  /// The largest step; nil in a half type.
  var largestStep: Double? { steps.map(Double.init).max() }

  /// Which step an element has.
  struct Places {
    var inner: Int
    var extent: Int
    func callAsFunction(_ index: Int) -> Int { extent == 1 ? 0 : index / inner % extent }
  }

  /// nil if the steps do not fit the shape.
  func places(_ shape: [Int]) -> Places? {
    guard let axis else { return Places(inner: 1, extent: 1) }
    guard axis < shape.count, shape[axis] == steps.count else { return nil }
    return Places(inner: max(shape[(axis + 1)...].reduce(1, *), 1), extent: shape[axis])
  }

  /// The least and the greatest number that is held with each step.
  var bounds: [ClosedRange<Float>] {
    guard let range = Self.range(type) else { return [] }
    return zip(steps, zeros).map { step, zero in
      let (a, b) = ((range.lowerBound - Float(zero)) * step, (range.upperBound - Float(zero)) * step)
      return min(a, b)...max(a, b)
    }
  }

  /// Steps for all, made larger where need be so that they hold a range; those of their own for each channel stay.
  func covering(_ range: ClosedRange<Float>?) -> Quantizer {
    guard let range, steps.count == 1, let held = bounds.first else { return self }
    var factor: Float = 1
    if range.upperBound > 0, held.upperBound > 0 { factor = max(factor, range.upperBound / held.upperBound) }
    if range.lowerBound < 0, held.lowerBound < 0 { factor = max(factor, range.lowerBound / held.lowerBound) }
    var result = self
    result.steps[0] *= factor
    return result
  }

  /// The nearest number that is held; without bounds where only the steps are to count.
  func rounded(_ elements: [Float], shape: [Int], isBounded: Bool) -> [Float]? {
    if steps.isEmpty {
      guard let found = try? Tensor(elements, shape: [elements.count]).cast(to: type).floats() else {
        return nil
      }
      return found
    }
    guard let places = places(shape) else { return nil }
    let bounds = bounds
    return elements.indices.map { index in
      let place = places(index)
      let value = (elements[index] / steps[place]).rounded(.toNearestOrEven) * steps[place]
      return isBounded ? min(max(value, bounds[place].lowerBound), bounds[place].upperBound) : value
    }
  }

  /// A weight as it is held, without bounds where steps have them: a view that yields float32 of the narrow numbers, as the
  /// weights of a whole network are held beside each other.
  func rounded(weight: Tensor) -> Tensor? {
    if steps.isEmpty, let bytes = try? weight.cast(to: type).bytes(),
      let half = try? Tensor(type, weight.shape, storage: .copying(bytes))
    {
      weight.releasePages()
      return half.cast(to: .float32)
    }
    guard let elements = weight.passingFloats() else { return nil }
    if let counts = counts(of: elements, shape: weight.shape),
      let whole = try? Tensor(.int16, weight.shape, storage: .copying(counts))
    {
      return scaled(whole.cast(to: .float32))
    }
    // What a half type can't hold stays as it is.
    return rounded(elements, shape: weight.shape.dimensions, isBounded: false).map { rounded in
      Tensor(zip(rounded, elements).map { $0.isFinite ? $0 : $1 }, shape: weight.shape)
    }
  }

  /// How many steps each element is; nil where that passes 16 bits, or there are no steps.
  private func counts(of elements: [Float], shape: TensorShape) -> [Int16]? {
    guard !steps.isEmpty, shape.rank > 0, let places = places(shape.dimensions) else { return nil }
    var result: [Int16] = []
    result.reserveCapacity(elements.count)
    for index in elements.indices {
      let quotient = (elements[index] / steps[places(index)]).rounded(.toNearestOrEven)
      guard let count = Int16(exactly: quotient) else { return nil }
      result.append(count)
    }
    return result
  }

  /// Numbers of steps times these.
  private func scaled(_ counts: Tensor) -> Tensor {
    guard let axis, axis > 0 else {
      let factors = steps.count == 1 ? [Float](repeating: steps[0], count: counts.shape[0]) : steps
      return counts.scaled(byChannel: factors)
    }
    var order = Array(0..<counts.shape.rank)
    order.swapAt(0, axis)
    return counts.transposed(order).scaled(byChannel: steps).transposed(order)
  }

  /// How many elements lie more than half a step outside of what is held.
  func clippedCount(_ elements: [Float], shape: [Int]) -> Int? {
    if steps.isEmpty {
      guard type == .float16 else { return 0 }
      return elements.count { $0.magnitude >= 65520 && $0.isFinite }
    }
    guard let places = places(shape) else { return nil }
    let limits = zip(bounds, steps).map { range, step in
      range.lowerBound - step / 2...range.upperBound + step / 2
    }
    return elements.indices.count { elements[$0].isFinite && !limits[places($0)].contains(elements[$0]) }
  }

  /// The constants that a node on images or rows multiplies with: one, or one for each channel of a tensor of this rank.
  func factor(rank: Int) -> Tensor? {
    guard let axis else { return Tensor([steps[0]], shape: []) }
    guard axis < rank else { return nil }
    var shape = [Int](repeating: 1, count: rank)
    shape[axis] = steps.count
    return Tensor(steps, shape: TensorShape(shape))
  }
}

extension Graph {
  /// Adds the nodes that round a value to the steps of a quantizer, as float32: what a QuantizeLinear and a
  /// DequantizeLinear give, in operators that are computed faster. nil if that cannot be said so.
  ///
  /// - Parameter isBounded: whether what lies outside of the type's range is held to it.
  mutating func addRounding(
    _ quantizer: Quantizer, of id: ValueID, name: String, isBounded: Bool
  ) throws(ScaleNetError) -> ValueID? {
    if quantizer.steps.isEmpty {
      let half = try addNode(unusedName("\(name).half"), .cast(Cast(to: quantizer.type)), inputs: [id])[0]
      return try addNode(unusedName("\(name).wide"), .cast(Cast(to: .float32)), inputs: [half])[0]
    }
    guard let factor = quantizer.factor(rank: self[id].type.rank),
      let range = Quantizer.range(quantizer.type), Set(quantizer.zeros).count == 1
    else { return nil }
    let step = try addInitializer(unusedName("\(name).step"), factor)
    let quotient = try addNode(unusedName("\(name).quotient"), .binary(.div), inputs: [id, step])[0]
    var whole = try addNode(unusedName("\(name).whole"), .unary(.round), inputs: [quotient])[0]
    if isBounded {
      let zero = Float(quantizer.zeros[0])
      whole = try addNode(
        unusedName("\(name).held"),
        .unary(.clip(minimum: range.lowerBound - zero, maximum: range.upperBound - zero)), inputs: [whole])[0]
    }
    return try addNode(unusedName("\(name).value"), .binary(.mul), inputs: [whole, step])[0]
  }
}
