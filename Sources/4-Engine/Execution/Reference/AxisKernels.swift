internal import FileIO
internal import Glibc
internal import ModelIR

extension Reduce: ReferenceKernel {
  func evaluate(_ arguments: Arguments) throws(ScaleNetError) -> [TypedTensor] {
    let x = arguments(0)
    let groups = Groups(x.shape, axes: axes)
    let (type, shape) = (x.dataType, arguments.shape())
    if type == .bool {
      // Of nothing, all hold and none does.
      let truths = x.integers
      let found = groups.starts.map { start in
        function == .max
          ? groups.members.contains { truths[start + $0] != 0 }
          : groups.members.allSatisfy { truths[start + $0] != 0 }
      }
      return [TypedTensor(found, shape: shape)]
    }
    switch function {
    case .sum, .product, .max, .min, .sumSquare:
      var result = Reduction(function: function, groups: groups).elements([x])
      if groups.members.isEmpty, type.isInteger, function == .max || function == .min {
        result = Self.extremes(of: type, isLowest: function == .max, count: groups.starts.count)
      }
      return [TypedTensor(type, shape, result)]
    case .mean, .l1, .l2, .logSum, .logSumExp:
      let values = x.asReals
      let result = groups.starts.map { start in real(groups.members.map { values[start + $0] }) }
      if type.isFloatingPoint { return [TypedTensor(type, shape, .real(result))] }
      if type == .uint64 {
        return [TypedTensor(type, shape, .unsigned(result.map { UInt64(clampingReal: $0) }))]
      }
      return [TypedTensor(type, shape, .integer(result.map { Int64(clampingReal: $0) }))]
    }
  }

  /// What the largest or smallest of no integers is.
  private static func extremes(of type: DataType, isLowest: Bool, count: Int) -> TypedTensor.Elements {
    if type == .uint64 { return .unsigned([UInt64](repeating: isLowest ? .min : .max, count: count)) }
    let bits = 8 * type.byteCount
    let highest = type.isSignedInteger ? Int64.max >> (64 - bits) : Int64(1) << bits - 1
    let lowest = type.isSignedInteger ? -highest - 1 : 0
    return .integer([Int64](repeating: isLowest ? lowest : highest, count: count))
  }

  private func real(_ values: [Double]) -> Double {
    switch function {
    case .mean: return values.reduce(0, +) / Double(values.count)
    case .l1: return values.reduce(0) { $0 + abs($1) }
    case .l2: return values.reduce(0) { $0 + $1 * $1 }.squareRoot()
    case .logSum: return log(values.reduce(0, +))
    case .logSumExp:
      let most = values.max() ?? -.infinity
      // Of nothing, or of nothing but -infinity.
      if most.isInfinite { return values.reduce(most, larger) }
      return most + log(values.reduce(0) { $0 + exp($1 - most) })
    case .sum, .product, .max, .min, .sumSquare: preconditionFailure("computed in the element's carrier")
    }
  }

  private struct Reduction: ElementComputation {
    let function: Function
    let groups: Groups

    func callAsFunction<Scalar: ReferenceScalar>(_ values: [[Scalar]]) -> [Scalar] {
      let values = values[0]
      return groups.starts.map { start in
        switch function {
        case .product: groups.members.reduce(Scalar.one) { $0.times(values[start + $1]) }
        case .sumSquare:
          groups.members.reduce(Scalar.zero) { $0.plus(values[start + $1].times(values[start + $1])) }
        case .max: groups.members.reduce(Scalar.lowest) { larger($0, values[start + $1]) }
        case .min: groups.members.reduce(Scalar.highest) { smaller($0, values[start + $1]) }
        case .sum, .mean, .l1, .l2, .logSum, .logSumExp:
          groups.members.reduce(Scalar.zero) { $0.plus(values[start + $1]) }
        }
      }
    }
  }
}

extension ArgExtremum: ReferenceKernel {
  func evaluate(_ arguments: Arguments) throws(ScaleNetError) -> [TypedTensor] {
    let x = arguments(0)
    let search = Search(function: function, selectsLast: selectsLast, lines: Lines(x.shape, axis: axis))
    return [TypedTensor(indices: search.places(x), shape: arguments.shape())]
  }

  private struct Search: PlaceComputation {
    let function: Function
    let selectsLast: Bool
    let lines: Lines

    func callAsFunction<Scalar: ReferenceScalar>(_ values: [Scalar]) -> [Int] {
      (0..<lines.lineCount).map { line in
        var best = (index: 0, value: Scalar.zero)
        for (index, place) in lines.places(line).enumerated() {
          let value = values[place]
          let wins = function == .max ? value > best.value : value < best.value
          if index == 0 || wins || (selectsLast && value == best.value) { best = (index, value) }
        }
        return best.index
      }
    }
  }
}

extension TopK: ReferenceKernel {
  func evaluate(_ arguments: Arguments) throws(ScaleNetError) -> [TypedTensor] {
    let x = arguments(0)
    let lines = Lines(x.shape, axis: axis)
    let chosen = Choice(count: count, isLargest: isLargest, lines: lines).places(x)
    // From lines one after the other to the order of the output.
    var places = [Int](repeating: 0, count: chosen.count)
    var indices = places
    for line in 0..<lines.lineCount {
      for rank in 0..<count {
        let target = (line / lines.inner * count + rank) * lines.inner + line % lines.inner
        places[target] = chosen[line * count + rank]
        indices[target] = places[target] / lines.inner % lines.count
      }
    }
    let shape = arguments.shape()
    return [x.gathered(places, shape: shape), TypedTensor(indices: indices, shape: shape)]
  }

  private struct Choice: PlaceComputation {
    let count: Int
    let isLargest: Bool
    let lines: Lines

    func callAsFunction<Scalar: ReferenceScalar>(_ values: [Scalar]) -> [Int] {
      (0..<lines.lineCount).flatMap { line in
        // What is no number counts as the largest.
        lines.places(line).sorted { left, right in
          let (a, b) = (values[left], values[right])
          if a == b || (a.isUndefined && b.isUndefined) { return left < right }
          let isGreater = a.isUndefined || (!b.isUndefined && a > b)
          return isGreater == isLargest
        }.prefix(count)
      }
    }
  }
}

extension CumSum: ReferenceKernel {
  func evaluate(_ arguments: Arguments) throws(ScaleNetError) -> [TypedTensor] {
    let x = arguments(0)
    let sums = Sums(operation: self, lines: Lines(x.shape, axis: axis))
    return [TypedTensor(x.dataType, x.shape, sums.elements([x]))]
  }

  private struct Sums: ElementComputation {
    let operation: CumSum
    let lines: Lines

    func callAsFunction<Scalar: ReferenceScalar>(_ values: [[Scalar]]) -> [Scalar] {
      var result = values[0]
      for line in 0..<lines.lineCount {
        var sum = operation.isProduct ? Scalar.one : Scalar.zero
        let places = Array(lines.places(line))
        for place in operation.isReverse ? places.reversed() : places {
          let next = operation.isProduct ? sum.times(values[0][place]) : sum.plus(values[0][place])
          result[place] = operation.isExclusive ? sum : next
          sum = next
        }
      }
      return result
    }
  }
}

extension Softmax: ReferenceKernel {
  func evaluate(_ arguments: Arguments) throws(ScaleNetError) -> [TypedTensor] {
    [arguments(0).mappingLines(axis) { Self.softmax($0) }]
  }

  /// Computed from the distances to the largest, so that nothing overflows.
  static func softmax(_ values: [Double]) -> [Double] {
    let most = values.max() ?? 0
    let powers = values.map { exp($0 - most) }
    let sum = powers.reduce(0, +)
    return powers.map { $0 / sum }
  }
}

extension LogSoftmax: ReferenceKernel {
  func evaluate(_ arguments: Arguments) throws(ScaleNetError) -> [TypedTensor] {
    [
      arguments(0).mappingLines(axis) { values in
        let most = values.max() ?? 0
        let logarithm = log(values.reduce(0) { $0 + exp($1 - most) })
        return values.map { $0 - most - logarithm }
      }
    ]
  }
}

extension Hardmax: ReferenceKernel {
  func evaluate(_ arguments: Arguments) throws(ScaleNetError) -> [TypedTensor] {
    [
      arguments(0).mappingLines(axis) { values in
        let first = values.firstIndex(of: values.max() ?? 0)
        return values.indices.map { $0 == first ? 1 : 0 }
      }
    ]
  }
}

extension LpNormalization: ReferenceKernel {
  func evaluate(_ arguments: Arguments) throws(ScaleNetError) -> [TypedTensor] {
    [
      arguments(0).mappingLines(axis) { values in
        let norm =
          p == 1 ? values.reduce(0) { $0 + abs($1) } : values.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return norm == 0 ? values.map { _ in 0 } : values.map { $0 / norm }
      }
    ]
  }
}

extension TypedTensor {
  /// Real numbers changed line by line along an axis.
  func mappingLines(_ axis: Int, _ body: ([Double]) -> [Double]) -> TypedTensor {
    let values = reals
    var result = values
    let lines = Lines(shape, axis: axis)
    for line in 0..<lines.lineCount {
      for (place, value) in zip(lines.places(line), body(lines.places(line).map { values[$0] })) {
        result[place] = value
      }
    }
    return TypedTensor(dataType, shape, .real(result))
  }
}
