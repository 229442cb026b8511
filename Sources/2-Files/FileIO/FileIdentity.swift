import Glibc

/// What makes a file the same file under another name.
package struct FileIdentity: Hashable, Sendable {
  package let device: UInt64
  package let inode: UInt64

  package init(device: UInt64, inode: UInt64) {
    self.device = device
    self.inode = inode
  }

  /// The identity of what `path` leads to, through symbolic links; nil if there is nothing.
  package static func of(path: String) -> FileIdentity? {
    var information = stat()
    guard unsafe stat(path, &information) == 0 else { return nil }
    return FileIdentity(device: UInt64(information.st_dev), inode: UInt64(information.st_ino))
  }
}
