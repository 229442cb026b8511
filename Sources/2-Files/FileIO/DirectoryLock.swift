import Glibc

/// The directories of several outputs while they take their names: of two programs, one waits for the other. Where a
/// directory can't be locked nothing is waited for.
final class DirectoryLock {
  private var descriptors: [Int32] = []

  /// Taking names is a matter of milliseconds; a program that holds the lock for longer has been stopped.
  private static let patience = 10.0

  init(_ targets: [OutputTarget]) throws(ScaleNetError) {
    for (_, target) in Self.directories(of: targets) {
      let descriptor = Self.open(target)
      guard descriptor >= 0 else { continue }
      descriptors.append(descriptor)
      let clock = ContinuousClock()
      let end = clock.now + .seconds(Self.patience)
      while flock(descriptor, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK || errno == EINTR {
        guard clock.now < end else {
          throw .writeFailed(
            path: target.path, operation: "lock of the directory",
            reason: "another program has been putting files in place there for \(Int(Self.patience)) seconds")
        }
        usleep(2000)
      }
    }
  }

  deinit {
    for descriptor in descriptors { close(descriptor) }
  }

  /// Waits until the names in the directories of all targets are stored.
  static func sync(_ targets: [OutputTarget]) throws(ScaleNetError) {
    for (_, target) in directories(of: targets) {
      let directory = open(target)
      // A directory that may be written but not read cannot be synced; the file itself is stored.
      guard directory >= 0 else { continue }
      defer { close(directory) }
      if retrying({ fsync(directory) }) != 0, errno != EINVAL, errno != EROFS {
        throw .writeFailed(path: target.path, operation: "fsync of the directory", reason: reason(errno))
      }
    }
  }

  /// One target for each directory, in an order that is the same for all programs, so that none waits for another that
  /// waits for it.
  private static func directories(
    of targets: [OutputTarget]
  ) -> [(key: FileIdentity, value: OutputTarget)] {
    var directories: [FileIdentity: OutputTarget] = [:]
    for target in targets {
      guard let identity = FileIdentity.of(path: target.directory), directories[identity] == nil else {
        continue
      }
      directories[identity] = target
    }
    return directories.sorted { ($0.key.device, $0.key.inode) < ($1.key.device, $1.key.inode) }
  }

  private static func open(_ target: OutputTarget) -> Int32 {
    retrying { target.directory.opened(O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
  }
}
