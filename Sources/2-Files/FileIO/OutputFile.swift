import Glibc

/// A file that appears complete or not at all.
///
/// Bytes go to a temporary in the target's directory; `commit()` gives it the target's name after an fsync, and syncs
/// the directory. Dropping the value without a commit removes the temporary. A symbolic link at the target stays,
/// and the file that it leads to is replaced. `-` is standard output, which gets all bytes at the commit or none.
package struct OutputFile: ~Copyable {
  /// The path as the user gave it.
  package let path: String
  /// Where the bytes are until the commit. After `finish()` it can be read back.
  package let temporaryPath: String
  /// The number of bytes written so far.
  package private(set) var byteCount = 0

  private let target: String
  private let isStandardOutput: Bool
  private let overwrite: Bool
  private var descriptor: Int32
  private var isTemporaryPresent = true
  private var buffer: [UInt8] = []
  /// Bytes that the system has taken, and those of them that it was told to store.
  private var passedCount = 0
  private var storingCount = 0

  /// Small writes are gathered up to this size; larger ones go to the system as they are.
  private static let bufferSize = 1 << 18
  /// What one call hands to the system at most, so that a signal is answered soon.
  private static let largestWrite = 8 << 20

  /// Creates the temporary, after checking that the target can be written.
  ///
  /// - Parameters:
  ///   - overwrite: whether an existing regular file at `path` may be replaced.
  ///   - inputs: files that are being read; an output that is one of them, by whatever name, is refused.
  ///   - isText: whether the bytes may go to a terminal.
  package init(
    path: String, overwrite: Bool, inputs: [ByteRegion] = [], isText: Bool = false
  ) throws(ScaleNetError) {
    isStandardOutput = path == StandardStreams.path
    if isStandardOutput, !isText, StandardStreams.outputIsTerminal {
      throw .cannotCreate(path: "standard output", reason: "it is a terminal, and the bytes are no text")
    }
    let target =
      isStandardOutput ? "\(StandardStreams.temporaryDirectory)/scalenet-output" : try Self.resolve(path)
    if let identity = FileIdentity.of(path: target) {
      for input in inputs where input.fileIdentity == identity {
        throw .outputIsInput(path: path, input: input.origin)
      }
    }
    var information = stat()
    var mode: mode_t?
    if !isStandardOutput, unsafe lstat(target, &information) == 0 {
      guard information.st_mode & S_IFMT == S_IFREG else {
        throw .cannotCreate(path: path, reason: "\(fileKind(information.st_mode)) stands there")
      }
      if !overwrite { throw .exists(path: path) }
      mode = information.st_mode & 0o777
    }

    let (directory, name) = Self.split(target)
    var generator = SystemRandomNumberGenerator()
    var created: (path: String, descriptor: Int32)?
    for _ in 0..<16 where created == nil {
      let suffix = String(UInt64.random(in: 0...UInt64.max, using: &generator), radix: 36)
      let candidate =
        directory + "." + String(decoding: name.utf8.prefix(200), as: UTF8.self) + ".\(suffix).tmp"
      // Known before it exists: a signal between the two leaves nothing behind.
      TemporaryFiles.add(candidate)
      let descriptor = retrying {
        unsafe open(candidate, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
      }
      if descriptor >= 0 {
        created = (candidate, descriptor)
      } else {
        let code = errno
        TemporaryFiles.remove(candidate)
        if code != EEXIST { throw .cannotCreate(path: path, reason: reason(code)) }
      }
    }
    guard let created else { throw .cannotCreate(path: path, reason: "no free name for a temporary") }
    if let mode { _ = fchmod(created.descriptor, mode) }
    self.path = path
    self.target = target
    self.overwrite = overwrite
    self.temporaryPath = created.path
    self.descriptor = created.descriptor
    buffer.reserveCapacity(Self.bufferSize)
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
    if isTemporaryPresent {
      unsafe unlink(temporaryPath)
      TemporaryFiles.remove(temporaryPath)
    }
  }

  /// Appends bytes.
  package mutating func write(_ bytes: RawSpan) throws(ScaleNetError) {
    byteCount += bytes.byteCount
    if buffer.count + bytes.byteCount <= Self.bufferSize {
      unsafe bytes.withUnsafeBytes { unsafe buffer.append(contentsOf: $0) }
      return
    }
    try flush()
    if bytes.byteCount < Self.bufferSize {
      unsafe bytes.withUnsafeBytes { unsafe buffer.append(contentsOf: $0) }
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
    unsafe try write(bytes.span.bytes)
  }

  /// Hands everything to the system and waits until it is stored. `temporaryPath` then holds the whole file.
  package mutating func finish() throws(ScaleNetError) {
    try flush()
    if fsync(descriptor) != 0 { throw failure("fsync") }
  }

  /// Gives the file its name. On failure nothing of it remains, and what stood at the target is as it was.
  package consuming func commit() throws(ScaleNetError) {
    try finish()
    if isStandardOutput {
      guard lseek(descriptor, 0, SEEK_SET) == 0 else { throw failure("read back") }
      return try StandardStreams.copy(from: descriptor, temporaryPath, to: 1, "standard output")
    }
    let closing = descriptor
    descriptor = -1
    if close(closing) != 0 { throw failure("close") }
    if overwrite {
      if unsafe rename(temporaryPath, target) != 0 { throw failure("rename") }
    } else {
      try moveWithoutReplacing()
    }
    isTemporaryPresent = false
    TemporaryFiles.remove(temporaryPath)
    try syncDirectory()
  }

  /// Removes the temporary; the target stays as it was.
  package consuming func discard() {}

  private func moveWithoutReplacing() throws(ScaleNetError) {
    // A hard link never replaces, so there is no race with another writer.
    if unsafe link(temporaryPath, target) == 0 {
      unsafe unlink(temporaryPath)
      return
    }
    if errno == EEXIST { throw .exists(path: path) }
    guard errno == EPERM || errno == EOPNOTSUPP || errno == ENOSYS else { throw failure("link") }
    // A file system without hard links: take the name first, then rename over it.
    let reservation = retrying { unsafe open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666) }
    guard reservation >= 0 else {
      if errno == EEXIST { throw .exists(path: path) }
      throw failure("rename")
    }
    close(reservation)
    if unsafe rename(temporaryPath, target) != 0 {
      let error = failure("rename")
      unsafe unlink(target)
      throw error
    }
  }

  private func syncDirectory() throws(ScaleNetError) {
    let directory = retrying { unsafe open(Self.split(target).directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
    // A directory that may be written but not read cannot be synced; the file itself is stored.
    guard directory >= 0 else { return }
    defer { close(directory) }
    if fsync(directory) != 0, errno != EINVAL, errno != EROFS { throw failure("fsync of the directory") }
  }

  private mutating func flush() throws(ScaleNetError) {
    guard !buffer.isEmpty else { return }
    let pending = buffer
    buffer.removeAll(keepingCapacity: true)
    unsafe try writeThrough(pending.span.bytes)
  }

  private mutating func writeThrough(_ bytes: RawSpan) throws(ScaleNetError) {
    var offset = 0
    while offset < bytes.byteCount {
      let part = min(bytes.byteCount - offset, Self.largestWrite)
      let chunk = bytes.extracting(offset..<offset + part)
      let written = unsafe chunk.withUnsafeBytes { pointer in
        retrying { unsafe Glibc.write(descriptor, pointer.baseAddress!, pointer.count) }
      }
      if written < 0 { throw failure("write") }
      if written == 0 { throw .writeFailed(path: path, operation: "write", reason: "no byte was taken") }
      offset += written
      beginStoring(written)
    }
  }

  /// Lets the system store what was written while more is prepared, so that the fsync at the end finds little to do.
  private mutating func beginStoring(_ count: Int) {
    passedCount += count
    guard passedCount - storingCount >= Self.largestWrite else { return }
    // To Linux this advice means: begin to write the range's dirty pages, and drop clean ones. A failure costs nothing.
    _ = posix_fadvise(descriptor, off_t(storingCount), off_t(passedCount - storingCount), POSIX_FADV_DONTNEED)
    storingCount = passedCount
  }

  private func failure(_ operation: String) -> ScaleNetError {
    .writeFailed(path: path, operation: operation, reason: reason(errno))
  }

  /// The path behind symbolic links.
  private static func resolve(_ path: String) throws(ScaleNetError) -> String {
    guard !path.isEmpty else { throw .cannotCreate(path: path, reason: "the path is empty") }
    var information = stat()
    guard unsafe lstat(path, &information) == 0 else {
      if errno == ENOENT || errno == ENOTDIR || errno == EACCES {
        if path.hasSuffix("/") { throw .cannotCreate(path: path, reason: "no such directory") }
        return path
      }
      throw .cannotCreate(path: path, reason: reason(errno))
    }
    guard information.st_mode & S_IFMT == S_IFLNK else { return path }
    guard let resolved = unsafe realpath(path, nil) else {
      throw .cannotCreate(path: path, reason: "a symbolic link that leads nowhere: \(reason(errno))")
    }
    defer { unsafe free(resolved) }
    return unsafe String(cString: resolved)
  }

  /// The directory with its final slash ("./" when there is none), and the last component.
  private static func split(_ path: String) -> (directory: String, name: String) {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return ("./", path) }
    return (String(path[...slash]), String(path[path.index(after: slash)...]))
  }
}
