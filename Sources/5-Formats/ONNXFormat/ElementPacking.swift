import FileIO
import ModelIR

/// Elements of 4 or 2 bits, several of which stand in a byte of a file, the first in its lowest bits. A tensor has each
/// in a byte of its own: integers with a sign as int8, the others as what their bits say.
struct ElementPacking: Hashable {
  let dataType: DataType
  private let bits: Int

  /// How a type is packed; nil for those whose elements have bytes of their own.
  init?(_ dataType: DataType) {
    guard let bits = dataType.packedBits else { return nil }
    self.dataType = dataType
    self.bits = bits
  }

  private var isSigned: Bool { dataType == .int4 || dataType == .int2 }

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

  /// Elements, each in a byte of its own, as a file has them.
  private func packed(_ elements: [UInt8]) -> [UInt8] {
    let perByte = 8 / bits
    let mask = UInt8(1 << bits - 1)
    var result = [UInt8](repeating: 0, count: byteCount(elements.count))
    for (index, element) in elements.enumerated() {
      result[index / perByte] |= (element & mask) << UInt8(index % perByte * bits)
    }
    return result
  }

  /// What a file holds of a tensor: the tensor itself, or a row of bytes where its elements are packed.
  static func stored(_ tensor: Tensor) throws(ScaleNetError) -> Tensor {
    guard let packing = ElementPacking(tensor.dataType) else { return tensor }
    let bytes = packing.packed(try tensor.bytes())
    return try Tensor(.uint8, TensorShape([bytes.count]), storage: .copying(bytes))
  }
}
