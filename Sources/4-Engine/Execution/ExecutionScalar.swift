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

  @unsafe public static func unchanged(_ floats: UnsafePointer<Float>) -> UnsafePointer<Float>? {
    unsafe floats
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

  @unsafe public static func unchanged(_ floats: UnsafePointer<Float>) -> UnsafePointer<Double>? {
    nil
  }

  public static func tensor(_ elements: [Double], shape: TensorShape) -> Tensor {
    Tensor(elements, shape: shape)
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
