internal import FileIO
internal import ModelIR

/// A product of matrices in the last two axes of both operands, with NumPy's rules.
private struct MatrixProduct: ElementComputation {
  let rows: Int
  let depth: Int
  let columns: Int
  /// For each product, which matrix of A and of B.
  let left: [Int]
  let right: [Int]

  init(_ a: [Int], _ b: [Int]) {
    let a = a.count == 1 ? [1] + a : a
    let b = b.count == 1 ? b + [1] : b
    rows = a[a.count - 2]
    depth = a[a.count - 1]
    columns = b[b.count - 1]
    let (ours, theirs) = (Array(a.dropLast(2)), Array(b.dropLast(2)))
    let batch = Places.broadcastShape([ours, theirs])
    left = Places.broadcast(ours, to: batch)
    right = Places.broadcast(theirs, to: batch)
  }

  func callAsFunction<Scalar: ReferenceScalar>(_ values: [[Scalar]]) -> [Scalar] {
    let (a, b) = (values[0], values[1])
    var result = [Scalar](repeating: .zero, count: left.count * rows * columns)
    for product in left.indices {
      for row in 0..<rows {
        let target = (product * rows + row) * columns
        for k in 0..<depth {
          let factor = a[(left[product] * rows + row) * depth + k]
          let source = (right[product] * depth + k) * columns
          for column in 0..<columns {
            result[target + column] = result[target + column].plus(factor.times(b[source + column]))
          }
        }
      }
    }
    return result
  }
}

extension TypedTensor {
  /// The product of matrices in the last two axes, in a given shape and type.
  func multiplied(by other: TypedTensor, shape: [Int], _ type: DataType) -> TypedTensor {
    TypedTensor(type, shape, MatrixProduct(self.shape, other.shape).elements([self, other]))
  }

  /// The axes in another order.
  func transposed(_ permutation: [Int]) -> TypedTensor {
    let strides = Places.strides(shape)
    let extents = permutation.map { shape[$0] }
    return gathered(Places.all(extents, strides: permutation.map { strides[$0] }), shape: extents)
  }
}

extension MatMul: ReferenceKernel {
  func evaluate(_ arguments: Arguments) throws(ScaleNetError) -> [TypedTensor] {
    let a = arguments(0)
    return [a.multiplied(by: arguments(1), shape: arguments.shape(), a.dataType)]
  }
}

extension Gemm: ReferenceKernel {
  func evaluate(_ arguments: Arguments) throws(ScaleNetError) -> [TypedTensor] {
    let shape = arguments.shape()
    let a = transA ? arguments(0).transposed([1, 0]) : arguments(0)
    let b = transB ? arguments(1).transposed([1, 0]) : arguments(1)
    let product = a.multiplied(by: b, shape: shape, a.dataType)
    let c = arguments.optional(2).map { $0.gathered(Places.broadcast($0.shape, to: shape), shape: shape) }
    if a.dataType.isInteger, alpha == 1, beta == 1 || c == nil {
      guard let c else { return [product] }
      return try Binary.add.evaluate(
        Arguments(inputs: [product, c], types: arguments.types, limit: arguments.limit))
    }
    var result = product.asReals.map { Double(alpha) * $0 }
    if let terms = c?.asReals {
      for place in result.indices { result[place] += Double(beta) * terms[place] }
    }
    return [Cast.cast(TypedTensor(.float64, shape, .real(result)), to: a.dataType)]
  }
}

extension MatMulInteger: ReferenceKernel {
  func evaluate(_ arguments: Arguments) throws(ScaleNetError) -> [TypedTensor] {
    let (a, b) = (arguments(0), arguments(1))
    let left = try a.withoutRowZeros(arguments.optional(2), "a_zero_point")
    let right = try b.withoutColumnZeros(arguments.optional(3), "b_zero_point")
    return [left.multiplied(by: right, shape: arguments.shape(), .int32)]
  }
}

extension QLinearMatMul: ReferenceKernel {
  func evaluate(_ arguments: Arguments) throws(ScaleNetError) -> [TypedTensor] {
    let (a, b, shape) = (arguments(0), arguments(3), arguments.shape())
    let left = try a.withoutRowZeros(arguments(2), "a_zero_point")
    let right = try b.withoutColumnZeros(arguments(5), "b_zero_point")
    let product = left.multiplied(by: right, shape: shape, .int32).asReals
    // Scales are scalars, of rows or of columns.
    let (aScales, bScales) = (arguments(1).reals, arguments(4).reals)
    let yScale = try arguments(6).onlyReal("y_scale")
    for (scales, name) in [(aScales, "a_scale"), (bScales, "b_scale")] where scales.isEmpty {
      throw ScaleNetError(place: "input \(name)", expected: "at least one number", found: "none")
    }
    let columns = b.rank > 1 ? b.shape[b.rank - 1] : 1
    let rows = a.rank > 1 ? a.shape[a.rank - 2] : 1
    let scaled = product.enumerated().map { place, value in
      let aScale = aScales.count == 1 ? aScales[0] : aScales[place / columns % rows % aScales.count]
      let bScale = bScales.count == 1 ? bScales[0] : bScales[place % columns % bScales.count]
      return value * Double(Float(aScale * bScale / yScale))
    }
    return [QuantizeLinear.quantized(scaled, shape, zero: arguments(7))]
  }
}

extension TypedTensor {
  /// Integers less the zero point of their row.
  fileprivate func withoutRowZeros(_ zero: TypedTensor?, _ name: String) throws(ScaleNetError) -> TypedTensor
  {
    guard let zero, zero.count != 1 else { return try without(zero, axis: 0, name) }
    let columns = shape[rank - 1]
    return try subtracting(zero, name) { $0 / columns }
  }

  /// Integers less the zero point of their column.
  fileprivate func withoutColumnZeros(_ zero: TypedTensor?, _ name: String) throws(ScaleNetError)
    -> TypedTensor
  {
    guard let zero, zero.count != 1 else { return try without(zero, axis: 0, name) }
    let columns = shape[rank - 1]
    return try subtracting(zero, name) { $0 % columns }
  }

  /// `line` tells the row or column of a place; there are as many zero points as lines, of one matrix or of all.
  private func subtracting(
    _ zero: TypedTensor, _ name: String, line: (Int) -> Int
  ) throws(ScaleNetError) -> TypedTensor {
    guard case .integer(let values) = elements, zero.count > 0 else { return self }
    let lines = values.isEmpty ? 0 : line(values.count - 1) + 1
    guard lines % zero.count == 0 || values.isEmpty else {
      throw ScaleNetError(place: "input \(name)", expected: "1 or \(lines) numbers", found: "\(zero.count)")
    }
    let zeros = zero.integers.map { Int64($0) }
    return TypedTensor(
      dataType, shape,
      .integer(values.indices.map { values[$0] &- zeros[line($0) % zeros.count] }))
  }
}

extension Einsum: ReferenceKernel {
  func evaluate(_ arguments: Arguments) throws(ScaleNetError) -> [TypedTensor] {
    let tensors = arguments.inputs.indices.map { arguments($0) }
    let labels = try labels(ranks: tensors.map(\.rank))
    var extents: [Int: Int] = [:]
    for (tensor, own) in zip(tensors, labels.inputs) {
      for (label, extent) in zip(own, tensor.shape) where extents[label] ?? 1 == 1 { extents[label] = extent }
    }
    let summed = extents.keys.filter { !labels.output.contains($0) }.sorted()
    try arguments.checkSize(summed.map { extents[$0] ?? 1 })
    /// The places that an input has for all values of some labels; a label may stand on several of its axes.
    func places(_ wanted: [Int], _ index: Int) -> [Int] {
      let strides = Places.broadcastStrides(
        tensors[index].shape, to: labels.inputs[index].map { extents[$0] ?? 1 })
      let steps = wanted.map { label in
        zip(labels.inputs[index], strides).reduce(0) { $0 + ($1.0 == label ? $1.1 : 0) }
      }
      return Places.all(wanted.map { extents[$0] ?? 1 }, strides: steps)
    }
    let sum = Sum(
      targets: tensors.indices.map { places(labels.output, $0) },
      terms: tensors.indices.map { places(summed, $0) })
    return [TypedTensor(tensors[0].dataType, arguments.shape(), sum.elements(tensors))]
  }

  private struct Sum: ElementComputation {
    /// For each input, the place of each element of the result, and what is added for each term.
    let targets: [[Int]]
    let terms: [[Int]]

    func callAsFunction<Scalar: ReferenceScalar>(_ values: [[Scalar]]) -> [Scalar] {
      targets[0].indices.map { target in
        var sum = Scalar.zero
        for term in terms[0].indices {
          var product = Scalar.one
          for input in values.indices {
            product = product.times(values[input][targets[input][target] + terms[input][term]])
          }
          sum = sum.plus(product)
        }
        return sum
      }
    }
  }
}
