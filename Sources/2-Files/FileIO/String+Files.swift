import CFileSystem
package import Glibc

/// What the system does with a path. As there, a failure is nil, false or below zero, and `errno` says why.
// Safe: the C string lives as long as the call that it is made for, and what the system gives is copied and freed.
extension String {
  /// What stands at the path; links are followed unless it is said otherwise.
  package func status(followsLinks: Bool = true) -> stat? {
    var information = stat()
    let result = unsafe withPath { path in
      unsafe followsLinks ? stat(path, &information) : lstat(path, &information)
    }
    return result == 0 ? information : nil
  }

  /// Whether the system lets this process do that: `R_OK`, `W_OK` or `X_OK`.
  func isAccessible(_ mode: Int32) -> Bool {
    unsafe withPath { unsafe access($0, mode) == 0 }
  }

  /// A descriptor of the file, or a number below zero.
  package func opened(_ flags: Int32, mode: mode_t = 0) -> Int32 {
    unsafe withPath { unsafe open($0, flags, mode) }
  }

  /// The same for a path that begins in an open directory.
  package func opened(_ flags: Int32, in directory: Int32) -> Int32 {
    unsafe withPath { unsafe openat(directory, $0, flags) }
  }

  /// The absolute path without symbolic links.
  package var withoutLinks: String? {
    guard let resolved = unsafe withPath({ unsafe realpath($0, nil) }) else { return nil }
    defer { unsafe free(resolved) }
    return unsafe String(systemPath: resolved)
  }

  /// Removes the name.
  @discardableResult
  package func removeName() -> Bool {
    unsafe withPath { unsafe unlink($0) == 0 }
  }

  /// Makes a directory.
  func makeDirectory() -> Bool {
    unsafe withPath { unsafe mkdir($0, 0o777) == 0 }
  }

  /// Removes a directory that is empty.
  @discardableResult
  func removeDirectory() -> Bool {
    unsafe withPath { unsafe rmdir($0) == 0 }
  }

  /// Gives the file one more name, which must be free.
  ///
  /// - Parameter followsLinks: whether what a link leads to gets the name, and not the link.
  func link(to name: String, followsLinks: Bool = false) -> Bool {
    unsafe withPath { path in
      unsafe name.withPath { name in
        unsafe linkat(AT_FDCWD, path, AT_FDCWD, name, followsLinks ? AT_SYMLINK_FOLLOW : 0) == 0
      }
    }
  }

  /// Gives the file another name, which may be that of a file that then loses it.
  func rename(to name: String) -> Bool {
    unsafe withPath { path in unsafe name.withPath { unsafe Glibc.rename(path, $0) == 0 } }
  }

  /// The same with a flag of renameat2: `file_system_exchange` or `file_system_no_replace`.
  func rename(to name: String, flags: UInt32) -> Bool {
    unsafe withPath { path in
      unsafe name.withPath { unsafe renameat2(AT_FDCWD, path, AT_FDCWD, $0, flags) == 0 }
    }
  }

  /// The names in the directory of this path, without `.` and `..`; nil, with `errno`, if it cannot be read to its end.
  package func directoryNames() -> [String]? {
    guard let stream = unsafe withPath({ unsafe opendir($0) }) else { return nil }
    var names: [String] = []
    while true {
      errno = 0
      guard let entry = unsafe readdir(stream) else { break }
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) {
          unsafe String(systemPath: $0)
        }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    let code = errno
    unsafe closedir(stream)
    errno = code
    return code == 0 ? names : nil
  }
}

/// What is known of an open file.
package func status(of descriptor: Int32) -> stat? {
  var information = stat()
  return unsafe fstat(descriptor, &information) == 0 ? information : nil
}
