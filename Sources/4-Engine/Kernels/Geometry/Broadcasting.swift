/// An element-wise operation on two operands, NumPy's broadcasting resolved to strides: 0 where one repeats.
public struct Broadcasting: Hashable, Sendable {
  /// Extents of the output, neighbouring axes merged where the strides allow; at least one.
  public private(set) var dimensions: [Int]
  /// Steps of the left operand for each axis of the output, in elements; 0 where it is repeated.
  public private(set) var leftStrides: [Int]
  /// Steps of the right operand for each axis of the output, in elements; 0 where it is repeated.
  public private(set) var rightStrides: [Int]
  /// Steps of the output for each axis, in elements.
  public private(set) var outputStrides: [Int]

  /// All four have the same count; strides are in elements.
  public init(dimensions: [Int], leftStrides: [Int], rightStrides: [Int], outputStrides: [Int]) {
    precondition(leftStrides.count == dimensions.count && rightStrides.count == dimensions.count)
    precondition(outputStrides.count == dimensions.count)
    self.dimensions = [1]
    self.leftStrides = [0]
    self.rightStrides = [0]
    self.outputStrides = [0]
    for axis in dimensions.indices where dimensions[axis] != 1 {
      let extent = dimensions[axis]
      let last = self.dimensions.count - 1
      if self.dimensions[last] == 1 {
        self.dimensions[last] = extent
        self.leftStrides[last] = leftStrides[axis]
        self.rightStrides[last] = rightStrides[axis]
        self.outputStrides[last] = outputStrides[axis]
      } else if self.leftStrides[last] == leftStrides[axis] * extent
        && self.rightStrides[last] == rightStrides[axis] * extent
        && self.outputStrides[last] == outputStrides[axis] * extent
      {
        self.dimensions[last] *= extent
        self.leftStrides[last] = leftStrides[axis]
        self.rightStrides[last] = rightStrides[axis]
        self.outputStrides[last] = outputStrides[axis]
      } else {
        self.dimensions.append(extent)
        self.leftStrides.append(leftStrides[axis])
        self.rightStrides.append(rightStrides[axis])
        self.outputStrides.append(outputStrides[axis])
      }
    }
  }

  /// Operands without gaps. Nil if the shapes do not fit each other.
  public init?(left: [Int], right: [Int]) {
    let rank = max(left.count, right.count)
    let left = [Int](repeating: 1, count: rank - left.count) + left
    let right = [Int](repeating: 1, count: rank - right.count) + right
    var output: [Int] = []
    for (one, other) in zip(left, right) {
      guard one == other || one == 1 || other == 1 else { return nil }
      output.append(one == 1 ? other : one)
    }
    self.init(
      dimensions: output, leftStrides: Self.strides(left, in: output),
      rightStrides: Self.strides(right, in: output), outputStrides: Self.strides(output, in: output))
  }

  /// Strides of an operand without gaps, 0 along the axes where it repeats. Both shapes have the same rank.
  public static func strides(_ shape: [Int], in output: [Int]) -> [Int] {
    var strides = [Int](repeating: 0, count: shape.count)
    var step = 1
    for axis in shape.indices.reversed() {
      strides[axis] = shape[axis] == 1 && output[axis] != 1 ? 0 : step
      step *= shape[axis]
    }
    return strides
  }

  /// Elements along the innermost axis, which kernels handle as one run.
  public var runLength: Int { dimensions[dimensions.count - 1] }

  /// The number of runs.
  public var runCount: Int { dimensions.dropLast().reduce(1, *) }

  /// Where run `index` begins in left operand, right operand and output.
  public func offsets(ofRun index: Int) -> (left: Int, right: Int, output: Int) {
    var rest = index
    var result = (left: 0, right: 0, output: 0)
    for axis in stride(from: dimensions.count - 2, through: 0, by: -1) {
      let position = rest % dimensions[axis]
      rest /= dimensions[axis]
      result.left += position * leftStrides[axis]
      result.right += position * rightStrides[axis]
      result.output += position * outputStrides[axis]
    }
    return result
  }
}
