import Foundation
import ModelIR

/// Operators as definitions of one element of the output.
extension Interpreter {
  /// All indices of a shape, row-major.
  static func indices(_ shape: [Int]) -> [[Int]] {
    shape.reduce([[]]) { prefixes, extent in
      prefixes.flatMap { prefix in (0..<extent).map { prefix + [$0] } }
    }
  }

  static func apply(_ op: ModelIR.Operator, _ x: Double) -> Double {
    switch op {
    case .unary(.leakyRelu(let alpha)): x < 0 ? Double(alpha) * x : x
    case .unary(.hardSigmoid(let alpha, let beta)): max(0, min(1, Double(alpha) * x + Double(beta)))
    case .unary(.hardSwish): x * max(0, min(1, x / 6 + 0.5))
    case .unary(.tanh): tanh(x)
    case .unary(.sqrt): x.squareRoot()
    case .unary(.exp): exp(x)
    default: .nan
    }
  }

  static func combine(_ op: ModelIR.Operator, _ left: Double, _ right: Double) -> Double {
    switch op {
    case .binary(.add): left + right
    case .binary(.sub): left - right
    case .binary(.mul): left * right
    case .binary(.div): left / right
    case .binary(.pow): pow(left, right)
    case .binary(.pRelu): left < 0 ? left * right : left
    default: .nan
    }
  }

  /// The element of the output at `index`.
  static func element(_ op: ModelIR.Operator, _ index: [Int], _ inputs: [Array]) -> Double {
    let x = inputs[0]
    switch op {
    case .transpose(let op):
      var source = index
      for (axis, from) in op.permutation.enumerated() { source[from] = index[axis] }
      return x[source]
    case .slice(let op):
      var source = index
      for (place, axis) in op.axes.enumerated() {
        source[axis] = op.starts[place] + index[axis] * op.steps[place]
      }
      return x[source]
    case .gather(let op):
      let inner = index[op.axis..<op.axis + op.indexShape.count]
      let place = zip(op.indexShape, inner).reduce(0) { $0 * $1.0 + $1.1 }
      return x[index[..<op.axis] + [op.indices[place]] + index[(op.axis + op.indexShape.count)...]]
    case .expand:
      return x.broadcast(index)
    case .pad(let op):
      var source = index
      for axis in index.indices {
        let extent = x.shape[axis]
        var place = index[axis] - op.pads[axis]
        if !(0..<extent).contains(place) {
          switch op.mode {
          case .constant: return Double(op.value)
          case .edge: place = place < 0 ? 0 : extent - 1
          case .reflect: place = place < 0 ? -place : 2 * (extent - 1) - place
          case .wrap: place = place < 0 ? place + extent : place - extent
          }
        }
        source[axis] = place
      }
      return x[source]
    case .matMul:
      var sum = 0.0
      for k in 0..<x.shape[x.shape.count - 1] {
        let left = x.broadcast(index.dropLast() + [k])
        sum += left * inputs[1].broadcast(index.dropLast(2) + [k, index[index.count - 1]])
      }
      return sum
    case .reduce(let op):
      let ranges = x.shape.indices.map { op.axes.contains($0) ? 0..<x.shape[$0] : index[$0]..<index[$0] + 1 }
      let sources = ranges.reduce([[]]) { prefixes, range in prefixes.flatMap { p in range.map { p + [$0] } }
      }
      return sources.reduce(0) { $0 + x[$1] } / Double(sources.count)
    case .globalPool(.max):
      let plane = indices(Swift.Array(x.shape[2...]))
      return plane.map { x[Swift.Array(index[..<2]) + $0] }.max() ?? .nan
    case .lrn(let op):
      let first = max(0, index[1] - (op.size - 1) / 2)
      let last = min(x.shape[1] - 1, index[1] + op.size / 2)
      let sum = (first...last).reduce(0) { sum, channel in
        let value = x[[index[0], channel] + index[2...]]
        return sum + value * value
      }
      return x[index] / pow(Double(op.bias) + Double(op.alpha) / Double(op.size) * sum, Double(op.beta))
    default:
      return .nan
    }
  }
}
