import Glibc

/// A directory that outputs go to.
package enum OutputDirectory {
  /// Makes the directory if nothing stands at `path`; its parent must exist. Whether it was made.
  ///
  /// What stands there must be a directory, or a symbolic link to one.
  package static func create(_ path: String) throws(ScaleNetError) -> Bool {
    guard !path.isEmpty else { throw .cannotCreate(path: path, reason: "the path is empty") }
    if path.makeDirectory() { return true }
    let code = errno
    guard code == EEXIST else { throw .cannotCreate(path: path, reason: reason(code)) }
    guard let information = path.status() else {
      throw .cannotCreate(path: path, reason: reason(errno))
    }
    guard information.st_mode & S_IFMT == S_IFDIR else {
      throw .cannotCreate(path: path, reason: "expected a directory, found another kind of file")
    }
    return false
  }

  /// Removes a directory that was made in vain, unless something is in it by now.
  package static func removeIfEmpty(_ path: String) {
    path.removeDirectory()
  }
}
