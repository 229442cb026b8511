import CDeflate
import FileIO

// Safe: the library is told how many bytes there are and how much room, and is given back when the call ends.

/// What was done to each chunk before it was stored. Format: section IV.A.2.l.
struct FilterPipeline {
  private enum Filter {
    case deflate
    case shuffle(elementSize: Int)
    case fletcher32
  }

  private let filters: [Filter]

  init(_ cursor: inout Cursor, dataset: HDF5Dataset, elementSize: Int) throws(ScaleNetError) {
    let version = try cursor.version(1...2)
    let count = try cursor.byte()
    guard count <= 32 else { throw cursor.failure("at most 32 filters", count) }
    if version == 1 { try cursor.skip(6) }
    var filters: [Filter] = []
    for _ in 0..<count {
      let identifier = try cursor.short()
      let hasName = version == 1 || identifier >= 256
      let nameCount = hasName ? try cursor.short() : 0
      try cursor.skip(2)
      let valueCount = try cursor.short()
      try cursor.skip(version == 1 ? (nameCount + 7) / 8 * 8 : nameCount)
      try cursor.skip(4 * valueCount)
      if version == 1 && valueCount % 2 == 1 { try cursor.skip(4) }
      switch identifier {
      case 1: filters.append(.deflate)
      case 2: filters.append(.shuffle(elementSize: elementSize))
      case 3: filters.append(.fletcher32)
      default:
        throw .unsupported(
          path: dataset.file.path, object: dataset.name, expected: "deflate, shuffle or Fletcher-32",
          found: "filter \(identifier)")
      }
    }
    self.filters = filters
  }

  /// The most that `stored` bytes can yield: deflate makes at most 1032 of one.
  func mostBytes(stored: Int) -> Int {
    filters.reduce(stored) { size, filter in
      if case .deflate = filter {
        return size.multipliedReportingOverflow(by: 1032).overflow ? .max : size * 1032
      }
      return size
    }
  }

  /// Undoes the filters, last first, but those that `mask` says were left out. The reason if it can't be done.
  func undo(_ stored: [UInt8], mask: UInt32, size: Int) -> Result<[UInt8], ScaleNetError> {
    var bytes = stored
    for (index, filter) in filters.enumerated().reversed() where mask & (1 << UInt32(index)) == 0 {
      switch filter {
      case .fletcher32:
        guard bytes.count >= 4 else {
          return .failure(ScaleNetError(reason: "expected a checksum, found no room for one"))
        }
        let found = bytes.suffix(4).reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        bytes.removeLast(4)
        let computed = Checksum.fletcher32(bytes[...])
        guard found == computed else {
          return .failure(ScaleNetError(expected: "Fletcher-32 checksum \(computed)", found: "\(found)"))
        }
      case .deflate:
        // A checksum taken before compression comes out with the elements.
        let before = filters[..<index].contains { if case .fletcher32 = $0 { true } else { false } }
        switch Self.inflate(bytes, size: before ? size + 4 : size) {
        case .success(let inflated): bytes = inflated
        case .failure(let error): return .failure(error)
        }
      case .shuffle(let elementSize):
        bytes = Self.unshuffle(bytes, elementSize: elementSize)
      }
    }
    guard bytes.count == size else {
      return .failure(ScaleNetError(reason: "expected \(size) bytes, found \(bytes.count)"))
    }
    return .success(bytes)
  }

  /// A zlib stream (RFC 1950) that yields exactly `size` bytes.
  private static func inflate(_ stored: [UInt8], size: Int) -> Result<[UInt8], ScaleNetError> {
    guard let decompressor = unsafe libdeflate_alloc_decompressor() else {
      return .failure(ScaleNetError(reason: "no memory to decompress in"))
    }
    defer { unsafe libdeflate_free_decompressor(decompressor) }
    var result = [UInt8](repeating: 0, count: size)
    let status = unsafe stored.withUnsafeBytes { source in
      unsafe result.withUnsafeMutableBytes { target in
        unsafe libdeflate_zlib_decompress(
          decompressor, source.baseAddress, source.count, target.baseAddress, target.count, nil)
      }
    }
    let found =
      switch status {
      case LIBDEFLATE_SUCCESS: ""
      case LIBDEFLATE_SHORT_OUTPUT: "a shorter one"
      case LIBDEFLATE_INSUFFICIENT_SPACE: "a longer one"
      // LIBDEFLATE_BAD_DATA, and whatever later versions of the library add.
      default: "one that is damaged"
      }
    guard found.isEmpty else {
      return .failure(ScaleNetError(expected: "a deflated stream of \(size) bytes", found: found))
    }
    return .success(result)
  }

  /// Shuffled bytes are the elements' first bytes, then their second bytes, and so on; a rest stands at the end.
  private static func unshuffle(_ bytes: [UInt8], elementSize: Int) -> [UInt8] {
    let count = bytes.count / elementSize
    guard elementSize > 1, count > 1 else { return bytes }
    var result = bytes
    for part in 0..<elementSize {
      for element in 0..<count { result[element * elementSize + part] = bytes[part * count + element] }
    }
    return result
  }
}
