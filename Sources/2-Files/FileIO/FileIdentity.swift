import CFileSystem
package import Glibc

/// What makes a file the same file under another name.
package struct FileIdentity: Hashable, Sendable {
  package let device: UInt64
  package let inode: UInt64

  package init(device: UInt64, inode: UInt64) {
    self.device = device
    self.inode = inode
  }

  package init(_ information: stat) {
    self.init(device: UInt64(information.st_dev), inode: UInt64(information.st_ino))
  }

  /// The identity of what `path` leads to, through symbolic links; nil if there is nothing.
  package static func of(path: String) -> FileIdentity? {
    path.status().map { FileIdentity($0) }
  }

  static func of(descriptor: Int32) -> FileIdentity? {
    status(of: descriptor).map { FileIdentity($0) }
  }
}

/// What the system says of a file that tells whether somebody has written to it since.
struct FileStamp: Sendable, Equatable {
  let identity: FileIdentity
  let size: Int
  /// When the contents, and when anything of the file, was changed; in nanoseconds.
  let contentTime: Int
  let statusTime: Int
  /// How many names the file has.
  let linkCount: UInt64

  init(_ information: stat) {
    identity = FileIdentity(information)
    size = Int(information.st_size)
    contentTime = Self.nanoseconds(information.st_mtim)
    statusTime = Self.nanoseconds(information.st_ctim)
    linkCount = UInt64(information.st_nlink)
  }

  /// Of what `path` leads to; nil if there is nothing.
  static func of(path: String) -> FileStamp? {
    path.status().map { FileStamp($0) }
  }

  private static func nanoseconds(_ time: timespec) -> Int {
    // No time of a file system is out of range; one that would be wraps, and still differs from another.
    Int(time.tv_sec) &* 1_000_000_000 &+ Int(time.tv_nsec)
  }

  /// What has become of the file since; nil if nobody has written to it.
  func change(to now: FileStamp) -> String? {
    if now.size != size { return "it had \(size) bytes and has \(now.size)" }
    if now.contentTime != contentTime {
      return "it was written to at \(Self.text(now.contentTime)), and before at \(Self.text(contentTime))"
    }
    // A further name, or one less, changes the time of the status and nothing of the contents. Everything else may be a
    // program that wrote and put the time of the contents back, as `cp -p` does.
    if now.statusTime != statusTime, now.linkCount == linkCount {
      return "its status changed at \(Self.text(now.statusTime)), and before at \(Self.text(statusTime))"
    }
    return nil
  }

  /// Waits until another change of the file would show in its times.
  ///
  /// That is some milliseconds after a file was written, until the clock that files are stamped with has left that moment.
  /// And a call that writes much stamps the file once, as it begins: while a program has just begun to write, it is waited
  /// for, a second at most.
  static func wait(for descriptor: Int32, _ information: inout stat) {
    for _ in 0..<20 {
      guard let now = coarseTime() else { return }
      if nanoseconds(now) > nanoseconds(information.st_ctim) { break }
      usleep(1000)
    }
    information = status(of: descriptor) ?? information
    // The times are asked for first: who opens the file behind that changes them.
    for _ in 0..<100 {
      guard let now = coarseTime(), nanoseconds(now) &- nanoseconds(information.st_ctim) < 1_000_000_000,
        file_system_is_being_written(descriptor) != 0
      else { return }
      usleep(10_000)
      information = status(of: descriptor) ?? information
    }
  }

  /// `14:52:10.123456789` in UTC.
  private static func text(_ time: Int) -> String {
    let nanosecond = time % 1_000_000_000
    let second = time / 1_000_000_000 % 86_400
    func digits(_ value: Int, _ count: Int) -> String {
      let text = String(abs(value))
      return String(repeating: "0", count: max(0, count - text.count)) + text
    }
    return digits(second / 3600, 2) + ":" + digits(second / 60 % 60, 2) + ":" + digits(second % 60, 2) + "."
      + digits(nanosecond, 9) + " UTC"
  }
}
