import ModelIR

/// A value of the left and its counterpart on the right.
struct ValuePair {
  /// The nodes that make the values, by their places.
  var leftNode: Int
  var rightNode: Int
  /// The nodes that the pair is shown as: a convolution, where the normalisation after it is folded on the other side.
  var leftShown: Int
  var rightShown: Int
  /// How the shapes are related; nil if they are not, as after a wrong margin.
  var order: AxisOrder?
  var alignment: DiffReport.Alignment
}
