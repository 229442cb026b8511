public import FileIO
public import ModelIR

/// Computes any operator of a graph on concrete tensors of any type, with ONNX's semantics.
///
/// It is the one evaluator: constants are folded with it while a file is read, nodes without a fast kernel run through
/// it, and every faster kernel is tested against it. Loops are naive. Integers wrap around, quotients of integers are
/// cut towards 0; real numbers are computed in Double and rounded once, to float32 and from there to a half type where
/// the element type asks for one; comparisons give booleans.
public enum ReferenceEvaluator {
  /// The most bytes of results and of what is needed on the way.
  public static let defaultLimit = 4 << 30

  /// The outputs of an operator.
  ///
  /// - Parameters:
  ///   - op: the operator
  ///   - inputs: its inputs, nil for those that are left out
  ///   - node: what messages call the node
  ///   - limit: the most bytes that the results may take
  /// - Throws: an error that names the node, if the inputs do not fit, values are out of range (a divisor of 0, an index
  ///   beyond an axis), or the result would be larger than `limit`
  public static func evaluate(
    _ op: Operator, _ inputs: [Tensor?], node: String, limit: Int = defaultLimit
  ) throws(ScaleNetError) -> [Tensor] {
    var typed: [TypedTensor?] = []
    for (index, input) in inputs.enumerated() {
      do throws(ScaleNetError) {
        typed.append(try input.map { (tensor) throws(ScaleNetError) in try TypedTensor(tensor) })
      } catch {
        throw error.within("node \(node.escapedForMessage) (\(op.name)): input \(index)")
      }
    }
    let results = try evaluate(op, typed, node: node, precision: .typed, limit: limit)
    var tensors: [Tensor] = []
    for result in results { tensors.append(try result.tensor()) }
    return tensors
  }

  /// The outputs of an operator in carriers, rounded as `precision` says.
  static func evaluate(
    _ op: Operator, _ inputs: [TypedTensor?], node: String, precision: ReferencePrecision, limit: Int
  ) throws(ScaleNetError) -> [TypedTensor] {
    do throws(ScaleNetError) {
      return try compute(op, inputs, limit: limit).map { $0.fitted(precision) }
    } catch {
      throw error.within("node \(node.escapedForMessage) (\(op.name))")
    }
  }

  /// The outputs of an operator, not rounded yet.
  static func compute(_ op: Operator, _ inputs: [TypedTensor?], limit: Int) throws(ScaleNetError)
    -> [TypedTensor]
  {
    let kind = op.kind
    guard kind.inputCount.contains(inputs.count) else {
      throw ScaleNetError(place: "inputs", expected: "\(kind.inputCount)", found: "\(inputs.count)")
    }
    let types = try kind.inferTypes(
      inputs.map { $0.map { TensorType($0.dataType, $0.shape.map(Dimension.fixed)) } })
    let arguments = Arguments(inputs: inputs, types: types, limit: limit)
    for type in types { try arguments.checkSize(type.dimensions.compactMap(\.value)) }
    let results = try op.kernel.evaluate(arguments)
    for (result, type) in zip(results, types)
    where !TensorType(result.dataType, result.shape.map(Dimension.fixed)).isCompatible(with: type) {
      throw ScaleNetError(
        .internalFailure, place: "output", expected: "\(type)", found: "\(result.dataType)\(result.shape)")
    }
    return results
  }
}

/// What a reference kernel is given.
struct Arguments {
  let inputs: [TypedTensor?]
  /// The types of the outputs; extents that depend on values are unknown.
  let types: [TensorType]
  /// The most bytes of a result.
  let limit: Int

  /// An input that the shape rule requires.
  func callAsFunction(_ index: Int) -> TypedTensor {
    guard let input = optional(index) else { preconditionFailure("the shape rule requires input \(index)") }
    return input
  }

  /// An input that may be left out.
  func optional(_ index: Int) -> TypedTensor? { index < inputs.count ? inputs[index] : nil }

  /// The extents of an output that is known beforehand.
  func shape(_ index: Int = 0) -> [Int] { types[index].dimensions.map { $0.value ?? 0 } }

  /// Fails if a tensor of these extents would be too large.
  func checkSize(_ shape: [Int]) throws(ScaleNetError) {
    var bytes = 8
    for extent in shape {
      let (product, overflow) = bytes.multipliedReportingOverflow(by: max(extent, 0))
      guard !overflow, product <= limit else {
        throw ScaleNetError(place: "output", expected: "at most \(limit) bytes", found: "extents \(shape)")
      }
      bytes = product
    }
  }
}

/// An operator with the loops that compute it.
protocol ReferenceKernel {
  /// The outputs, not rounded to their types yet. The inputs have passed the shape rule.
  func evaluate(_ arguments: Arguments) throws(ScaleNetError) -> [TypedTensor]
}
