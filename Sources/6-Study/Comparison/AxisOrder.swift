import ModelIR

/// How a shape of one side becomes that of the other: the same, with channels last, or without extents of 1.
enum AxisOrder: Hashable {
  case same
  /// The right's axes in the order that makes them the left's.
  case permuted([Int])
  /// The same elements in the same order; only extents of 1 are left out or added.
  case squeezed

  private static let toChannelsFirst = [0, 3, 1, 2]
  private static let toChannelsLast = [0, 2, 3, 1]

  /// All relations that make `right` the shape `left`, the simplest first.
  static func relations(_ left: [Int], _ right: [Int]) -> [AxisOrder] {
    var result: [AxisOrder] = []
    if left == right { result.append(.same) }
    if left.count == 4, right.count == 4 {
      for order in [toChannelsFirst, toChannelsLast] where order.map({ right[$0] }) == left {
        result.append(.permuted(order))
      }
    }
    if left != right, left.filter({ $0 != 1 }) == right.filter({ $0 != 1 }) { result.append(.squeezed) }
    return result
  }

  /// A right's tensor in the left's order and shape.
  func apply(to tensor: Tensor, shape: TensorShape) -> Tensor? {
    switch self {
    case .same: tensor
    case .permuted(let order): tensor.transposed(order)
    case .squeezed: tensor.reshaped(shape)
    }
  }

  /// The relation in the other direction.
  var inverse: AxisOrder {
    switch self {
    case .same, .squeezed: self
    case .permuted(Self.toChannelsFirst): .permuted(Self.toChannelsLast)
    case .permuted: .permuted(Self.toChannelsFirst)
    }
  }

  /// The right's axes in letters of the left's, if they are in another order.
  var otherLayout: String? {
    switch self {
    case .same, .squeezed: nil
    case .permuted(Self.toChannelsFirst): "NHWC"
    case .permuted: "NCHW"
    }
  }
}
