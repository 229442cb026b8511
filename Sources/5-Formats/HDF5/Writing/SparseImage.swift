// Safe: parts are cut at the ends of pages and of what is read or written.

/// The bytes that libhdf5 writes itself, page by page: everything but the elements of datasets, for which it only
/// sets room aside.
final class SparseImage {
  static let pageSize = 4096

  private var pages: [Int: [UInt8]] = [:]
  /// Where the space that was set aside ends.
  var allocatedEnd = 0
  /// Where the bytes that were written end.
  private(set) var writtenEnd = 0

  func write(_ source: UnsafeRawBufferPointer, at offset: Int) {
    var done = 0
    while done < source.count {
      let (page, first) = (offset + done).quotientAndRemainder(dividingBy: Self.pageSize)
      let count = min(source.count - done, Self.pageSize - first)
      unsafe pages[page, default: [UInt8](repeating: 0, count: Self.pageSize)].withUnsafeMutableBytes {
        target in
        unsafe UnsafeMutableRawBufferPointer(rebasing: target[first..<first + count])
          .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[done..<done + count]))
      }
      done += count
    }
    writtenEnd = max(writtenEnd, offset + source.count)
  }

  /// What was not written is zero.
  func read(_ target: UnsafeMutableRawBufferPointer, at offset: Int) {
    var done = 0
    while done < target.count {
      let (page, first) = (offset + done).quotientAndRemainder(dividingBy: Self.pageSize)
      let count = min(target.count - done, Self.pageSize - first)
      let part = unsafe UnsafeMutableRawBufferPointer(rebasing: target[done..<done + count])
      if let bytes = pages[page] {
        unsafe bytes.withUnsafeBytes { source in
          unsafe part.copyMemory(from: UnsafeRawBufferPointer(rebasing: source[first..<first + count]))
        }
      } else {
        unsafe part.initializeMemory(as: UInt8.self, repeating: 0)
      }
      done += count
    }
  }

  /// The bytes of a range; what was not written is zero.
  func bytes(_ range: Range<Int>) -> [UInt8] {
    var result = [UInt8](repeating: 0, count: range.count)
    unsafe result.withUnsafeMutableBytes { unsafe read($0, at: range.lowerBound) }
    return result
  }
}
