/// Bytes within a pickle.
struct PickleSlice {
  let offset: Int
  let count: Int
}

/// A value on the unpickler's stack. Values hold no other values, only places in the `PickleArena`: nesting of any
/// depth, cycles and shared parts cost nothing to copy or to drop.
enum PickleValue {
  case none
  case bool(Bool)
  case integer(Int)
  /// An integer of more than 64 bits: little-endian, two's complement, or its digits where a protocol writes text.
  case longInteger(PickleSlice)
  case real(Double)
  /// Text, or a byte string of Python 2.
  case text(PickleSlice)
  case global(PickleGlobal)
  /// A value that weights do not depend on (a device, a layout, bytes).
  case opaque(String)
  /// What a class or function that is not known would make. It is never made.
  case object(Int)
  case tuple(Int)
  case list(Int)
  /// Keys and values by turns.
  case dictionary(Int)
  case set(Int)
  case storage(Int)
  case tensor(Int)

  /// Whether Python would take the value as a dictionary's key, as far as that can be told.
  var isHashable: Bool {
    switch self {
    case .list, .dictionary, .set: false
    case .none, .bool, .integer, .longInteger, .real, .text, .global, .opaque, .object, .tuple, .storage,
      .tensor:
      true
    }
  }
}
