/// Bytes of a record, appended field by field.
package struct LittleEndianBytes {
  package private(set) var bytes: [UInt8] = []

  package init() {}

  package mutating func append<Value: FixedWidthInteger>(_ value: Value) {
    var rest = value
    for _ in 0..<MemoryLayout<Value>.size {
      bytes.append(UInt8(truncatingIfNeeded: rest))
      // A shift by 8 of an 8-bit value is not defined, and not needed.
      if MemoryLayout<Value>.size > 1 { rest >>= 8 }
    }
  }

  package mutating func append(zeros count: Int) {
    bytes.append(contentsOf: repeatElement(0, count: count))
  }

  package mutating func append(_ other: [UInt8]) {
    bytes += other
  }
}
