public import FileIO

/// The same elements in another shape.
public struct Reshape: OperatorKind {
  public var name: String { "Reshape" }
  public var inputCount: ClosedRange<Int> { 1...1 }

  /// Extents; 0 keeps the input's at that axis, one -1 takes what is left.
  public var shape: [Int]

  public init(shape: [Int]) {
    self.shape = shape
  }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    let x = try require(inputs, 0, "data")
    func mismatch() -> ScaleNetError {
      ScaleNetError(place: "shape", expected: "extents that hold \(x)", found: "\(shape)")
    }
    guard shape.allSatisfy({ $0 >= -1 }), shape.count(where: { $0 == -1 }) <= 1 else { throw mismatch() }
    if x.dimensions.contains(.unknown) {
      // Whether the elements fit is known when the graph runs.
      var result: [Dimension] = []
      for (axis, extent) in shape.enumerated() {
        guard extent != 0 || axis < x.rank else { throw mismatch() }
        result.append(extent == 0 ? x.dimensions[axis] : extent == -1 ? .unknown : .fixed(extent))
      }
      return [TensorType(x.dataType, result)]
    }
    var rest = x.dimensions
    var result: [Dimension] = []
    // Open extents are carried over one by one; what remains on both sides is known.
    var known = 1
    for (axis, extent) in shape.enumerated() {
      switch extent {
      case 0:
        guard axis < x.rank else { throw mismatch() }
        result.append(x.dimensions[axis])
        if x.dimensions[axis].value == nil {
          guard let index = rest.firstIndex(of: x.dimensions[axis]) else { throw mismatch() }
          rest.remove(at: index)
        } else {
          known = try Self.multiply(known, x.dimensions[axis].value ?? 1, mismatch())
        }
      case -1:
        result.append(.symbolic(""))
      default:
        result.append(.fixed(extent))
        known = try Self.multiply(known, extent, mismatch())
      }
    }
    var total = 1
    for value in rest.compactMap(\.value) { total = try Self.multiply(total, value, mismatch()) }
    let open = rest.filter { $0.value == nil }
    if let hole = shape.firstIndex(of: -1) {
      if open.isEmpty {
        guard known > 0, total % known == 0 else { throw mismatch() }
        result[hole] = .fixed(total / known)
      } else {
        guard open.count == 1, let left = open[0].multiplied(by: total)?.divided(by: known) else {
          throw mismatch()
        }
        result[hole] = left
      }
    } else {
      guard open.isEmpty, total == known else { throw mismatch() }
    }
    return [TensorType(x.dataType, result)]
  }

  private static func multiply(
    _ left: Int, _ right: Int, _ error: @autoclosure () -> ScaleNetError
  ) throws(ScaleNetError) -> Int {
    let (product, overflow) = left.multipliedReportingOverflow(by: right)
    if overflow { throw error() }
    return product
  }

  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost {
    Cost()
  }
}
