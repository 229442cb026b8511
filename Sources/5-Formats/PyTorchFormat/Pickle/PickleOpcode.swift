/// The opcodes of pickle protocols 0 to 5 that are executed. None of them runs code here: what they would call becomes an
/// object that nobody makes. Names are those of Python's pickletools.
enum PickleOpcode: UInt8 {
  case mark = 0x28  // (
  case emptyTuple = 0x29  // )
  case stop = 0x2e  // .
  case pop = 0x30  // 0
  case popMark = 0x31  // 1
  case duplicate = 0x32  // 2
  case binaryBytes = 0x42  // B
  case shortBinaryBytes = 0x43  // C
  case float = 0x46  // F
  case binaryFloat = 0x47  // G
  case integer = 0x49  // I
  case binaryInteger = 0x4a  // J
  case binaryInteger1 = 0x4b  // K
  case long = 0x4c  // L
  case binaryInteger2 = 0x4d  // M
  case none = 0x4e  // N
  case persistentIdentifier = 0x50  // P
  case binaryPersistentIdentifier = 0x51  // Q
  case reduce = 0x52  // R
  case string = 0x53  // S
  case binaryString = 0x54  // T
  case shortBinaryString = 0x55  // U
  case unicode = 0x56  // V
  case binaryUnicode = 0x58  // X
  case emptyList = 0x5d  // ]
  case append = 0x61  // a
  case build = 0x62  // b
  case global = 0x63  // c
  case dictionary = 0x64  // d
  case appends = 0x65  // e
  case get = 0x67  // g
  case binaryGet = 0x68  // h
  case instance = 0x69  // i
  case longBinaryGet = 0x6a  // j
  case list = 0x6c  // l
  case object = 0x6f  // o
  case put = 0x70  // p
  case binaryPut = 0x71  // q
  case longBinaryPut = 0x72  // r
  case setItem = 0x73  // s
  case tuple = 0x74  // t
  case setItems = 0x75  // u
  case emptyDictionary = 0x7d  // }
  case `protocol` = 0x80
  case newObject = 0x81
  case tuple1 = 0x85
  case tuple2 = 0x86
  case tuple3 = 0x87
  case newTrue = 0x88
  case newFalse = 0x89
  case long1 = 0x8a
  case long4 = 0x8b
  case shortBinaryUnicode = 0x8c
  case binaryUnicode8 = 0x8d
  case binaryBytes8 = 0x8e
  case emptySet = 0x8f
  case addItems = 0x90
  case frozenSet = 0x91
  case newObjectExtended = 0x92
  case stackGlobal = 0x93
  case memoize = 0x94
  case frame = 0x95
  case byteArray8 = 0x96

  /// The name of an opcode that is refused, because its value lies outside of the file: a registry of the program that
  /// wrote it, or a buffer beside it. Nil if no protocol up to 5 has it.
  static func refusedName(_ byte: UInt8) -> String? { refused[byte] }

  private static let refused: [UInt8: String] = [
    0x82: "EXT1", 0x83: "EXT2", 0x84: "EXT4", 0x97: "NEXT_BUFFER", 0x98: "READONLY_BUFFER",
  ]
}
