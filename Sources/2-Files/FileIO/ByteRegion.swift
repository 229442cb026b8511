import Glibc

// Safe: the address is that of the mapping or the memory that the region owns, or of a region that it keeps; neither
// changes before `deinit`, and spans and pointers to it do not leave the calls that they are made for.

/// A run of bytes that does not change: a file mapped into memory, or memory of its own.
///
/// Tensors are views into regions; a region lives as long as a view does. Bytes of a mapped file are read by the
/// system when they are touched, never all at once.
@safe public final class ByteRegion: Sendable {
  /// The path of the mapped file, or a description of where the bytes come from.
  public let origin: String
  /// The number of bytes.
  public let count: Int

  private nonisolated(unsafe) let base: UnsafeRawPointer
  private let backing: Backing

  private enum Backing {
    case mapped(MappedFile)
    case allocated
    case borrowed(ByteRegion)
  }

  /// What is known of a mapped file. Its descriptor is closed, so that a process can map more files than it can open;
  /// the mapping keeps the file.
  private struct MappedFile {
    /// The path that leads to the file from everywhere; nil for a file without a name, which nobody else can change.
    let path: String?
    let stamp: FileStamp
    /// Of `TruncationGuard`; 0 for an empty file.
    let guardEntry: UInt
  }

  private init(origin: String, count: Int, base: UnsafeRawPointer, backing: Backing) {
    self.origin = origin
    self.count = count
    unsafe self.base = unsafe base
    self.backing = backing
  }

  deinit {
    switch backing {
    case .mapped(let file):
      if count > 0 {
        TruncationGuard.remove(file.guardEntry)
        unsafe munmap(UnsafeMutableRawPointer(mutating: base), count)
      }
    case .allocated:
      unsafe free(UnsafeMutableRawPointer(mutating: base))
    case .borrowed:
      break
    }
  }

  /// Maps the regular file at `path` for reading.
  ///
  /// - Parameter origin: what messages call the file; the path if nil.
  public static func map(path: String, origin: String? = nil) throws(ScaleNetError) -> ByteRegion {
    let region = try look(at: path, origin: origin)
    if let identity = region.fileIdentity { FilesRead.add(identity, region.origin) }
    return region
  }

  /// The same for a file that is no input: what stands at the place of an output, or beside it.
  package static func look(at path: String, origin: String? = nil) throws(ScaleNetError) -> ByteRegion {
    let origin = origin ?? path
    let descriptor = retrying { path.opened(O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
    guard descriptor >= 0 else {
      let code = errno
      if code == ENOENT || code == ENOTDIR { throw .notFound(path: origin) }
      throw .cannotRead(path: origin, reason: reason(code))
    }
    defer { close(descriptor) }
    return try map(descriptor: descriptor, path: path, origin: origin)
  }

  /// Maps an open file.
  ///
  /// - Parameter path: where the file is looked for when it is asked whether it has changed; nil for one without a name.
  static func map(descriptor: Int32, path: String?, origin: String) throws(ScaleNetError) -> ByteRegion {
    guard var information = status(of: descriptor) else {
      throw .cannotRead(path: origin, reason: reason(errno))
    }
    guard information.st_mode & S_IFMT == S_IFREG else {
      throw .notARegularFile(path: origin, found: fileKind(information.st_mode))
    }
    if path != nil { FileStamp.wait(for: descriptor, &information) }
    let size = Int(information.st_size)
    let absolute = path.map { $0.hasPrefix("/") ? $0 : currentDirectory() + $0 }
    func region(_ base: UnsafeRawPointer, _ guardEntry: UInt) -> ByteRegion {
      unsafe ByteRegion(
        origin: origin, count: size, base: base,
        backing: .mapped(
          MappedFile(path: absolute, stamp: FileStamp(information), guardEntry: guardEntry)))
    }
    guard size > 0 else { return unsafe region(UnsafeRawPointer(bitPattern: 16)!, 0) }
    guard let base = unsafe mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0),
      unsafe base != MAP_FAILED
    else {
      throw .cannotRead(path: origin, reason: reason(errno))
    }
    return unsafe region(UnsafeRawPointer(base), TruncationGuard.add(base: base, count: size))
  }

  /// The directory that relative paths begin in now, with a final slash; empty if it is not known.
  private static func currentDirectory() -> String {
    guard let path = unsafe getcwd(nil, 0) else { return "" }
    defer { unsafe free(path) }
    return unsafe String(systemPath: path) + "/"
  }

  /// Memory of `count` bytes, aligned to 64, filled by `initialize` and constant from then on.
  ///
  /// The caller has decided that `count` is reasonable for what is being read.
  public static func allocate<Failure: Error>(
    origin: String, count: Int,
    initialize: (UnsafeMutableRawBufferPointer) throws(Failure) -> Void
  ) throws(Failure) -> ByteRegion {
    precondition(count >= 0)
    let memory = unsafe LargeMemory.allocate(count)
    do {
      try unsafe initialize(UnsafeMutableRawBufferPointer(start: memory, count: count))
    } catch {
      unsafe free(memory)
      throw error
    }
    return unsafe ByteRegion(
      origin: origin, count: count, base: UnsafeRawPointer(memory), backing: .allocated)
  }

  /// A copy of an array's elements, as bytes in native order.
  public static func copying<Element: BitwiseCopyable>(
    _ elements: [Element], origin: String = "memory"
  ) -> ByteRegion {
    unsafe elements.withUnsafeBytes { source in
      unsafe allocate(origin: origin, count: source.count) { target in
        unsafe target.copyMemory(from: source)
      }
    }
  }

  /// A part of this region as a region of its own; `range` lies within `0..<count`.
  public func slice(_ range: Range<Int>, origin: String? = nil) -> ByteRegion {
    precondition(range.lowerBound >= 0 && range.upperBound <= count)
    return unsafe ByteRegion(
      origin: origin ?? self.origin, count: range.count, base: base + range.lowerBound,
      backing: .borrowed(self))
  }

  /// Calls `body` with the bytes.
  public func withBytes<Result: ~Copyable, Failure: Error>(
    _ body: (RawSpan) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(unsafe RawSpan(_unsafeStart: base, byteCount: count))
  }

  /// Calls `body` with a pointer to the bytes, for kernels and C libraries. The pointer must not escape.
  @unsafe public func withUnsafeBytes<Result: ~Copyable, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try unsafe body(UnsafeRawBufferPointer(start: base, count: count))
  }

  /// Whether the bytes are a mapped file's, so that reading them can fail.
  public var isMapped: Bool {
    switch backing {
    case .mapped: true
    case .allocated: false
    case .borrowed(let owner): owner.isMapped
    }
  }

  /// Gives the system back the memory of a mapped file's pages that lie wholly within `range`. Their bytes are read from
  /// the file again when they are touched, so nothing changes but what the process holds. Memory that is no file's stays.
  package func releasePages(_ range: Range<Int>) {
    precondition(range.lowerBound >= 0 && range.upperBound <= count)
    guard isMapped else { return }
    let page = Int(getpagesize())
    let first = UInt(bitPattern: unsafe base) + UInt(range.lowerBound)
    let start = (first + UInt(page) - 1) / UInt(page) * UInt(page)
    let end = (first + UInt(range.count)) / UInt(page) * UInt(page)
    guard start < end, let address = unsafe UnsafeMutableRawPointer(bitPattern: start) else { return }
    // A refusal costs memory and nothing else.
    _ = unsafe madvise(address, Int(end - start), MADV_DONTNEED)
  }

  /// Fails if somebody has written to the mapped file since it was mapped, or shortened it. What was read is valid only if
  /// this succeeds after the reading.
  ///
  /// Size and times are compared, so a program that writes to the file through a mapping of its own may go unnoticed. A
  /// file that another has replaced, or that was removed, still has the bytes that were mapped, and is intact.
  public func checkIntact() throws(ScaleNetError) {
    try check(mayBeReplaced: true)
  }

  /// Fails if the file at the path is no longer the one that was mapped, or `checkIntact` would: for results that are said
  /// of a path.
  package func checkUnchanged() throws(ScaleNetError) {
    try check(mayBeReplaced: false)
  }

  private func check(mayBeReplaced: Bool) throws(ScaleNetError) {
    switch backing {
    case .allocated:
      return
    case .borrowed(let owner):
      try owner.check(mayBeReplaced: mayBeReplaced)
    case .mapped(let file):
      let wasHit = count > 0 && TruncationGuard.wasHit(file.guardEntry)
      let found = file.path.flatMap { FileStamp.of(path: $0) }
      guard let now = found, now.identity == file.stamp.identity else {
        if wasHit { throw .shortened(path: origin, expected: count, found: nil) }
        if mayBeReplaced || file.path == nil { return }
        throw .changed(
          path: origin, how: found != nil ? "another file stands there now" : "it is no longer there")
      }
      if now.size < count || wasHit {
        throw .shortened(path: origin, expected: count, found: now.size < count ? now.size : nil)
      }
      if let how = file.stamp.change(to: now) { throw .changed(path: origin, how: how) }
    }
  }

  /// The device and inode of the mapped file; nil for memory.
  package var fileIdentity: FileIdentity? {
    switch backing {
    case .allocated: nil
    case .borrowed(let owner): owner.fileIdentity
    case .mapped(let file): file.stamp.identity
    }
  }
}

extension Sequence where Element == ByteRegion {
  /// Fails if one of the files is no longer what was mapped.
  package func checkUnchanged() throws(ScaleNetError) {
    for region in self { try region.checkUnchanged() }
  }

  /// Does work on what the files hold. Where it fails because one of them was changed, the error says that, and not what
  /// became of it.
  package func whileUnchanged<Result: ~Copyable>(
    _ body: () throws(ScaleNetError) -> Result
  ) throws(ScaleNetError) -> Result {
    do throws(ScaleNetError) {
      return try body()
    } catch {
      if [.invalidInput, .difference, .internalFailure].contains(error.kind) { try checkUnchanged() }
      throw error
    }
  }
}
