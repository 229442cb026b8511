import FileIO
import ModelIR

/// What can be said of the results of operators on shapes of which extents are open.
///
/// Operators that move elements are run on the elements' positions. Arithmetic is run with 1 in the place of what is
/// open, and what depends on that is put right afterwards, or not known.
enum OpenExtents {
  /// One element, as the rules see it.
  private enum Element {
    case known(Double)
    case open(Dimension)
  }

  /// The outputs; nil if one of their elements does not follow.
  static func outputs(of op: Operator, _ inputs: [KnownTensor?]) throws(ScaleNetError) -> [KnownTensor]? {
    let known = inputs.compactMap { $0 }
    guard known.count == inputs.count, let first = known.first else { return nil }
    switch op {
    case .identity, .gather, .slice, .concat, .reshape, .flatten, .squeeze, .unsqueeze, .transpose, .expand,
      .tile:
      return [try moved(op, known)]
    case .where:
      guard first.open.isEmpty else { return nil }
      return [try moved(op, known, from: 1)]
    case .cast(let op):
      switch op.to {
      case .int32, .int64, .float32, .float64: break
      default: return nil
      }
      return [KnownTensor(try Evaluator.evaluate(.cast(op), [first.tensor])[0], open: first.open)]
    case .unary(.floor), .unary(.ceil), .unary(.round), .unary(.abs):
      return [KnownTensor(try Evaluator.evaluate(op, [first.tensor])[0], open: first.open)]
    case .binary(let function):
      return try combined(first, known[1], function).map { [$0] }
    case .variadic(let function):
      let binary: Binary
      switch function {
      case .sum: binary = .add
      case .min, .max, .mean: return nil
      }
      var result = first
      for next in known.dropFirst() {
        guard let sum = try combined(result, next, binary) else { return nil }
        result = sum
      }
      return [result]
    case .reduce(let reduce):
      return try reduced(first, reduce).map { [$0] }
    default:
      return nil
    }
  }

  // MARK: Moves

  /// The elements where an operator takes them, whatever they are.
  ///
  /// - Parameter first: the first input whose elements are moved; those before it decide where.
  private static func moved(
    _ op: Operator, _ inputs: [KnownTensor], from first: Int = 0
  ) throws(ScaleNetError) -> KnownTensor {
    var positions: [Tensor] = []
    var elements: [Element] = []
    for (index, input) in inputs.enumerated() {
      guard index >= first else {
        positions.append(input.tensor)
        continue
      }
      let count = Int64(elements.count)
      elements += try self.elements(input)
      positions.append(
        Tensor((count..<Int64(elements.count)).map { $0 }, shape: TensorShape(input.shape)))
    }
    let taken = try Evaluator.evaluate(op, positions)[0]
    return try tensor(
      inputs[first].dataType, taken.shape, try taken.integers().map { elements[Int($0)] })
  }

  private static func elements(_ input: KnownTensor) throws(ScaleNetError) -> [Element] {
    let values =
      input.dataType.isFloatingPoint
      ? try input.tensor.doubles() : try input.tensor.integers().map { Double($0) }
    return values.enumerated().map { index, value in input.open[index].map { .open($0) } ?? .known(value) }
  }

  private static func tensor(
    _ dataType: DataType, _ shape: TensorShape, _ elements: [Element]
  ) throws(ScaleNetError) -> KnownTensor {
    var values: [Double] = []
    var open: [Int: Dimension] = [:]
    for (index, element) in elements.enumerated() {
      switch element {
      case .known(let value): values.append(value)
      case .open(let dimension):
        values.append(1)
        open[index] = dimension
      }
    }
    // Shapes are far below 2^53, where Double stops to be exact.
    let tensor = try Evaluator.evaluate(.cast(Cast(to: dataType)), [Tensor(values, shape: shape)])[0]
    return KnownTensor(tensor, open: open)
  }

  // MARK: Arithmetic

  private static func combined(
    _ left: KnownTensor, _ right: KnownTensor, _ function: Binary
  ) throws(ScaleNetError) -> KnownTensor? {
    let result = try Evaluator.evaluate(.binary(function), [left.tensor, right.tensor])[0]
    let shape = result.shape.dimensions
    let a = try elements(try moved(.expand(Expand(shape: shape)), [left]))
    let b = try elements(try moved(.expand(Expand(shape: shape)), [right]))
    var elements = try self.elements(KnownTensor(result))
    for index in elements.indices {
      if case (.known, .known) = (a[index], b[index]) { continue }
      guard let element = combine(function, a[index], b[index]) else { return nil }
      elements[index] = element
    }
    return try tensor(result.dataType, result.shape, elements)
  }

  /// A reduction of all axes.
  private static func reduced(_ input: KnownTensor, _ reduce: Reduce) throws(ScaleNetError) -> KnownTensor? {
    let function: Binary
    switch reduce.function {
    case .product: function = .mul
    case .sum: function = .add
    default: return nil
    }
    guard reduce.axes.count == input.shape.count else { return nil }
    var elements = try self.elements(input)[...]
    guard var result = elements.popFirst() else { return nil }
    for element in elements {
      guard let next = combine(function, result, element) else { return nil }
      result = next
    }
    let shape = reduce.keepsAxes ? [Int](repeating: 1, count: input.shape.count) : []
    return try tensor(input.dataType, TensorShape(shape), [result])
  }

  /// A result of which an operand is open; nil if it does not follow. An open extent is at least 1.
  private static func combine(_ function: Binary, _ left: Element, _ right: Element) -> Element? {
    switch (left, right) {
    case (.known(let a), .known(let b)):
      switch function {
      case .mul: .known(a * b)
      case .add: .known(a + b)
      default: nil
      }
    case (.open(let a), .known(let b)):
      switch function {
      case .add, .sub: b == 0 ? left : nil
      case .mul: multiplied(a, b)
      case .div: divided(a, b)
      case .mod: divided(a, b) == nil ? nil : .known(0)
      case .equal: b < 1 ? .known(0) : nil
      case .greater: b < 1 ? .known(1) : nil
      case .greaterOrEqual: b <= 1 ? .known(1) : nil
      case .less: b <= 1 ? .known(0) : nil
      case .lessOrEqual: b < 1 ? .known(0) : nil
      default: nil
      }
    case (.known(let a), .open(let b)):
      switch function {
      case .add: a == 0 ? right : nil
      case .mul: multiplied(b, a)
      case .equal: a < 1 ? .known(0) : nil
      case .less: a < 1 ? .known(1) : nil
      case .lessOrEqual: a <= 1 ? .known(1) : nil
      case .greater: a <= 1 ? .known(0) : nil
      case .greaterOrEqual: a < 1 ? .known(0) : nil
      default: nil
      }
    case (.open(let a), .open(let b)):
      switch function {
      case .add: a.adding(b).map { .open($0) }
      case .sub where a == b: .known(0)
      case .div: a.ratio(to: b).map { .known(Double($0)) }
      case .equal, .greaterOrEqual, .lessOrEqual: a == b ? .known(1) : nil
      case .less, .greater: a == b ? .known(0) : nil
      default: nil
      }
    }
  }

  private static func multiplied(_ extent: Dimension, _ factor: Double) -> Element? {
    guard let factor = Int(exactly: factor), factor > 0 else { return nil }
    return extent.multiplied(by: factor).map { .open($0) }
  }

  private static func divided(_ extent: Dimension, _ divisor: Double) -> Element? {
    guard let divisor = Int(exactly: divisor), divisor > 0 else { return nil }
    return extent.divided(by: divisor).map { .open($0) }
  }
}
