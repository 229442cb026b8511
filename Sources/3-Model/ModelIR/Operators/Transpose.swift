public import FileIO

/// The axes in another order: axis i of the output is axis `permutation[i]` of the input.
public struct Transpose: OperatorKind {
  public static let name = "Transpose"
  public static let inputCount = 1...1

  /// Every axis of the input once.
  public var permutation: [Int]

  public init(permutation: [Int]) {
    self.permutation = permutation
  }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    let x = try require(inputs, 0, "data")
    guard permutation.sorted() == Array(0..<x.rank) else {
      throw ScaleNetError(place: "perm", expected: "every axis of \(x) once", found: "\(permutation)")
    }
    return [TensorType(x.dataType, permutation.map { x.dimensions[$0] })]
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost {
    Cost()
  }
}
