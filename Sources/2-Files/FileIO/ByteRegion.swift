import Glibc

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
    case mapped(descriptor: Int32, slot: Int)
    case allocated
    case borrowed(ByteRegion)
  }

  private init(origin: String, count: Int, base: UnsafeRawPointer, backing: Backing) {
    self.origin = origin
    self.count = count
    unsafe self.base = unsafe base
    self.backing = backing
  }

  deinit {
    switch backing {
    case .mapped(let descriptor, let slot):
      if count > 0 {
        TruncationGuard.remove(slot: slot)
        unsafe munmap(UnsafeMutableRawPointer(mutating: base), count)
      }
      close(descriptor)
    case .allocated:
      unsafe base.deallocate()
    case .borrowed:
      break
    }
  }

  /// Maps the regular file at `path` for reading.
  public static func map(path: String) throws(ScaleNetError) -> ByteRegion {
    let descriptor = retrying { unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
    guard descriptor >= 0 else {
      let code = errno
      if code == ENOENT || code == ENOTDIR { throw .notFound(path: path) }
      throw .cannotRead(path: path, reason: reason(code))
    }
    var information = stat()
    guard unsafe fstat(descriptor, &information) == 0 else {
      let text = reason(errno)
      close(descriptor)
      throw .cannotRead(path: path, reason: text)
    }
    guard information.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw .notARegularFile(path: path, found: fileKind(information.st_mode))
    }
    let size = Int(information.st_size)
    guard size > 0 else {
      return unsafe ByteRegion(
        origin: path, count: 0, base: UnsafeRawPointer(bitPattern: 16)!,
        backing: .mapped(descriptor: descriptor, slot: 0))
    }
    guard let base = unsafe mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0),
      unsafe base != MAP_FAILED
    else {
      let text = reason(errno)
      close(descriptor)
      throw .cannotRead(path: path, reason: text)
    }
    let slot = unsafe TruncationGuard.add(base: base, count: size)
    return unsafe ByteRegion(
      origin: path, count: size, base: UnsafeRawPointer(base),
      backing: .mapped(descriptor: descriptor, slot: slot))
  }

  /// Memory of `count` bytes, aligned to 64, filled by `initialize` and constant from then on.
  ///
  /// The caller has decided that `count` is reasonable for what is being read.
  public static func allocate<Failure: Error>(
    origin: String, count: Int,
    initialize: (UnsafeMutableRawBufferPointer) throws(Failure) -> Void
  ) throws(Failure) -> ByteRegion {
    precondition(count >= 0)
    let memory = UnsafeMutableRawPointer.allocate(byteCount: max(count, 64), alignment: 64)
    do {
      try unsafe initialize(UnsafeMutableRawBufferPointer(start: memory, count: count))
    } catch {
      unsafe memory.deallocate()
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

  /// Fails if the mapped file has become shorter than it was when it was mapped. What was read is valid only if this
  /// succeeds after the reading.
  public func checkIntact() throws(ScaleNetError) {
    switch backing {
    case .allocated:
      return
    case .borrowed(let owner):
      try owner.checkIntact()
    case .mapped(let descriptor, let slot):
      var information = stat()
      guard unsafe fstat(descriptor, &information) == 0 else {
        throw .cannotRead(path: origin, reason: reason(errno))
      }
      let size = Int(information.st_size)
      if size < count || (count > 0 && TruncationGuard.wasHit(slot: slot)) {
        throw .shortened(path: origin, expected: count, found: size)
      }
    }
  }

  /// The device and inode of the mapped file; nil for memory.
  package var fileIdentity: FileIdentity? {
    switch backing {
    case .allocated: return nil
    case .borrowed(let owner): return owner.fileIdentity
    case .mapped(let descriptor, _):
      var information = stat()
      guard unsafe fstat(descriptor, &information) == 0 else { return nil }
      return FileIdentity(device: UInt64(information.st_dev), inode: UInt64(information.st_ino))
    }
  }
}
