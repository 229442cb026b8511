/// Changes inputs by their structure. The same seed makes the same change.
struct Mutator {
  /// SplitMix64.
  private var state: UInt64
  /// What a result may have at most.
  let limit: Int

  init(seed: UInt32, limit: Int) {
    state = UInt64(seed)
    self.limit = limit
  }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var value = state
    value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
    value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
    return value ^ (value >> 31)
  }

  /// A number below `bound`, which is positive.
  mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

  /// True once in `times`.
  mutating func chance(_ times: Int) -> Bool { below(times) == 0 }

  mutating func element<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }

  /// A number at which something changes.
  mutating func number() -> UInt64 {
    switch below(6) {
    case 0: UInt64(below(4))
    case 1: UInt64(below(300))
    case 2: (1 as UInt64) << UInt64(below(64))
    case 3: ((1 as UInt64) << UInt64(below(64))) &- 1
    case 4: 0 &- UInt64(below(300))
    default: next()
    }
  }

  /// An input with one change, at times with more.
  mutating func changed(_ input: [UInt8], as target: FuzzTarget) -> [UInt8] {
    var result = changedOnce(input, as: target)
    while chance(3), result.count < limit { result = changedOnce(result, as: target) }
    return result
  }

  private mutating func changedOnce(_ input: [UInt8], as target: FuzzTarget) -> [UInt8] {
    if chance(10) { return plainlyChanged(input, limit: limit) }
    switch target {
    case .pickle:
      let isArchive = input.starts(with: Zip.localSignature)
      return isArchive ? changedMember(input, suffixes: ["data.pkl"]) : changedPickle(input)
    case .archive: return chance(2) ? changedDirectory(input) : changedArchive(input)
    case .json, .structure, .recordings: return changedText(input)
    case .onnx, .run: return changedMessage(input)
    case .checkpoint, .safetensors, .numpy, .hdf5, .keras, .images: return changedContents(input)
    }
  }

  /// Changes bytes by what they look like.
  mutating func changedContents(_ input: [UInt8]) -> [UInt8] {
    if input.starts(with: Zip.localSignature) { return changedArchive(input) }
    if input.starts(with: HDF5Repair.signature) { return changedHDF5(input) }
    if input.starts(with: NumPyHeader.magic) { return changedArray(input) }
    if input.starts(with: PNGFile.signature) { return changedPNG(input) }
    if input.count > 10, input[8] == UInt8(ascii: "{"), input[6...7].allSatisfy({ $0 == 0 }) {
      return changedSafetensors(input)
    }
    if let first = input.first, [UInt8(ascii: "{"), UInt8(ascii: "[")].contains(first) {
      return changedText(input)
    }
    if input.first == 0x80 { return changedPickle(input) }
    return plainlyChanged(input, limit: limit)
  }

  /// Changes a list of parts: one is taken out, doubled, exchanged with another or with what `replacement` gives, or
  /// several are moved.
  mutating func changed<Part>(
    _ parts: [Part], replacement: (inout Mutator, Part?) -> Part
  ) -> [Part] {
    var parts = parts
    guard !parts.isEmpty else { return [replacement(&self, nil)] }
    let place = below(parts.count)
    switch below(8) {
    case 0: parts.remove(at: place)
    case 1: parts.insert(parts[place], at: below(parts.count))
    case 2: parts.swapAt(place, below(parts.count))
    case 3: parts.insert(replacement(&self, nil), at: place)
    case 4:
      let count = min(1 + below(8), parts.count - place)
      let moved = Array(parts[place..<place + count])
      if chance(2) { parts.removeSubrange(place..<place + count) }
      parts.insert(contentsOf: moved, at: below(parts.count + 1))
    case 5: parts[place] = element(parts)
    default: parts[place] = replacement(&self, parts[place])
    }
    return parts
  }
}

extension Array where Element == UInt8 {
  func little(_ offset: Int, _ count: Int) -> Int? {
    guard offset >= 0, offset <= self.count - count else { return nil }
    return (0..<count).reversed().reduce(0) { $0 << 8 | Int(self[offset + $1]) }
  }

  mutating func setLittle(_ offset: Int, _ count: Int, _ value: UInt64) {
    guard offset >= 0, offset <= self.count - count else { return }
    for index in 0..<count { self[offset + index] = UInt8(truncatingIfNeeded: value >> (8 * UInt64(index))) }
  }

  static func little(_ value: Int, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }
}
