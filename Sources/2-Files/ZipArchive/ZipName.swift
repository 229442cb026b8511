/// What a member's name may be.
package enum ZipName {
  /// Why a name is refused, or nil if it is not.
  package static func refusal(_ name: [UInt8]) -> String? {
    let slash = UInt8(ascii: "/")
    guard let first = name.first else { return "the name is empty" }
    if name.count > 0xffff { return "the name has more than 65,535 bytes" }
    if first == slash { return "the name is an absolute path" }
    if name.contains(UInt8(ascii: "\\")) { return "the name contains a backslash" }
    if name.contains(0) { return "the name contains a NUL" }
    // Bytes and points since the last slash.
    var (length, points) = (0, 0)
    for byte in name {
      if byte == slash {
        if length == 2, points == 2 { break }
        (length, points) = (0, 0)
      } else {
        length += 1
        if byte == UInt8(ascii: ".") { points += 1 }
      }
    }
    return length == 2 && points == 2 ? "the name leads to a parent directory" : nil
  }
}
