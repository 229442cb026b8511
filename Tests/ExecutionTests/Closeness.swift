import ModelIR

/// How far results may lie apart, relative to the largest magnitude (or 1).
enum Closeness {
  /// Whole small networks in Float against Double.
  static let float = 2e-5
  /// The same arithmetic in Double in another order.
  static let double = 1e-11
  /// Double against onnx's reference evaluator, which finds positions of a resize in Float.
  static let reference = 3e-6
  /// Float against PyTorch's Float.
  static let pytorch = 1e-5
}

/// The largest distance of two lists, relative to the largest magnitude; infinite if they can't be compared.
func relativeDistance(_ left: [Double], _ right: [Double]) -> Double {
  guard left.count == right.count else { return .infinity }
  let largest = right.reduce(1) { max($0, abs($1)) }
  return zip(left, right).reduce(0) { result, pair in
    let distance = abs(pair.0 - pair.1) / largest
    return distance.isNaN ? .infinity : max(result, distance)
  }
}
