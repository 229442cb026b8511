// Safe: rows come from `Tensor`, whose elements all lie within its storage: that was checked when it was made.

/// Decodes a row of stored elements: `count` of them, `step` elements apart, beginning at the source.
///
/// The stored type is chosen once a row, not once an element.
@unsafe struct ElementReader<Target: BitwiseCopyable> {
  let row: (UnsafeRawPointer, _ step: Int, _ count: Int, UnsafeMutablePointer<Target>) -> Void

  /// A reader of elements stored as fixed-width integers or bit patterns.
  @inline(__always)
  private static func stored<Stored: FixedWidthInteger & BitwiseCopyable>(
    _ type: Stored.Type, _ isLittleEndian: Bool, _ convert: @escaping (Stored) -> Target
  ) -> ElementReader {
    unsafe ElementReader { source, step, count, target in
      for index in 0..<count {
        let pattern = unsafe source.loadUnaligned(
          fromByteOffset: index * step * MemoryLayout<Stored>.size, as: Stored.self)
        unsafe target[index] = convert(isLittleEndian ? pattern : pattern.byteSwapped)
      }
    }
  }
}

/// How stored elements become Float. Each is a type of its own, so that the loop over a row is made for it, in vectors.
private protocol FloatConversion {
  associatedtype Stored: FixedWidthInteger & BitwiseCopyable
  static func float(_ stored: Stored) -> Float
}

private enum FromFloat32: FloatConversion {
  @inline(__always) static func float(_ stored: UInt32) -> Float { Float(bitPattern: stored) }
}

private enum FromFloat16: FloatConversion {
  @inline(__always) static func float(_ stored: UInt16) -> Float { HalfPrecision.float(stored) }
}

private enum FromBFloat16: FloatConversion {
  @inline(__always) static func float(_ stored: UInt16) -> Float { Float(bitPattern: UInt32(stored) << 16) }
}

private enum FromInteger<Stored: FixedWidthInteger & BitwiseCopyable>: FloatConversion {
  @inline(__always) static func float(_ stored: Stored) -> Float { Float(stored) }
}

extension ElementReader where Target == Float {
  /// A reader of the types in which weights are stored.
  @inline(__always)
  private static func fast<Conversion: FloatConversion>(
    _ conversion: Conversion.Type, _ isLittleEndian: Bool
  ) -> ElementReader {
    let size = MemoryLayout<Conversion.Stored>.size
    guard isLittleEndian else {
      return unsafe stored(Conversion.Stored.self, false) { Conversion.float($0) }
    }
    return unsafe ElementReader { source, step, count, target in
      if step == 1 {
        for index in 0..<count {
          unsafe target[index] = unsafe Conversion.float(
            source.loadUnaligned(fromByteOffset: index * size, as: Conversion.Stored.self))
        }
      } else {
        for index in 0..<count {
          unsafe target[index] = unsafe Conversion.float(
            source.loadUnaligned(fromByteOffset: index * step * size, as: Conversion.Stored.self))
        }
      }
    }
  }

  /// Real numbers as Float; nil for complex elements. float64 is rounded, and can become infinite.
  static func floats(_ type: DataType, isLittleEndian little: Bool) -> ElementReader? {
    switch type {
    case .float32: unsafe fast(FromFloat32.self, little)
    case .float64: unsafe stored(UInt64.self, little) { Float(Double(bitPattern: $0)) }
    case .float16: unsafe fast(FromFloat16.self, little)
    case .bfloat16: unsafe fast(FromBFloat16.self, little)
    case .int8: unsafe fast(FromInteger<Int8>.self, little)
    case .int16: unsafe fast(FromInteger<Int16>.self, little)
    case .int32: unsafe stored(Int32.self, little) { Float($0) }
    case .int64: unsafe stored(Int64.self, little) { Float($0) }
    case .uint8: unsafe fast(FromInteger<UInt8>.self, little)
    case .uint16: unsafe stored(UInt16.self, little) { Float($0) }
    case .uint32: unsafe stored(UInt32.self, little) { Float($0) }
    case .uint64: unsafe stored(UInt64.self, little) { Float($0) }
    case .bool: unsafe stored(UInt8.self, little) { $0 == 0 ? 0 : 1 }
    case .int4, .int2: unsafe stored(Int8.self, little) { Float($0) }
    case .uint4, .uint2: unsafe stored(UInt8.self, little) { Float($0) }
    case .float8E4M3FN, .float8E4M3FNUZ, .float8E5M2, .float8E5M2FNUZ, .float8E8M0, .float4E2M1:
      unsafe SmallFloat(type).map { format in
        unsafe stored(UInt8.self, little) { Float(format.value($0)) }
      }
    case .complex64, .complex128: nil
    }
  }
}

extension ElementReader where Target == Double {
  /// Real numbers as Double; nil for complex elements.
  static func doubles(_ type: DataType, isLittleEndian little: Bool) -> ElementReader? {
    switch type {
    case .float32: unsafe stored(UInt32.self, little) { Double(Float(bitPattern: $0)) }
    case .float64: unsafe stored(UInt64.self, little) { Double(bitPattern: $0) }
    case .float16: unsafe stored(UInt16.self, little) { Double(HalfPrecision.float($0)) }
    case .bfloat16: unsafe stored(UInt16.self, little) { Double(Float(bitPattern: UInt32($0) << 16)) }
    case .int8: unsafe stored(Int8.self, little) { Double($0) }
    case .int16: unsafe stored(Int16.self, little) { Double($0) }
    case .int32: unsafe stored(Int32.self, little) { Double($0) }
    case .int64: unsafe stored(Int64.self, little) { Double($0) }
    case .uint8: unsafe stored(UInt8.self, little) { Double($0) }
    case .uint16: unsafe stored(UInt16.self, little) { Double($0) }
    case .uint32: unsafe stored(UInt32.self, little) { Double($0) }
    case .uint64: unsafe stored(UInt64.self, little) { Double($0) }
    case .bool: unsafe stored(UInt8.self, little) { $0 == 0 ? 0 : 1 }
    case .int4, .int2: unsafe stored(Int8.self, little) { Double($0) }
    case .uint4, .uint2: unsafe stored(UInt8.self, little) { Double($0) }
    case .float8E4M3FN, .float8E4M3FNUZ, .float8E5M2, .float8E5M2FNUZ, .float8E8M0, .float4E2M1:
      unsafe SmallFloat(type).map { format in
        unsafe stored(UInt8.self, little) { Double(format.value($0)) }
      }
    case .complex64, .complex128: nil
    }
  }
}

extension ElementReader where Target == Int64 {
  /// Integers and booleans as Int64; nil for other elements. uint64 keeps its bit pattern.
  static func integers(_ type: DataType, isLittleEndian little: Bool) -> ElementReader? {
    switch type {
    case .int8: unsafe stored(Int8.self, little) { Int64($0) }
    case .int16: unsafe stored(Int16.self, little) { Int64($0) }
    case .int32: unsafe stored(Int32.self, little) { Int64($0) }
    case .int64: unsafe stored(Int64.self, little) { $0 }
    case .uint8: unsafe stored(UInt8.self, little) { Int64($0) }
    case .uint16: unsafe stored(UInt16.self, little) { Int64($0) }
    case .uint32: unsafe stored(UInt32.self, little) { Int64($0) }
    case .uint64: unsafe stored(UInt64.self, little) { Int64(bitPattern: $0) }
    case .bool: unsafe stored(UInt8.self, little) { $0 == 0 ? 0 : 1 }
    case .int4, .int2: unsafe stored(Int8.self, little) { Int64($0) }
    case .uint4, .uint2: unsafe stored(UInt8.self, little) { Int64($0) }
    case .float16, .bfloat16, .float32, .float64, .complex64, .complex128, .float8E4M3FN, .float8E4M3FNUZ,
      .float8E5M2, .float8E5M2FNUZ, .float8E8M0, .float4E2M1:
      nil
    }
  }
}
