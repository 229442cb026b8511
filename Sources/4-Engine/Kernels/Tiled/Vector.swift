#if SCALENET_AVX512
  /// As many elements as one register holds.
  typealias Vector = SIMD16<Float>
#elseif SCALENET_AVX2
  /// As many elements as one register holds.
  typealias Vector = SIMD8<Float>
#else
  /// As many elements as one register holds.
  typealias Vector = SIMD4<Float>
#endif

/// Sizes of a tile of the output that is summed in registers: up to `rows` times two vectors.
enum Tile {
  /// Elements of a vector.
  static let lanes = Vector.scalarCount
  /// Columns of a full tile.
  static let columns = 2 * Vector.scalarCount

  #if SCALENET_AVX512 || arch(arm64)
    /// Sixteen sums, two columns and a broadcast value, of 32 registers.
    static let rows = 8
  #else
    /// Twelve sums, two columns, a broadcast value and a product, of 16 registers.
    static let rows = 6
  #endif

  /// Depth of a block whose columns stay in the first-level cache together with a panel of rows.
  static let blockDepth = 24 * 1024 / (columns * MemoryLayout<Float>.size)
}

extension Vector {
  /// `self + left * right`. Fused only where the processor does it: elsewhere each fused product is a library call.
  @inline(__always)
  func adding(_ left: Vector, times right: Vector) -> Vector {
    #if SCALENET_WIDE || arch(arm64)
      addingProduct(left, right)
    #else
      self + left * right
    #endif
  }

  @inline(__always)
  static func load(_ source: UnsafePointer<Float>) -> Vector {
    unsafe UnsafeRawPointer(source).loadUnaligned(as: Vector.self)
  }

  @inline(__always)
  func store(_ target: UnsafeMutablePointer<Float>) {
    unsafe UnsafeMutableRawPointer(target).storeBytes(of: self, as: Vector.self)
  }

  /// Every other one of the elements at `source`.
  @inline(__always)
  static func everyOther(_ source: UnsafePointer<Float>) -> Vector {
    unsafe Vector(lowHalf: load(source).evenHalf, highHalf: load(source + Tile.lanes).evenHalf)
  }

  /// The larger of each pair; NaN in `other` wins, as does NaN in self.
  @inline(__always)
  func maximum(_ other: Vector) -> Vector {
    replacing(with: other, where: .!(self .>= other) .& (self .== self))
  }

  /// Held between 0 and 1; NaN stays.
  @inline(__always)
  var heldToUnit: Vector {
    let raised = rectified
    return raised.replacing(with: Vector(repeating: 1), where: raised .> 1)
  }

  /// Zero instead of what is negative; NaN stays.
  @inline(__always)
  var rectified: Vector { replacing(with: 0, where: self .< 0) }
}
