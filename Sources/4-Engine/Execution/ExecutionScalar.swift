public import FileIO
public import ModelIR

// Safe: targets are buffers of arrays that are being filled.

/// The element types that networks are computed in.
public protocol ExecutionScalar: BinaryFloatingPoint, Sendable, BitwiseCopyable {
  /// Fills `target` with the elements of a tensor, row-major, from `start` on.
  @unsafe static func read(_ tensor: Tensor, from start: Int, into target: UnsafeMutableBufferPointer<Self>)
    throws(ScaleNetError)

  /// The same elements where they are of this type already, else nil.
  @unsafe static func unchanged(_ floats: UnsafePointer<Float>) -> UnsafePointer<Self>?

  /// The same type in tensors.
  static var dataType: DataType { get }

  /// A tensor of its own memory.
  static func tensor(_ elements: [Self], shape: TensorShape) -> Tensor

  /// Copies numbers, rounded to a half type: float16 or bfloat16.
  @unsafe static func round(
    _ source: UnsafePointer<Self>, into target: UnsafeMutablePointer<Self>, count: Int, to type: DataType)

  /// Numbers as Double, added to others.
  @unsafe static func widen(_ source: UnsafePointer<Self>, count: Int, to target: inout [Double])

  /// Numbers rounded to this type.
  @unsafe static func narrow(_ source: ArraySlice<Double>, into target: UnsafeMutablePointer<Self>)

  /// How the reference evaluator rounds beside kernels of this type.
  static var referencePrecision: ReferencePrecision { get }
}

extension Float: ExecutionScalar {
  public static var referencePrecision: ReferencePrecision { .single }

  public static var dataType: DataType { .float32 }

  @unsafe public static func read(
    _ tensor: Tensor, from start: Int, into target: UnsafeMutableBufferPointer<Float>
  ) throws(ScaleNetError) {
    unsafe try tensor.readFloats(from: start, into: target)
    try tensor.checkIntact()
  }

  @unsafe public static func unchanged(_ floats: UnsafePointer<Float>) -> UnsafePointer<Float>? {
    unsafe floats
  }

  public static func tensor(_ elements: [Float], shape: TensorShape) -> Tensor {
    Tensor(elements, shape: shape)
  }

  @unsafe public static func round(
    _ source: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>, count: Int, to type: DataType
  ) {
    unsafe HalfPrecision.round(source, into: target, count: count, to: type)
  }

  @unsafe public static func widen(
    _ source: UnsafePointer<Float>, count: Int, to target: inout [Double]
  ) {
    unsafe target.append(contentsOf: UnsafeBufferPointer(start: source, count: count).lazy.map { Double($0) })
  }

  @unsafe public static func narrow(_ source: ArraySlice<Double>, into target: UnsafeMutablePointer<Float>) {
    for (index, value) in source.enumerated() { unsafe target[index] = Float(value) }
  }
}

extension Double: ExecutionScalar {
  public static var referencePrecision: ReferencePrecision { .double }

  public static var dataType: DataType { .float64 }

  @unsafe public static func read(
    _ tensor: Tensor, from start: Int, into target: UnsafeMutableBufferPointer<Double>
  ) throws(ScaleNetError) {
    unsafe try tensor.readDoubles(from: start, into: target)
    try tensor.checkIntact()
  }

  @unsafe public static func unchanged(_ floats: UnsafePointer<Float>) -> UnsafePointer<Double>? {
    nil
  }

  public static func tensor(_ elements: [Double], shape: TensorShape) -> Tensor {
    Tensor(elements, shape: shape)
  }

  @unsafe public static func round(
    _ source: UnsafePointer<Double>, into target: UnsafeMutablePointer<Double>, count: Int, to type: DataType
  ) {
    switch type {
    // Float32 between the two would round twice.
    case .float16: for index in 0..<count { unsafe target[index] = unsafe Double(Float16(source[index])) }
    case .bfloat16:
      for index in 0..<count { unsafe target[index] = unsafe Double(source[index].roundedToBFloat16) }
    default: unsafe target.update(from: source, count: count)  // No half type.
    }
  }

  @unsafe public static func widen(
    _ source: UnsafePointer<Double>, count: Int, to target: inout [Double]
  ) {
    unsafe target.append(contentsOf: UnsafeBufferPointer(start: source, count: count))
  }

  @unsafe public static func narrow(_ source: ArraySlice<Double>, into target: UnsafeMutablePointer<Double>) {
    for (index, value) in source.enumerated() { unsafe target[index] = value }
  }
}

extension ExecutionScalar {
  /// All elements of a tensor, row-major.
  static func elements(of tensor: Tensor) throws(ScaleNetError) -> [Self] {
    var failure: ScaleNetError?
    let result = unsafe [Self](unsafeUninitializedCapacity: tensor.elementCount) { buffer, count in
      let target = unsafe UnsafeMutableBufferPointer(rebasing: buffer[..<tensor.elementCount])
      do throws(ScaleNetError) {
        unsafe try read(tensor, from: 0, into: target)
        count = tensor.elementCount
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return result
  }
}
