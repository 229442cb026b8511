import FileIO
import ModelIR

/// Integers of 4 or 2 bits, several of which stand in a byte, the first in its lowest bits. They are read as int8 or
/// uint8; where results are rounded to them, they are limited to their range.
struct NarrowInteger: Hashable {
  let bits: Int
  let isSigned: Bool

  /// The type of a number of `TensorProto.DataType`; nil for others.
  init?(onnxNumber: Int64) {
    switch onnxNumber {
    case 21: (bits, isSigned) = (4, false)
    case 22: (bits, isSigned) = (4, true)
    case 25: (bits, isSigned) = (2, false)
    case 26: (bits, isSigned) = (2, true)
    default: return nil
    }
  }

  /// The type that elements have here.
  var dataType: DataType { isSigned ? .int8 : .uint8 }

  /// The least and the greatest of them.
  var range: (minimum: Int64, maximum: Int64) {
    isSigned ? (-(1 << (bits - 1)), 1 << (bits - 1) - 1) : (0, 1 << bits - 1)
  }

  /// How many bytes hold `count` elements.
  func byteCount(_ count: Int) -> Int { (count * bits + 7) / 8 }

  /// The elements in packed bytes, each in a byte of its own.
  func unpacked(_ packed: [UInt8], count: Int) -> [UInt8] {
    let perByte = 8 / bits
    let mask = UInt8(1 << bits - 1)
    return (0..<count).map { index in
      let value = packed[index / perByte] >> UInt8(index % perByte * bits) & mask
      // The highest bit is the sign.
      return isSigned && value >> UInt8(bits - 1) == 1 ? value | ~mask : value
    }
  }

  /// The number of a limit as a tensor of one element.
  func limit(_ value: Int64) throws(ScaleNetError) -> Tensor {
    try Evaluator.cast(Tensor([value], shape: []), to: dataType)
  }
}
