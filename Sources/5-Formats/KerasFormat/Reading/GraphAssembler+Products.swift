import FileIO
import JSONText
import ModelIR

/// Products of values and weights along several axes.
extension GraphAssembler {
  /// A value whose axes are in the graph as in Keras.
  mutating func natural(_ value: LayerValue, _ reader: LayerReader) throws(ScaleNetError) -> LayerValue {
    let value = try settled(try plain(value, reader), reader)
    return try arranged(value, Array(value.order.indices), reader)
  }

  /// Values that stand as Keras has them, each in its own order of axes.
  mutating func naturals(_ reader: LayerReader) throws(ScaleNetError) -> [LayerValue] {
    var result: [LayerValue] = []
    for value in try inputs(reader) { result.append(try natural(value, reader)) }
    return result
  }

  /// A reshape of all axes behind the first ones, which stay.
  mutating func regrouped(
    _ id: ValueID, keeping count: Int, _ rest: [Int], _ name: String
  ) throws(ScaleNetError) -> ValueID {
    try node(
      unusedName(name), .reshape(Reshape(shape: [Int](repeating: 0, count: count) + rest)), [id])
  }

  /// The product of the last axes of a value, which stands as Keras has it, with the first ones of weights; a bias is added to
  /// the axes that come in their place.
  ///
  /// - Parameter count: how many axes vanish.
  mutating func projected(
    _ id: ValueID, _ count: Int, _ weights: Tensor, bias: Tensor?, name: String, weightName: String
  ) throws(ScaleNetError) -> ValueID {
    let shape = weights.shape.dimensions
    let (sum, made) = (shape[..<count].reduce(1, *), Array(shape[count...]))
    let columns = made.reduce(1, *)
    let kept = extents(id).count - count
    let matrix = weights.reshaped([sum, columns]) ?? weights
    var value = count == 1 ? id : try regrouped(id, keeping: kept, [sum], "\(name)_rows")
    let isPlain = made.count == 1
    value = try node(
      isPlain && bias == nil ? name : unusedName("\(name)_product"), .matMul(MatMul()),
      [value, try initializer("\(weightName).kernel", matrix)])
    if let bias {
      let row = bias.reshaped([columns]) ?? bias
      value = try node(
        isPlain ? name : unusedName("\(name)_biased"), .binary(.add),
        [value, try initializer("\(weightName).bias", row)])
    }
    if isPlain { return value }
    return try node(
      name, .reshape(Reshape(shape: [Int](repeating: 0, count: kept) + made)), [value])
  }

  /// A product that Einstein's notation describes. Where it is that of the last axes of the input with the first ones of the
  /// weights, it is a product of matrices.
  mutating func addEinsumDense(_ reader: inout LayerReader) throws(ScaleNetError) -> LayerValue {
    var value = try natural(try input(reader), reader)
    guard case .string(let equation)? = reader.value("equation") else {
      throw reader.failure("equation", "a text", reader.layer.settings["equation"]?.kind ?? "nothing")
    }
    _ = reader.value("output_shape")
    var biasAxes = ""
    if let stated = reader.value("bias_axes") {
      guard case .string(let text) = stated else { throw reader.failure("bias_axes", "a text", stated.kind) }
      biasAxes = text
    }
    func invalid() -> ScaleNetError {
      reader.failure("equation", "letters of the input and of the weights, and of the result", equation)
    }
    let sides = equation.filter { $0 != " " }.split(separator: ">", omittingEmptySubsequences: false)
    guard sides.count == 2, sides[0].hasSuffix("-") else { throw invalid() }
    let terms = sides[0].dropLast().split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    guard terms.count == 2 else { throw invalid() }
    let rank = value.order.count
    // Dots stand for letters that nothing else has.
    let named = terms.joined().count(where: \.isLetter) - terms[1].count
    let free = "ABCDEFGH".prefix(max(0, rank - named))
    func letters(_ text: String) -> [Character] {
      Array(text.replacing("...", with: String(free)))
    }
    let (input, kernel, output) = (letters(terms[0]), letters(terms[1]), letters(String(sides[1])))
    let all = input + kernel + output
    guard input.count == rank, Set(input).count == rank, Set(kernel).count == kernel.count,
      Set(output).count == output.count, all.allSatisfy(\.isLetter),
      output.allSatisfy({ input.contains($0) || kernel.contains($0) }), output.first == input.first
    else { throw invalid() }
    let summed = input.filter { kernel.contains($0) && !output.contains($0) }
    let known = extents(value.id)
    // The extents of the weights: those that the input has, and those that the result is told to have.
    let tensors = try weights.tensors(reader.layer, count: biasAxes.isEmpty ? 1 : 2)
    let weights = tensors[0]
    guard weights.shape.rank == kernel.count,
      zip(kernel, weights.shape.dimensions).allSatisfy({ letter, extent in
        input.firstIndex(of: letter).map { known[$0] == extent || known[$0] == -1 } ?? true
      })
    else {
      throw .invalidWeight(
        path: path, layer: reader.layer.name, weight: "kernel", expected: "extents of \(equation)",
        found: "\(weights.shape)")
    }
    let name = reader.layer.name
    var bias: Tensor?
    if tensors.count > 1 {
      // Along the axes of the result that `bias_axes` names; 1 along those between them.
      let wanted = output.map { letter in biasAxes.contains(letter) }
      let first = wanted.firstIndex(of: true) ?? 0
      let shape = output.indices[first...].map { index -> Int in
        guard wanted[index] else { return 1 }
        let letter = output[index]
        if let place = kernel.firstIndex(of: letter) { return weights.shape[place] }
        return input.firstIndex(of: letter).map { known[$0] } ?? 1
      }
      guard let aligned = tensors[1].reshaped(TensorShape(shape)) else {
        throw .invalidWeight(
          path: path, layer: name, weight: "bias", expected: "\(shape)", found: "\(tensors[1].shape)")
      }
      bias = aligned
    }
    let made = Array(kernel.dropFirst(summed.count))
    let isMatrix =
      !summed.isEmpty && Array(input.suffix(summed.count)) == summed
      && Array(kernel.prefix(summed.count)) == summed && !made.isEmpty
      && output == Array(input.dropLast(summed.count)) + made
    if isMatrix {
      let isRow = bias.map {
        $0.elementCount == made.reduce(1) { $0 * weights.shape[kernel.firstIndex(of: $1)!] }
      }
      value.id = try projected(
        value.id, summed.count, weights, bias: isRow == true ? bias : nil,
        name: isRow == false ? unusedName("\(name)_product") : name, weightName: name)
      if isRow == false, let bias {
        value.id = try node(name, .binary(.add), [value.id, try initializer("\(name).bias", bias)])
      }
    } else {
      let text = "\(String(input)),\(String(kernel))->\(String(output))"
      value.id = try node(
        bias == nil ? name : unusedName("\(name)_product"), .einsum(Einsum(equation: text)),
        [value.id, try initializer("\(name).kernel", weights)])
      if let bias {
        value.id = try node(name, .binary(.add), [value.id, try initializer("\(name).bias", bias)])
      }
    }
    value.order = Array(output.indices)
    value.isNonNegative = false
    return try activatedBehind(value, &reader)
  }
}
