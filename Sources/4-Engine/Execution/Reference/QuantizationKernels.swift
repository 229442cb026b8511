internal import FileIO
internal import ModelIR

/// Which of the numbers of a scale or zero point belongs to an element.
private struct BlockTable {
  private let count: Int
  private let extent: Int
  private let stride: Int
  private let blockSize: Int

  init(count: Int, shape: [Int], axis: Int, blockSize: Int) {
    self.count = count
    self.blockSize = blockSize
    // One number for all needs no axis.
    extent = count == 1 ? 1 : shape[axis]
    stride = count == 1 ? 1 : Places.strides(shape)[axis]
  }

  /// The number of the scale for the element at a place.
  func callAsFunction(_ place: Int) -> Int {
    if count == 1 { return 0 }
    let index = place / stride % extent
    if blockSize == 0 { return index }
    let blocks = (extent + blockSize - 1) / blockSize
    let outer = place / (stride * extent)
    return (outer * blocks + index / blockSize) * stride + place % stride
  }
}

extension QuantizeLinear: ReferenceKernel {
  func evaluate(_ arguments: Arguments) throws(ScaleNetError) -> [TypedTensor] {
    let (x, scale) = (arguments(0), arguments(1))
    let zero = arguments.optional(2)
    let (scales, zeros) = (scale.reals, zero?.asReals ?? [0])
    let scaleTable = BlockTable(count: scales.count, shape: x.shape, axis: axis, blockSize: blockSize)
    let zeroTable = BlockTable(count: zeros.count, shape: x.shape, axis: axis, blockSize: blockSize)
    let type = arguments.types[0].dataType
    if type.isSmallFloat {
      let quotients = x.asReals.enumerated().map { place, value in
        Double(Float(value / scales[scaleTable(place)])) + zeros[zeroTable(place)]
      }
      let real = TypedTensor(.float32, x.shape, .real(quotients))
      return [Cast.cast(real, to: type, saturates: saturates)]
    }
    let result = x.asReals.enumerated().map { place, value in
      Self.rounded(value / scales[scaleTable(place)], zeros[zeroTable(place)], type)
    }
    return [TypedTensor(type, x.shape, .integer(result))]
  }

  /// Quotients with one zero point, whose type is the result's.
  static func quantized(_ values: [Double], _ shape: [Int], zero: TypedTensor) -> TypedTensor {
    let point = zero.asReals.first ?? 0
    return TypedTensor(zero.dataType, shape, .integer(values.map { rounded($0, point, zero.dataType) }))
  }

  /// To the nearest number, halves to even, then moved by the zero point and held to the range of the type.
  private static func rounded(_ value: Double, _ zero: Double, _ type: DataType) -> Int64 {
    let range = type.integerRange
    // Quotients are float32 in every runtime: where they are a half is decided there.
    let moved = Double(Float(value)).rounded(.toNearestOrEven) + zero
    return Int64(clampingReal: moved.isNaN ? zero : min(max(moved, range.lowerBound), range.upperBound))
  }
}

extension DequantizeLinear: ReferenceKernel {
  func evaluate(_ arguments: Arguments) throws(ScaleNetError) -> [TypedTensor] {
    let (x, scale) = (arguments(0), arguments(1))
    let (scales, zeros) = (scale.reals, arguments.optional(2)?.asReals ?? [0])
    let scaleTable = BlockTable(count: scales.count, shape: x.shape, axis: axis, blockSize: blockSize)
    let zeroTable = BlockTable(count: zeros.count, shape: x.shape, axis: axis, blockSize: blockSize)
    let result = x.asReals.enumerated().map { place, value in
      (value - zeros[zeroTable(place)]) * scales[scaleTable(place)]
    }
    return [TypedTensor(scale.dataType, x.shape, .real(result))]
  }
}

extension TypedTensor {
  /// The one real number of an input.
  func onlyReal(_ name: String) throws(ScaleNetError) -> Double {
    guard count == 1 else {
      throw ScaleNetError(place: "input \(name)", expected: "one number", found: "\(count)")
    }
    return reals[0]
  }
}

extension DynamicQuantizeLinear {
  /// Numbers as they come back from eight bits.
  static func rounded(_ values: [Double]) -> [Double] {
    let (scale, zero) = parameters(values)
    return values.map { value in
      let moved = Double(Float(value / scale)).rounded(.toNearestOrEven) + zero
      return (min(max(moved, 0), 255) - zero) * scale
    }
  }

  /// The scale and the zero point that the range of some numbers asks for.
  private static func parameters(_ values: [Double]) -> (scale: Double, zero: Double) {
    let (least, most) = (values.reduce(0, min), values.reduce(0, max))
    let range = Float(most) - Float(least)
    let scale = range == 0 ? 1 : Double(range / 255)
    return (scale, min(max((0 - Double(Float(least / scale))).rounded(.toNearestOrEven), 0), 255))
  }
}

extension DynamicQuantizeLinear: ReferenceKernel {
  func evaluate(_ arguments: Arguments) throws(ScaleNetError) -> [TypedTensor] {
    let x = arguments(0)
    let values = x.reals
    let (scale, zero) = Self.parameters(values)
    let point = TypedTensor(.uint8, [], .integer([Int64(clampingReal: zero)]))
    return [
      QuantizeLinear.quantized(values.map { $0 / scale }, x.shape, zero: point),
      TypedTensor(.float32, [], .real([scale])), point,
    ]
  }
}
