import FileIO

/// Executes a pickle without running anything that it names: of classes and functions, those that make weights are known
/// and done here, as PyTorch does with `weights_only=True`; what others would make is kept as an object without content.
///
/// Time and memory are linear in the pickle's length, and values are counted against a limit: no length field
/// causes an allocation before the bytes behind it are there.
struct Unpickler {
  /// The form of persistent ids: with five items in archives, six in the legacy format.
  enum Container {
    case archive
    case legacy
  }

  /// More values than any checkpoint of a network has; bounds the memory of a hostile one.
  static let valueLimit = 2_000_000

  let path: String
  let member: String
  let container: Container
  var arena: PickleArena
  /// The pickle's first byte.
  private let start: Int
  /// The next byte.
  var position: Int
  /// Where the present opcode began, for messages.
  var opcodeOffset = 0
  var stack: [PickleValue] = []
  /// Where the frame ends that the next opcode stands in; nil outside of frames.
  var frameEnd: Int?
  /// Heights of the stack where marks were set.
  var marks: [Int] = []
  var memo = PickleMemo()
  var valueCount = 0

  /// - Parameters:
  ///   - bytes: the pickle and what may follow it; it begins at `position`.
  ///   - member: the archive member that `bytes` are, or "".
  init(_ bytes: ByteRegion, at position: Int, path: String, member: String, container: Container) {
    self.path = path
    self.member = member
    self.container = container
    start = position
    self.position = position
    arena = PickleArena(bytes: bytes)
  }

  /// Executes until STOP; `position` is then behind it.
  mutating func run() throws(ScaleNetError) -> PickleValue {
    let region = arena.bytes
    return try region.withBytes { bytes throws(ScaleNetError) in
      while true {
        if position == frameEnd { frameEnd = nil }
        opcodeOffset = position
        guard let byte = bytes.littleEndian(at: position, as: UInt8.self) else {
          throw malformed("a pickle opcode", "the end")
        }
        guard let opcode = PickleOpcode(rawValue: byte) else { throw refusal(byte) }
        position += 1
        if opcode == .stop { return try finish() }
        try execute(opcode, bytes)
        if let frameEnd, position > frameEnd {
          throw malformed(
            "an opcode that ends with its frame, at byte \(frameEnd - start)",
            "one that ends at byte \(position - start)")
        }
      }
    }
  }

  private mutating func finish() throws(ScaleNetError) -> PickleValue {
    let value = try pop()
    guard marks.isEmpty else { throw malformed("no mark left at the end", "\(marks.count)") }
    guard stack.isEmpty else { throw malformed("one value at the end", "\(stack.count + 1)") }
    if let frameEnd, position < frameEnd {
      throw malformed("the end of the frame, at byte \(frameEnd - start)", "STOP before it")
    }
    return value
  }

  private func refusal(_ byte: UInt8) -> ScaleNetError {
    if let name = PickleOpcode.refusedName(byte) {
      return .refusedOpcode(path: path, place: place, name: name)
    }
    return malformed("a pickle opcode", "byte 0x" + String(byte, radix: 16))
  }

  var place: PicklePlace { PicklePlace(member: member, offset: opcodeOffset) }

  func malformed(_ expected: String, _ found: String) -> ScaleNetError {
    .malformedPickle(path: path, place: place, expected: expected, found: found)
  }

  func malformed(_ expected: String, _ found: PickleValue) -> ScaleNetError {
    malformed(expected, arena.describe(found))
  }
}
