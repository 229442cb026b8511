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
  private static let lock = Lock()
  nonisolated(unsafe) private static var seen = Set<FileIdentity>()
  nonisolated(unsafe) private static var found: [File] = []

  /// What was found since this was asked the last time.
  package static func take() -> [File] {
    lock.withLock {
      defer { unsafe found = [] }
      return unsafe found
    }
  }

  /// Tells of a file.
  package static func tell(_ path: String, _ what: String) {
    var information = stat()
    guard unsafe path.withPath({ unsafe lstat($0, &information) }) == 0 else { return }
    let file = File(path: path, byteCount: Int(information.st_size), what: what)
    lock.withLock { unsafe found.append(file) }
  }

  static func temporaryName(of name: String, _ suffix: String) -> String {
    "." + String(pathBytes: Array(name.pathBytes.prefix(200))) + "." + suffix + temporaryEnding
  }

  /// Looks for temporaries in a directory that a target is in, once in the life of the process.
  static func look(in directory: String) {
    guard let identity = FileIdentity.of(path: directory) else { return }
    guard lock.withLock({ unsafe seen.insert(identity).inserted }) else { return }
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
    var information = stat()
    guard unsafe path.withPath({ unsafe lstat($0, &information) }) == 0,
      information.st_mode & S_IFMT == S_IFREG, information.st_size == 0
    else { return }
    tell(path, "left by a run that was killed as it took this name; remove it, or give --force")
  }

  /// The names in a directory, in order; none where it can't be read.
  package static func names(in directory: String) -> [String] {
    guard let stream = unsafe directory.withPath({ unsafe opendir($0) }) else { return [] }
    defer { unsafe closedir(stream) }
    var names: [String] = []
    while let entry = unsafe readdir(stream) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(systemPath: $0) }
      }
      names.append(name)
    }
    return names.sorted()
  }

  /// Whether a program that still runs holds the file.
  package static func isInUse(_ path: String) -> Bool {
    let descriptor = unsafe path.withPath {
      unsafe open($0, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
    }
    guard descriptor >= 0 else { return true }
    defer { close(descriptor) }
    return flock(descriptor, LOCK_SH | LOCK_NB) != 0
  }
}
