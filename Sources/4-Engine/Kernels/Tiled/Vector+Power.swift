#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

extension Vector {
  /// Each element to the power of that of `exponent`.
  @inline(__always)
  func power(_ exponent: Vector) -> Vector {
    if exponent == Vector(repeating: 2) { return self * self }
    var result = self
    for index in indices { result[index] = pow(self[index], exponent[index]) }
    return result
  }
}
