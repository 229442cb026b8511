import FileIO
import ModelIR

// Safe: the buffer is freed after the last part of it was read, and parts are no longer than it is.

/// What the elements of a tensor are like.
public struct TensorStatistics: Sendable, Codable, Hashable {
  /// The least finite element; nil if there is none. Integers past 2^53 are rounded.
  public var minimum: Double?
  /// The largest finite element; nil if there is none.
  public var maximum: Double?
  /// The mean of the finite elements, summed in Double; nil if there is none.
  public var mean: Double?
  /// How many elements are infinite or no numbers.
  public var notFinite: Int

  enum CodingKeys: String, CodingKey {
    case minimum, maximum, mean
    case notFinite = "not_finite"
  }

  /// As many elements are read at a time.
  private static let chunk = 1 << 15

  /// Reads all elements; nil for those that are no real numbers.
  init?(_ tensor: Tensor, name: String, path: String) throws(ScaleNetError) {
    switch tensor.dataType {
    case .complex64, .complex128: return nil
    case .float16, .bfloat16, .float32, .float64, .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32,
      .uint64,
      .bool, .float8E4M3FN, .float8E4M3FNUZ, .float8E5M2, .float8E5M2FNUZ, .float8E8M0, .float4E2M1, .int4,
      .uint4,
      .int2, .uint2:
      break
    }
    var least = Double.infinity
    var most = -Double.infinity
    var sum = 0.0
    var finite = 0
    let total = tensor.elementCount
    let buffer = UnsafeMutableBufferPointer<Double>.allocate(capacity: min(Self.chunk, max(total, 1)))
    defer { unsafe buffer.deallocate() }
    do throws(ScaleNetError) {
      var start = 0
      while start < total {
        let count = min(buffer.count, total - start)
        let part = unsafe UnsafeMutableBufferPointer(rebasing: buffer[..<count])
        unsafe try tensor.readDoubles(from: start, into: part)
        var partial = 0.0
        for index in 0..<count {
          let value = unsafe part[index]
          guard value.isFinite else { continue }
          least = min(least, value)
          most = max(most, value)
          partial += value
          finite += 1
        }
        sum += partial
        start += count
      }
      try tensor.checkIntact()
    } catch {
      throw error.within("tensor \(name.escapedForMessage)").inFile(path)
    }
    notFinite = total - finite
    minimum = finite > 0 ? least : nil
    maximum = finite > 0 ? most : nil
    // A sum of float64 can overflow where no element does.
    let mean = sum / Double(finite)
    self.mean = finite > 0 && mean.isFinite ? mean : nil
  }
}
