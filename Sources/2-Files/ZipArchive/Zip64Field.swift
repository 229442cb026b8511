import FileIO

/// The zip64 extended information of a directory entry or local header: 64-bit values for fields whose 32 bits are
/// all set, in the order of those fields.
struct Zip64Field {
  private var values: [UInt64] = []
  private var next = 0

  /// Looks for the field in the extra data of a header; it is empty if there is none.
  init(_ bytes: RawSpan, _ range: Range<Int>) {
    var position = range.lowerBound
    while position + 4 <= range.upperBound {
      let identifier: UInt16 = bytes.littleEndian(at: position)!
      let count = Int(bytes.littleEndian(at: position + 2, as: UInt16.self)!)
      position += 4
      guard count <= range.upperBound - position else { return }
      if identifier == 1 {
        for index in 0..<min(count / 8, 3) {
          values.append(bytes.littleEndian(at: position + 8 * index)!)
        }
        return
      }
      position += count
    }
  }

  /// Replaces a value whose 32 bits are all set. False if the field has none for it.
  mutating func replace(_ value: inout UInt64) -> Bool {
    guard value == 0xffff_ffff else { return true }
    guard next < values.count else { return false }
    value = values[next]
    next += 1
    return true
  }
}
