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
    let dot = UInt8(ascii: ".")
    if name.split(separator: slash).contains(where: { $0.elementsEqual([dot, dot]) }) {
      return "the name leads to a parent directory"
    }
    return nil
  }
}
