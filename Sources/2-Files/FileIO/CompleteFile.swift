import CFileSystem
import Glibc

/// An output that is written and stored, and lacks its name. Dropping it removes it.
package final class CompleteFile {
  let target: OutputTarget
  private let overwrite: Bool
  private let temporary: Temporary
  private let identity: FileIdentity?
  /// Whether a file of the same bytes that stands at the target already is left as it is.
  private let mayStand: Bool
  private var step = Step.none
  /// The file at the target that was found to have the same bytes.
  private var twin: FileStamp?

  /// What was done to give the file its name, and is undone if another of its set fails.
  private enum Step {
    case none
    /// Nothing stood there.
    case linked
    /// The temporary's name is now that of the file that stood there.
    case exchanged
    /// The file that stood there has a second name.
    case replaced(backup: String, entry: UInt)
    /// The file that stood there is gone: the file system knows no way back.
    case overwritten
    /// The same bytes stand there.
    case stood
  }

  init(_ target: OutputTarget, overwrite: Bool, mayStand: Bool, _ temporary: Temporary) {
    self.target = target
    self.overwrite = overwrite
    self.mayStand = mayStand
    self.temporary = temporary
    identity = temporary.identity
  }

  package var path: String { target.path }

  /// Closes it where many are open.
  func closeIfMany() throws(ScaleNetError) {
    if !target.isStandardOutput { try temporary.closeIfMany() }
  }

  /// Gives all files their names, in this order. If one fails, those before it are undone: what stood there is as it was.
  ///
  /// Several files take their names under a lock of their directory, so that those of two programs do not mix.
  ///
  /// - Parameter before: called under the lock, before the first name is taken; the result is called behind the last, when
  ///   nothing can fail any more.
  package static func commit(
    _ files: [CompleteFile], before: (() -> () -> Void)? = nil
  ) throws(ScaleNetError) {
    // Comparing takes time, in which nobody should wait.
    for file in files where file.mayStand { try file.lookForTwin() }
    // What went to standard output cannot be taken back: it comes last.
    let (streams, files) = (
      files.filter(\.target.isStandardOutput), files.filter { !$0.target.isStandardOutput }
    )
    let lock = files.count > 1 || before != nil ? try DirectoryLock(files.map(\.target)) : nil
    try TemporaryFiles.whileRenaming { () throws(ScaleNetError) in
      let after = before?()
      do throws(ScaleNetError) {
        for file in files { try file.takeName() }
        try DirectoryLock.sync(files.map(\.target))
        for stream in streams { try stream.copyToStandardOutput() }
      } catch {
        throw undo(files, error)
      }
      for file in files { file.settle() }
      after?()
    }
    withExtendedLifetime(lock) {}
  }

  private func copyToStandardOutput() throws(ScaleNetError) {
    let source = temporary.descriptor
    guard lseek(source, 0, SEEK_SET) == 0 else { throw failure("read back") }
    try OutputTarget.checkStandardOutput()
    try StandardStreams.copy(from: source, temporary.readablePath, to: 1, StandardStreams.outputName)
    temporary.removeName()
  }

  private func takeName() throws(ScaleNetError) {
    // What stands there may change between the look and the step; then it is looked at again.
    for _ in 0..<16 {
      let standing = FileIdentity.of(path: target.resolved)
      // What was read since the output was begun is none either.
      if let standing, !mayStand { try FilesRead.checkIsNone(standing, path: path) }
      let isTaken = standing != nil
      if isTaken, mayStand {
        if twin != FileStamp.of(path: target.resolved) { try lookForTwin() }
        if twin != nil {
          step = .stood
          return
        }
      }
      if isTaken, overwrite {
        if try exchange() { return }
      } else if try link() {
        return
      } else if !overwrite, !mayStand {
        throw .exists(path: path)
      }
    }
    if mayStand, !overwrite { throw .exists(path: path) }
    throw .writeFailed(
      path: path, operation: "rename", reason: "other programs keep changing what stands there")
  }

  private func lookForTwin() throws(ScaleNetError) {
    twin = nil
    guard let stamp = FileStamp.of(path: target.resolved) else { return }
    let other: ByteRegion
    do throws(ScaleNetError) {
      other = try ByteRegion.look(at: target.resolved)
    } catch {
      // What can't be read is not known to be the same.
      return
    }
    let ours = try ByteRegion.look(at: temporary.readablePath, origin: path)
    let isSame = ours.withBytes { ours in
      other.withBytes { other in ours.hasSameBytes(as: other)
      }
    }
    try ours.checkIntact()
    if isSame, FileStamp.of(path: target.resolved) == stamp { twin = stamp }
  }

  /// Takes a name that is free; false if it is not.
  private func link() throws(ScaleNetError) -> Bool {
    if temporary.link(to: target.resolved) {
      temporary.removeName()
      step = .linked
      return true
    }
    if errno == EEXIST { return false }
    guard temporary.path != nil, errno == EPERM || errno == EOPNOTSUPP || errno == ENOSYS else {
      throw failure("link")
    }
    // A file system without hard links. A rename that never replaces does the same.
    let name = try temporary.giveName()
    if name.rename(to: target.resolved, flags: file_system_no_replace) {
      temporary.forgetName()
      step = .linked
      return true
    }
    if errno == EEXIST { return false }
    guard errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP else { throw failure("rename") }
    // Without that either: take the name first, then rename over it.
    let reservation = retrying {
      target.resolved.opened(O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode: 0o666)
    }
    guard reservation >= 0 else {
      if errno == EEXIST { return false }
      throw failure("rename")
    }
    close(reservation)
    guard try temporary.giveName().rename(to: target.resolved) else {
      let error = failure("rename")
      target.resolved.removeName()
      throw error
    }
    temporary.forgetName()
    step = .linked
    return true
  }

  /// Takes the name of another file; false if that is gone.
  private func exchange() throws(ScaleNetError) -> Bool {
    if let kind = Self.otherKind(target.resolved) {
      throw .cannotCreate(path: path, reason: "\(kind) stands there")
    }
    let name = try temporary.giveName()
    if Self.exchangeNames(name, target.resolved) {
      // Something else may have come there between the look and the exchange.
      if let kind = Self.otherKind(name), Self.exchangeNames(name, target.resolved) {
        throw .cannotCreate(path: path, reason: "\(kind) stands there")
      }
      step = .exchanged
      return true
    }
    if errno == ENOENT { return false }
    guard errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP else { throw failure("rename") }
    // Without an exchange, a second name keeps what stands there.
    let backup = name + Leftovers.backupEnding
    let entry = TemporaryFiles.add(backup)
    let isKept = target.resolved.link(to: backup)
    guard name.rename(to: target.resolved) else {
      let error = failure("rename")
      if isKept { Leftovers.remove(backup) }
      TemporaryFiles.remove(entry)
      throw error
    }
    temporary.forgetName()
    if isKept {
      step = .replaced(backup: backup, entry: entry)
    } else {
      TemporaryFiles.remove(entry)
      step = .overwritten
    }
    return true
  }

  /// What stands at a path if it is no regular file; nil if it is, or there is nothing.
  private static func otherKind(_ path: String) -> String? {
    guard let information = path.status(followsLinks: false),
      information.st_mode & S_IFMT != S_IFREG
    else { return nil }
    return fileKind(information.st_mode)
  }

  /// Swaps what two names lead to, in one step.
  private static func exchangeNames(_ name: String, _ other: String) -> Bool {
    name.rename(to: other, flags: file_system_exchange)
  }

  /// Puts back what stood at the targets, the last first; the error, with what could not be put back.
  private static func undo(_ files: [CompleteFile], _ error: ScaleNetError) -> ScaleNetError {
    let lost = files.reversed().compactMap { file in file.undo() ? nil : file.path.escapedForMessage }
    guard !lost.isEmpty else { return error }
    return error.adding(
      "replaced already, as this file system knows no way back: \(lost.joined(separator: ", "))")
  }

  private func undo() -> Bool {
    defer { step = .none }
    // Only this file's name is given up, not one that another program has taken over meanwhile.
    let isOurs = identity != nil && identity == FileIdentity.of(path: target.resolved)
    switch step {
    case .none, .stood:
      return true
    case .linked:
      if isOurs { target.resolved.removeName() }
      return true
    case .exchanged:
      guard isOurs, let name = temporary.path else { return true }
      return Self.exchangeNames(name, target.resolved)
    case .replaced(let backup, let entry):
      defer { TemporaryFiles.remove(entry) }
      return !isOurs || backup.rename(to: target.resolved)
    case .overwritten:
      return false
    }
  }

  /// Removes what stood there before.
  private func settle() {
    switch step {
    case .none, .linked, .stood, .overwritten: break
    case .exchanged: temporary.removeName()
    case .replaced(let backup, let entry):
      Leftovers.remove(backup)
      TemporaryFiles.remove(entry)
    }
    step = .none
  }

  private func failure(_ operation: String) -> ScaleNetError {
    .writeFailed(path: path, operation: operation, reason: reason(errno))
  }
}
