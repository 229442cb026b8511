public import FileIO

/// The input repeated along axes of extent 1, with NumPy's broadcasting against `shape`.
public struct Expand: OperatorKind {
  public static let name = "Expand"
  public static let inputCount = 1...1

  /// Extents, aligned at the end; 1 keeps the input's, which may be open.
  public var shape: [Int]

  public init(shape: [Int]) {
    self.shape = shape
  }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    let x = try require(inputs, 0, "input")
    guard TensorShape(checking: shape) != nil else {
      throw ScaleNetError(place: "shape", expected: "extents in range", found: "\(shape)")
    }
    do throws(ScaleNetError) {
      return [try TensorType.broadcasting(x, TensorType(x.dataType, shape.map(Dimension.fixed)))]
    } catch {
      throw ScaleNetError(place: "shape", expected: "what \(x) can be broadcast with", found: "\(shape)")
    }
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost {
    Cost()
  }
}
