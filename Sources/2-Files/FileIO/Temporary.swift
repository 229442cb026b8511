import Glibc
import Synchronization

/// The bytes of an output before it has its name: a file without any name where the file system can have one, so that
/// nothing is left of it whatever happens to the process; elsewhere one that begins with a dot and ends in `.tmp`.
///
/// While its descriptor is open it is locked, which tells the temporaries of running programs from those that were left.
final class Temporary {
  private let target: OutputTarget
  private(set) var descriptor: Int32
  /// The path in the target's directory; nil while the file has no name.
  private(set) var path: String?
  private var signalEntry: UInt = 0

  /// As many files as one program keeps open without a name; further ones get a name and are closed.
  private static let mostOpen = 128
  private static let openCount = Atomic<Int>(0)

  init(_ target: OutputTarget) throws(ScaleNetError) {
    self.target = target
    descriptor = -1
    if Self.hasDescriptorPaths {
      descriptor = retrying {
        target.directory.opened(O_RDWR | Self.withoutName | O_CLOEXEC, mode: 0o666)
      }
    }
    if descriptor < 0 { try openNamed() }
    Self.openCount.add(1, ordering: .relaxed)
    // Where files can't be locked, a temporary of this program may be told of as one that was left.
    _ = flock(descriptor, LOCK_EX | LOCK_NB)
    if let mode = target.mode { _ = fchmod(descriptor, mode) }
  }

  deinit {
    closeDescriptor()
    removeName()
  }

  /// O_TMPFILE, a macro that Swift does not see: a bit of its own beside O_DIRECTORY. Old systems take it for O_DIRECTORY
  /// alone and fail, as a directory can't be written.
  private static let withoutName: Int32 = 0o20_000_000 | O_DIRECTORY

  /// Whether a descriptor can be given a name through `/proc`.
  private static let hasDescriptorPaths: Bool = "/proc/self/fd".isAccessible(X_OK)

  private func openNamed() throws(ScaleNetError) {
    for _ in 0..<16 {
      let candidate = newName()
      // Known before it exists: a signal between the two leaves nothing behind.
      let entry = TemporaryFiles.add(candidate)
      descriptor = retrying {
        candidate.opened(O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode: 0o666)
      }
      if descriptor >= 0 {
        path = candidate
        signalEntry = entry
        return
      }
      let code = errno
      TemporaryFiles.remove(entry)
      if code != EEXIST { throw .cannotCreate(path: target.path, reason: reason(code)) }
    }
    throw .cannotCreate(path: target.path, reason: "no free name for a temporary")
  }

  private func newName() -> String {
    var generator = SystemRandomNumberGenerator()
    let suffix = String(UInt64.random(in: 0...UInt64.max, using: &generator), radix: 36)
    return target.directory + Leftovers.temporaryName(of: target.name, suffix)
  }

  /// The path under which this process can open the file.
  var readablePath: String { path ?? "/proc/self/fd/\(descriptor)" }

  /// Gives the file a name of its own, for an exchange.
  func giveName() throws(ScaleNetError) -> String {
    if let path { return path }
    for _ in 0..<16 {
      let candidate = newName()
      let entry = TemporaryFiles.add(candidate)
      if link(to: candidate) {
        path = candidate
        signalEntry = entry
        return candidate
      }
      let code = errno
      TemporaryFiles.remove(entry)
      if code != EEXIST { throw .writeFailed(path: target.path, operation: "link", reason: reason(code)) }
    }
    throw .cannotCreate(path: target.path, reason: "no free name for a temporary")
  }

  /// Gives the file one more name, which must be free; false and `errno` on failure.
  func link(to name: String) -> Bool {
    readablePath.link(to: name, followsLinks: path == nil)
  }

  /// The name is the file's no more: it was renamed.
  func forgetName() {
    path = nil
    TemporaryFiles.remove(signalEntry)
    signalEntry = 0
  }

  /// Removes the name; it may be another file's by now, which was exchanged for this one.
  func removeName() {
    guard let path else { return }
    Leftovers.remove(path)
    forgetName()
  }

  /// Closes the descriptor where many are open, so that a set of files can be larger than the number that a process may
  /// open.
  func closeIfMany() throws(ScaleNetError) {
    guard Self.openCount.load(ordering: .relaxed) > Self.mostOpen else { return }
    _ = try giveName()
    closeDescriptor()
  }

  private func closeDescriptor() {
    guard descriptor >= 0 else { return }
    // Everything is stored already, or not wanted: there is nothing that a failure could tell.
    close(descriptor)
    descriptor = -1
    Self.openCount.subtract(1, ordering: .relaxed)
  }

  var identity: FileIdentity? {
    descriptor >= 0 ? FileIdentity.of(descriptor: descriptor) : path.flatMap { FileIdentity.of(path: $0) }
  }
}
