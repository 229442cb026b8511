internal import FileIO
internal import ModelIR

/// What reference kernels compute with: a tensor of any type, row-major, in one of three carriers that hold every value
/// of the type exactly.
struct TypedTensor: Sendable {
  /// The elements, in the widest type of their kind.
  enum Elements: Sendable {
    /// float16, bfloat16, float32, float64 and the types of eight bits and fewer.
    case real([Double])
    /// int2 to int64, uint2 to uint32, and booleans as 0 and 1.
    case integer([Int64])
    /// uint64.
    case unsigned([UInt64])
  }

  var dataType: DataType
  var shape: [Int]
  var elements: Elements

  /// `elements` are as many as the shape holds, and in the type's carrier.
  init(_ dataType: DataType, _ shape: [Int], _ elements: Elements) {
    assert(elements.count == shape.reduce(1, *))
    self.dataType = dataType
    self.shape = shape
    self.elements = elements
  }

  /// int64 numbers.
  init(indices: [Int], shape: [Int]) {
    self.init(.int64, shape, .integer(indices.map { Int64($0) }))
  }

  /// Booleans.
  init(_ truths: [Bool], shape: [Int]) {
    self.init(.bool, shape, .integer(truths.map { $0 ? 1 : 0 }))
  }

  var count: Int { elements.count }
  var rank: Int { shape.count }

  /// The elements of a floating-point tensor.
  var reals: [Double] {
    if case .real(let values) = elements { return values }
    return asReals
  }

  /// The elements as real numbers, whatever they are; beyond 2^53 integers are rounded.
  var asReals: [Double] {
    switch elements {
    case .real(let values): values
    case .integer(let values): values.map { Double($0) }
    case .unsigned(let values): values.map { Double($0) }
    }
  }

  /// The elements of an integer tensor as numbers to count with; uint64 beyond Int64 becomes its maximum.
  var integers: [Int] {
    switch elements {
    case .real(let values): values.map { Int(exactly: $0.rounded(.towardZero)) ?? ($0 < 0 ? .min : .max) }
    case .integer(let values): values.map { Int($0) }
    case .unsigned(let values): values.map { Int(clamping: $0) }
    }
  }

  /// The same elements in a shape that holds as many.
  func reshaped(_ shape: [Int]) -> TypedTensor { TypedTensor(dataType, shape, elements) }

  /// The elements at places of the row-major order, in a new shape; `fill` where a place is negative.
  func gathered(_ places: [Int], shape: [Int], fill: ScalarValue? = nil) -> TypedTensor {
    let gathered: Elements =
      switch elements {
      case .real(let values): .real(places.map { $0 < 0 ? fill?.real ?? 0 : values[$0] })
      case .integer(let values): .integer(places.map { $0 < 0 ? fill?.integer ?? 0 : values[$0] })
      case .unsigned(let values):
        .unsigned(places.map { $0 < 0 ? UInt64(bitPattern: fill?.integer ?? 0) : values[$0] })
      }
    return TypedTensor(dataType, shape, gathered)
  }

  /// The element at a place of the row-major order.
  subscript(place: Int) -> ScalarValue {
    switch elements {
    case .real(let values): ScalarValue(dataType, real: values[place])
    case .integer(let values): ScalarValue(dataType, integer: values[place])
    case .unsigned(let values): ScalarValue(dataType, integer: Int64(bitPattern: values[place]))
    }
  }

  /// `count` times one value.
  static func filled(_ value: ScalarValue, shape: [Int]) -> TypedTensor {
    let count = shape.reduce(1, *)
    let elements: Elements =
      if value.dataType.isFloatingPoint || value.dataType.isSmallFloat {
        .real([Double](repeating: value.real, count: count))
      } else if value.dataType == .uint64 {
        .unsigned([UInt64](repeating: UInt64(bitPattern: value.integer), count: count))
      } else {
        .integer([Int64](repeating: value.integer, count: count))
      }
    return TypedTensor(value.dataType, shape, elements)
  }

  /// Zeros, or false.
  static func zeros(_ dataType: DataType, shape: [Int]) -> TypedTensor {
    filled(ScalarValue(dataType, real: 0), shape: shape)
  }
}

extension TypedTensor.Elements {
  var count: Int {
    switch self {
    case .real(let values): values.count
    case .integer(let values): values.count
    case .unsigned(let values): values.count
    }
  }

  /// These elements and then others of the same carrier.
  static func + (left: Self, right: Self) -> Self {
    switch (left, right) {
    case (.real(let a), .real(let b)): .real(a + b)
    case (.integer(let a), .integer(let b)): .integer(a + b)
    case (.unsigned(let a), .unsigned(let b)): .unsigned(a + b)
    default: preconditionFailure("tensors of one type have one carrier")
    }
  }
}

// MARK: - From and to tensors of the graph

extension TypedTensor {
  /// Reads all elements. Fails for complex numbers, and where the file under the tensor fails.
  init(_ tensor: Tensor) throws(ScaleNetError) {
    let elements: Elements =
      if tensor.dataType.isFloatingPoint || tensor.dataType.isSmallFloat {
        .real(try tensor.doubles())
      } else if tensor.dataType == .uint64 {
        .unsigned(try tensor.integers().map { UInt64(bitPattern: $0) })
      } else {
        .integer(try tensor.integers())
      }
    self.init(tensor.dataType, tensor.shape.dimensions, elements)
  }

  /// The tensor with its elements rounded to its type.
  func tensor() throws(ScaleNetError) -> Tensor {
    func make<Element: BitwiseCopyable>(_ values: [Element]) throws(ScaleNetError) -> Tensor {
      try Tensor(dataType, TensorShape(shape), storage: .copying(values))
    }
    switch elements {
    case .real(let values):
      switch dataType {
      case .float64: return try make(values)
      case .float16: return try make(values.map { Float16(Float($0)).bitPattern })
      case .bfloat16:
        return try make(values.map { UInt16(truncatingIfNeeded: $0.roundedToBFloat16.bitPattern >> 16) })
      default:
        if let format = SmallFloat(dataType) {
          return try make(values.map { format.pattern(Float($0), saturates: false) })
        }
        return try make(values.map { Float($0) })
      }
    case .integer(let values):
      switch dataType.byteCount {
      case 1: return try make(values.map { UInt8(truncatingIfNeeded: $0) })
      case 2: return try make(values.map { UInt16(truncatingIfNeeded: $0) })
      case 4: return try make(values.map { UInt32(truncatingIfNeeded: $0) })
      default: return try make(values)
      }
    case .unsigned(let values):
      return try make(values)
    }
  }

  /// The tensor with elements that its type can hold: real numbers rounded to the nearest, integers wrapped around.
  func fitted(_ precision: ReferencePrecision) -> TypedTensor {
    var result = self
    switch elements {
    case .real(let values):
      switch (precision, dataType) {
      case (.double, _), (.typed, .float64): break
      case (.typed, .float16): result.elements = .real(values.map { Double(Float16(Float($0))) })
      case (.typed, .bfloat16): result.elements = .real(values.map { Double($0.roundedToBFloat16) })
      default: result.elements = .real(values.map { Double(Float($0)) })
      }
    case .integer(let values):
      switch dataType {
      case .int4: result.elements = .integer(values.map { ($0 << 60) >> 60 })
      case .uint4: result.elements = .integer(values.map { $0 & 15 })
      case .int2: result.elements = .integer(values.map { ($0 << 62) >> 62 })
      case .uint2: result.elements = .integer(values.map { $0 & 3 })
      case .int8: result.elements = .integer(values.map { Int64(Int8(truncatingIfNeeded: $0)) })
      case .int16: result.elements = .integer(values.map { Int64(Int16(truncatingIfNeeded: $0)) })
      case .int32: result.elements = .integer(values.map { Int64(Int32(truncatingIfNeeded: $0)) })
      case .uint8: result.elements = .integer(values.map { Int64(UInt8(truncatingIfNeeded: $0)) })
      case .uint16: result.elements = .integer(values.map { Int64(UInt16(truncatingIfNeeded: $0)) })
      case .uint32: result.elements = .integer(values.map { Int64(UInt32(truncatingIfNeeded: $0)) })
      default: break
      }
    case .unsigned:
      break
    }
    return result
  }
}

/// To what real numbers are rounded after each operator. Inside of one nothing is: sums run in Double.
public enum ReferencePrecision: Sendable {
  /// To the element type that the graph states, by way of float32 for the narrower ones, as runtimes do.
  case typed
  /// To float32 whatever the graph states: how the executor computes in Float.
  case single
  /// Not at all: the oracle. A Cast to a half type rounds here too, for that is what the graph asks for.
  case double
}

extension Double {
  /// The nearest bfloat16 to the nearest float32, halves to even.
  var roundedToBFloat16: Float {
    let value = Float(self)
    guard value.isFinite else { return value }
    let pattern = value.bitPattern
    return Float(bitPattern: (pattern &+ 0x7fff &+ ((pattern >> 16) & 1)) & 0xffff_0000)
  }
}
