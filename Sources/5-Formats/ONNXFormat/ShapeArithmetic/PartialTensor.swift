import FileIO
import ModelIR

/// A small tensor that is known while a graph is read, but for elements that depend on an open extent.
///
/// Exporters compute sizes by nodes (Shape, Gather, Concat, ...). Those are evaluated on such tensors, so that none of
/// them remains in the graph.
struct PartialTensor: Hashable {
  enum Element: Hashable {
    /// An integer or a truth value.
    case integer(Int64)
    /// A real number, rounded to the tensor's type.
    case real(Double)
    /// The extent of that name, whatever it will be.
    case open(String)
  }

  /// Larger tensors are weights, which nobody computes shapes with.
  static let largestCount = 4096

  var dataType: DataType
  var shape: [Int]
  /// Row-major.
  var elements: [Element]

  init(_ dataType: DataType, shape: [Int], elements: [Element]) {
    precondition(shape.reduce(1, *) == elements.count)
    self.dataType = dataType
    self.shape = shape
    self.elements = elements
  }

  /// A vector of the extents of a value.
  init(dimensions: ArraySlice<Dimension>) {
    self.init(
      .int64, shape: [dimensions.count],
      elements: dimensions.map { dimension in
        switch dimension {
        case .fixed(let value): .integer(Int64(value))
        case .symbolic(let name): .open(name)
        }
      })
  }

  /// The elements of a tensor; nil if there are too many, or they are of a type that no shape is computed with.
  init?(_ tensor: Tensor) throws(ScaleNetError) {
    guard tensor.elementCount <= Self.largestCount else { return nil }
    switch tensor.dataType {
    case .float32, .float64, .float16:
      self.init(
        tensor.dataType, shape: tensor.shape.dimensions, elements: try tensor.doubles().map(Element.real))
    case .int64, .int32, .bool:
      self.init(
        tensor.dataType, shape: tensor.shape.dimensions, elements: try tensor.integers().map(Element.integer))
    default:
      return nil
    }
  }

  /// The tensor, if every element is known.
  var tensor: Tensor? {
    var integers: [Int64] = []
    var reals: [Double] = []
    for element in elements {
      switch element {
      case .integer(let value): integers.append(value)
      case .real(let value): reals.append(value)
      case .open: return nil
      }
    }
    let shape = TensorShape(shape)
    switch dataType {
    case .float32: return Tensor(reals.map { Float($0) }, shape: shape)
    case .float64: return Tensor(reals, shape: shape)
    case .float16: return Tensor(reals.map { Float($0) }, shape: shape).cast(to: .float16)
    case .int64: return Tensor(integers, shape: shape)
    case .int32:
      return try? Tensor(
        .int32, shape, storage: .copying(integers.map { Int32(truncatingIfNeeded: $0) }))
    case .bool:
      return try? Tensor(.bool, shape, storage: .copying(integers.map { UInt8($0 == 0 ? 0 : 1) }))
    default: return nil
    }
  }

  /// The elements as integers; nil if one is open or no integer.
  var integers: [Int64]? {
    var result: [Int64] = []
    for element in elements {
      guard case .integer(let value) = element else { return nil }
      result.append(value)
    }
    return result
  }

  /// The elements as real numbers; nil if one is open or an integer.
  var reals: [Double]? {
    var result: [Double] = []
    for element in elements {
      guard case .real(let value) = element else { return nil }
      result.append(value)
    }
    return result
  }
}

extension PartialTensor: CustomStringConvertible {
  var description: String {
    let texts = elements.prefix(16).map { element in
      switch element {
      case .integer(let value): "\(value)"
      case .real(let value): "\(value)"
      case .open(let name): name
      }
    }
    return
      "\(dataType.rawValue)\(shape) [\(texts.joined(separator: ", "))\(elements.count > 16 ? ", ..." : "")]"
  }
}
