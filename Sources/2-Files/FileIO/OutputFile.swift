import Glibc

// Safe: the bytes are handed to a call of the system that has returned before they are given up.

/// A file that appears complete or not at all.
///
/// Bytes go to a temporary in the target's directory; `commit()` gives it the target's name after an fsync, and syncs
/// the directory. Dropping the value without a commit removes the temporary. A symbolic link at the target stays,
/// and the file that it leads to is replaced. Files that belong together are completed first, and take their names
/// together, as an `OutputSet` does. `-` is standard output, which gets all bytes at the commit or none.
package struct OutputFile: ~Copyable {
  /// The path as the user gave it.
  package let path: String
  /// The number of bytes written so far.
  package private(set) var byteCount = 0

  private let target: OutputTarget
  private let overwrite: Bool
  private let mayStand: Bool
  private let temporary: Temporary
  private var buffer: [UInt8] = []
  /// Bytes that the system has taken, and those of them that it was told to store.
  private var passedCount = 0
  private var storingCount = 0
  private var isStored = false

  /// Small writes are gathered up to this size; larger ones go to the system as they are.
  private static let bufferSize = 1 << 18
  /// What one call hands to the system at most, so that a signal is answered soon.
  private static let largestWrite = 8 << 20

  /// Creates the temporary, after checking that the target can be written.
  ///
  /// - Parameters:
  ///   - overwrite: whether an existing regular file at `path` may be replaced.
  ///   - inputs: files that are being read; an output that is one of them, by whatever name, is refused.
  ///   - mayStand: whether a file of the same bytes that stands at `path` already is as good, and left as it is.
  ///   - isText: whether the bytes may go to a terminal.
  package init(
    path: String, overwrite: Bool, inputs: [ByteRegion] = [], mayStand: Bool = false, isText: Bool = false
  ) throws(ScaleNetError) {
    try self.init(
      OutputTarget(path: path, overwrite: overwrite || mayStand, inputs: inputs, isText: isText),
      overwrite: overwrite, mayStand: mayStand)
  }

  init(_ target: OutputTarget, overwrite: Bool, mayStand: Bool = false) throws(ScaleNetError) {
    temporary = try Temporary(target)
    path = target.path
    self.target = target
    self.overwrite = overwrite
    self.mayStand = mayStand
    Leftovers.look(in: target.directory)
    buffer.reserveCapacity(Self.bufferSize)
  }

  /// Where the bytes are until the commit. After `finish()` this process can read them back there.
  package var temporaryPath: String { temporary.readablePath }

  /// Maps what was written, after `finish()`; messages call it by the output's path.
  package func map() throws(ScaleNetError) -> ByteRegion {
    do throws(ScaleNetError) {
      return try ByteRegion.map(descriptor: temporary.descriptor, path: nil, origin: path)
    } catch {
      // It is no input that can't be read.
      throw .writeFailed(path: path, operation: "reading back", reason: reason(errno))
    }
  }

  /// Appends bytes.
  package mutating func write(_ bytes: RawSpan) throws(ScaleNetError) {
    byteCount += bytes.byteCount
    if buffer.count + bytes.byteCount <= Self.bufferSize {
      bytes.append(to: &buffer)
      return
    }
    try flush()
    if bytes.byteCount < Self.bufferSize {
      bytes.append(to: &buffer)
    } else {
      try writeThrough(bytes)
    }
  }

  /// Appends the UTF-8 bytes of a text.
  package mutating func write(_ text: String) throws(ScaleNetError) {
    try write(Array(text.utf8))
  }

  /// Appends the bytes of an array.
  package mutating func write(_ bytes: [UInt8]) throws(ScaleNetError) {
    try bytes.withBytes { bytes throws(ScaleNetError) in try write(bytes) }
  }

  /// Hands everything to the system and waits until it is stored.
  package mutating func finish() throws(ScaleNetError) {
    try flush()
    if isStored { return }
    if retrying({ fsync(temporary.descriptor) }) != 0 { throw failure("fsync") }
    isStored = true
  }

  /// Gives the file its name. On failure nothing of it remains, and what stood at the target is as it was.
  package consuming func commit() throws(ScaleNetError) {
    try CompleteFile.commit([try complete()])
  }

  /// Everything is written: what is left is the name.
  package consuming func complete() throws(ScaleNetError) -> CompleteFile {
    try finish()
    return CompleteFile(target, overwrite: overwrite, mayStand: mayStand, temporary)
  }

  /// Removes the temporary; the target stays as it was.
  package consuming func discard() {}

  private mutating func flush() throws(ScaleNetError) {
    guard !buffer.isEmpty else { return }
    let pending = buffer
    buffer.removeAll(keepingCapacity: true)
    try pending.withBytes { bytes throws(ScaleNetError) in try writeThrough(bytes) }
  }

  private mutating func writeThrough(_ bytes: RawSpan) throws(ScaleNetError) {
    var offset = 0
    isStored = false
    while offset < bytes.byteCount {
      let part = min(bytes.byteCount - offset, Self.largestWrite)
      var written = pass(bytes.extracting(offset..<offset + part))
      if written < 0, errno == EFAULT {
        // The bytes are those of a mapped file that was shortened. Reading them makes the region say so when it is asked
        // whether it is intact; it is the input that is at fault, not this file.
        let copy = bytes.extracting(offset..<offset + min(part, Self.bufferSize)).array()
        written = copy.withBytes { pass($0) }
      }
      if written < 0 { throw failure("write") }
      if written == 0 { throw .writeFailed(path: path, operation: "write", reason: "no byte was taken") }
      offset += written
      beginStoring(written)
    }
  }

  /// Hands bytes to the system; how many it took, or a negative number and `errno`.
  private func pass(_ bytes: RawSpan) -> Int {
    unsafe bytes.withUnsafeBytes { pointer in
      retrying { unsafe Glibc.write(temporary.descriptor, pointer.baseAddress!, pointer.count) }
    }
  }

  /// Lets the system store what was written while more is prepared, so that the fsync at the end finds little to do.
  private mutating func beginStoring(_ count: Int) {
    passedCount += count
    guard passedCount - storingCount >= Self.largestWrite else { return }
    // To Linux this advice means: begin to write the range's dirty pages, and drop clean ones. A failure costs nothing.
    _ = posix_fadvise(
      temporary.descriptor, off_t(storingCount), off_t(passedCount - storingCount), POSIX_FADV_DONTNEED)
    storingCount = passedCount
  }

  private func failure(_ operation: String) -> ScaleNetError {
    .writeFailed(path: path, operation: operation, reason: reason(errno))
  }
}
