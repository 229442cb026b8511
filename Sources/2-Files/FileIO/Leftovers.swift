import Glibc

/// What runs have left that were killed, in the directories that outputs go to. It is told, and never removed: a run
/// deletes only what it made.
package enum Leftovers {
  /// A file that nobody needs any more.
  package struct File: Sendable {
    package let path: String
    package let byteCount: Int
    /// A sentence without a full stop.
    package let what: String
  }

  private static let temporaryEnding = ".scalenet.tmp"
  static let backupEnding = ".old"
  private static let seen = Locked(Set<FileIdentity>())
  private static let found = Locked([File]())

  /// What was found since this was asked the last time.
  package static func take() -> [File] {
    found.withLock { found in
      defer { found = [] }
      return found
    }
  }

  /// Tells of a file.
  package static func tell(_ path: String, _ what: String) {
    guard let information = path.status(followsLinks: false) else { return }
    let file = File(path: path, byteCount: Int(information.st_size), what: what)
    found.withLock { $0.append(file) }
  }

  /// Removes a file of this run; it is told of if the system doesn't do it.
  static func remove(_ path: String) {
    if path.removeName() { return }
    let code = errno
    if code != ENOENT { tell(path, "could not be removed (\(reason(code))); nothing needs it") }
  }

  static func temporaryName(of name: String, _ suffix: String) -> String {
    "." + String(pathBytes: Array(name.pathBytes.prefix(200))) + "." + suffix + temporaryEnding
  }

  /// Looks for temporaries in a directory that a target is in, once in the life of the process.
  static func look(in directory: String) {
    guard let identity = FileIdentity.of(path: directory) else { return }
    guard seen.withLock({ $0.insert(identity).inserted }) else { return }
    for name in names(in: directory) {
      guard name.hasPrefix("."),
        name.hasSuffix(temporaryEnding) || name.hasSuffix(temporaryEnding + backupEnding)
      else { continue }
      let path = directory + name
      if isInUse(path) { continue }
      tell(path, "left by a run that was killed; nothing needs it")
      tellOfReservation(for: name, in: directory)
    }
  }

  /// Tells of an empty file at the name that a temporary was for: where a file system has neither hard links nor a rename
  /// that never replaces, a name is taken so before the temporary is renamed to it.
  private static func tellOfReservation(for temporary: String, in directory: String) {
    let parts = temporary.dropFirst().split(separator: ".", omittingEmptySubsequences: false)
    // The name, a random part, and `.scalenet.tmp`.
    guard temporary.hasSuffix(temporaryEnding), parts.count > 3 else { return }
    let path = directory + parts.dropLast(3).joined(separator: ".")
    guard let information = path.status(followsLinks: false),
      information.st_mode & S_IFMT == S_IFREG, information.st_size == 0
    else { return }
    tell(path, "left by a run that was killed as it took this name; remove it, or give --force")
  }

  /// The names in a directory, in order; none where it can't be read.
  package static func names(in directory: String) -> [String] {
    (directory.directoryNames() ?? []).sorted()
  }

  /// Whether a program that still runs holds the file.
  package static func isInUse(_ path: String) -> Bool {
    let descriptor = path.opened(O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { return true }
    defer { close(descriptor) }
    return flock(descriptor, LOCK_SH | LOCK_NB) != 0
  }
}
