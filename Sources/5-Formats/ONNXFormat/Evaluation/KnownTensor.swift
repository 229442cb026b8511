import Execution
import FileIO
import ModelIR

/// A tensor that is known while a graph is read, but for elements that depend on an extent left open.
///
/// Exporters compute sizes by nodes (Shape, Gather, Concat, ...). Those are evaluated on such tensors, so that none of
/// them remains in the graph. Large ones are weights; they stay views of the file and are never open.
struct KnownTensor {
  /// Larger tensors are weights, which nobody computes shapes with.
  static let largestCount = 4096

  /// The elements. Those that are open are 1 here.
  let tensor: Tensor
  /// The extents, such as `batch` or `4*batch`, that are elements, by row-major position.
  let open: [Int: Dimension]

  init(_ tensor: Tensor, open: [Int: Dimension] = [:]) {
    self.tensor = tensor
    self.open = open
  }

  /// A vector of the extents of a value; nil if one of them is known only when the graph runs.
  init?(dimensions: ArraySlice<Dimension>) {
    var elements: [Int64] = []
    var open: [Int: Dimension] = [:]
    for (index, dimension) in dimensions.enumerated() {
      switch dimension {
      case .fixed(let value): elements.append(Int64(value))
      case .symbolic:
        elements.append(1)
        open[index] = dimension
      case .unknown: return nil
      }
    }
    self.init(Tensor(elements, shape: [elements.count]), open: open)
  }

  var dataType: DataType { tensor.dataType }
  var shape: [Int] { tensor.shape.dimensions }
  var type: TensorType { TensorType(tensor.dataType, tensor.shape) }
  var isSmall: Bool { tensor.elementCount <= Self.largestCount }

  /// The elements as integers; nil if one is open or no integer, or there are too many.
  func integers() throws(ScaleNetError) -> [Int64]? {
    guard open.isEmpty, isSmall, dataType.isInteger || dataType == .bool else { return nil }
    return try tensor.integers()
  }

  /// The elements as real numbers; nil if one is open or an integer, or there are too many.
  func reals() throws(ScaleNetError) -> [Double]? {
    guard open.isEmpty, isSmall, dataType.isFloatingPoint else { return nil }
    return try tensor.doubles()
  }

  /// The elements as extents; nil if one is no integer, or there are too many.
  func extents() throws(ScaleNetError) -> [Dimension]? {
    guard isSmall, dataType.isInteger else { return nil }
    var result = try tensor.integers().map { Dimension.fixed(Int($0)) }
    for (index, dimension) in open { result[index] = dimension }
    return result
  }
}

extension KnownTensor: CustomStringConvertible {
  var description: String {
    let count = tensor.elementCount
    guard isSmall else { return "\(type)" }
    var texts: [String]
    if dataType.isFloatingPoint {
      texts = ((try? tensor.doubles()) ?? []).prefix(16).map { "\($0)" }
    } else {
      texts = ((try? tensor.integers()) ?? []).prefix(16).map { "\($0)" }
    }
    for (index, dimension) in open where index < texts.count { texts[index] = dimension.description }
    return "\(type) [\(texts.joined(separator: ", "))\(count > 16 ? ", ..." : "")]"
  }
}
