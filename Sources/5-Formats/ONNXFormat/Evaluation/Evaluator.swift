import Execution
import FileIO
import ModelIR

/// Computes what is known while a graph is read: the reference kernels on constants, and on shapes of which extents are
/// open, as far as the result follows.
enum Evaluator {
  /// The outputs of an operator whose inputs are known; nil where the graph has to compute them.
  ///
  /// - Parameters:
  ///   - types: what shape inference gives the outputs.
  ///   - context: has the budget for the arithmetic of one file.
  static func outputs(
    of op: Operator, _ inputs: [KnownTensor?], types: [TensorType], context: ParseContext
  ) throws(ScaleNetError) -> [KnownTensor]? {
    if let view = view(op, inputs) { return [view] }
    // Weights that are stored as integers stay so.
    switch op {
    case .quantizeLinear, .dequantizeLinear: return nil
    default: break
    }
    let known = inputs.compactMap { $0 }
    guard known.allSatisfy(\.isSmall), let count = count(types), count <= KnownTensor.largestCount,
      context.takeOperations(of: op, inputs: inputs.map { $0?.tensor.shape }, outputs: types)
    else { return nil }
    let isOpen = known.contains { !$0.open.isEmpty }
    let results: [KnownTensor]?
    if isOpen {
      results = try OpenExtents.outputs(of: op, inputs)
    } else {
      // What the kernels refuse, such as a division by 0, is an error when the graph runs.
      results = (try? evaluate(op, inputs.map { $0?.tensor }))?.map { KnownTensor($0) }
    }
    if let results { try context.takeArithmetic(results.reduce(0) { $0 + $1.tensor.elementCount }) }
    return results
  }

  /// The reference kernel's outputs.
  static func evaluate(_ op: Operator, _ inputs: [Tensor?]) throws(ScaleNetError) -> [Tensor] {
    try ReferenceEvaluator.evaluate(op, inputs, node: op.name, limit: 1 << 24)
  }

  /// A tensor's elements converted to another type.
  static func cast(_ tensor: Tensor, to dataType: DataType) throws(ScaleNetError) -> Tensor {
    try ReferenceEvaluator.evaluate(.cast(Cast(to: dataType)), [tensor], node: "cast")[0]
  }

  /// How many elements types have in all.
  private static func count(_ types: [TensorType]) -> Int? {
    var sum = 0
    for type in types {
      // What the number of elements depends on is known, as all inputs are, but not here: small inputs that make much
      // of themselves are ConstantOfShape, Range, Expand and Tile, whose extents are in their payload.
      let extents = type.dimensions.map { $0.value ?? 1 }
      guard let shape = TensorShape(checking: extents) else { return nil }
      sum += shape.elementCount
    }
    return sum
  }

  /// The same stored elements, seen otherwise: weights that change their shape or type are not copied.
  private static func view(_ op: Operator, _ inputs: [KnownTensor?]) -> KnownTensor? {
    guard inputs.count == 1, let input = inputs[0], input.open.isEmpty else { return nil }
    let tensor = input.tensor
    func reshaped() -> KnownTensor? {
      guard let type = try? op.kind.inferTypes([input.type])[0], let shape = type.shape else { return nil }
      return tensor.reshaped(shape).map { KnownTensor($0) }
    }
    switch op {
    case .identity: return input
    case .transpose(let op): return KnownTensor(tensor.transposed(op.permutation))
    case .reshape, .flatten, .squeeze, .unsqueeze: return reshaped()
    case .cast(let op):
      if op.to == tensor.dataType { return input }
      // Rounding is done when the elements are read, once; integers are not made of real numbers there.
      let isPlain =
        tensor.dataType == tensor.storedType && tensor.dataType.isFloatingPoint && op.to.isFloatingPoint
      return isPlain ? KnownTensor(tensor.cast(to: op.to)) : nil
    default: return nil
    }
  }
}
