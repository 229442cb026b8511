public import FileIO
public import ModelIR

// Safe: targets are buffers of arrays that are being filled.

/// The element types that networks are computed in.
public protocol ExecutionScalar: BinaryFloatingPoint, Sendable, BitwiseCopyable {
  /// Fills `target` with the elements of a tensor, row-major, from `start` on.
  @unsafe static func read(_ tensor: Tensor, from start: Int, into target: UnsafeMutableBufferPointer<Self>)
    throws(ScaleNetError)

  /// A tensor of its own memory.
  static func tensor(_ elements: [Self], shape: TensorShape) -> Tensor

  /// How the reference evaluator rounds beside kernels of this type.
  static var referencePrecision: ReferencePrecision { get }
}

extension Float: ExecutionScalar {
  public static var referencePrecision: ReferencePrecision { .single }

  @unsafe public static func read(
    _ tensor: Tensor, from start: Int, into target: UnsafeMutableBufferPointer<Float>
  ) throws(ScaleNetError) {
    unsafe try tensor.readFloats(from: start, into: target)
    try tensor.checkIntact()
  }

  public static func tensor(_ elements: [Float], shape: TensorShape) -> Tensor {
    Tensor(elements, shape: shape)
  }
}

extension Double: ExecutionScalar {
  public static var referencePrecision: ReferencePrecision { .double }

  @unsafe public static func read(
    _ tensor: Tensor, from start: Int, into target: UnsafeMutableBufferPointer<Double>
  ) throws(ScaleNetError) {
    unsafe try tensor.readDoubles(from: start, into: target)
    try tensor.checkIntact()
  }

  public static func tensor(_ elements: [Double], shape: TensorShape) -> Tensor {
    Tensor(elements, shape: shape)
  }
}

extension ExecutionScalar {
  /// All elements of a tensor, row-major.
  static func elements(of tensor: Tensor) throws(ScaleNetError) -> [Self] {
    let memory = AlignedMemory<Self>(count: tensor.elementCount)
    unsafe try read(
      tensor, from: 0, into: UnsafeMutableBufferPointer(start: memory.elements, count: tensor.elementCount))
    let result = unsafe Array(UnsafeBufferPointer(start: memory.elements, count: tensor.elementCount))
    withExtendedLifetime(memory) {}
    return result
  }
}
