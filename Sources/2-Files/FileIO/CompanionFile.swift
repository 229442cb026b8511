import Glibc

/// Files that another file names, and which must lie beside it.
package enum CompanionFile {
  /// Maps the file of that name in the directory of the file at `path`.
  ///
  /// The name is one without directories, and no link: a file must not make others' files part of itself. Where the file
  /// that names it is a link itself, as caches of downloads have them (Hugging Face's snapshots and blobs), it may be one
  /// too, to a file beside the one that the other link leads to.
  package static func map(_ name: String, beside path: String) throws(ScaleNetError) -> ByteRegion {
    let place = "file '\(name.escapedForMessage)'"
    func failure(_ expected: String, _ found: String) -> ScaleNetError {
      ScaleNetError(path: path, place: place, expected: expected, found: found)
    }
    guard !name.isEmpty, name != ".", name != "..", !name.utf8.contains(0), !name.contains("/"),
      !name.contains("\\")
    else {
      throw failure("the name of a file in the same directory", "a path")
    }
    let target = path[..<(path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex)] + name
    let descriptor = retrying { unsafe open(String(target), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK) }
    if descriptor >= 0 {
      defer { close(descriptor) }
      let region = try ByteRegion.map(path: String(target))
      guard region.fileIdentity == identity(descriptor) else {
        throw failure("a file that stays where it is", "one that was replaced")
      }
      return region
    }
    let code = errno
    if code == ELOOP {
      guard let region = try mapLinked(String(target), beside: path) else {
        throw failure("a file that is no link", "a link that leads elsewhere")
      }
      return region
    }
    throw failure("a file that can be read", code == ENOENT ? "none" : reason(code))
  }

  /// Maps what a link leads to; nil unless the file that names it is a link into the same directory.
  private static func mapLinked(_ link: String, beside path: String) throws(ScaleNetError) -> ByteRegion? {
    var own = stat()
    guard unsafe lstat(path, &own) == 0, own.st_mode & S_IFMT == S_IFLNK, let model = resolved(path),
      let target = resolved(link), directory(of: target) == directory(of: model)
    else { return nil }
    // What is mapped is checked by its name without links, so that a link changed meanwhile leads nowhere else.
    return try ByteRegion.map(path: target)
  }

  private static func identity(_ descriptor: Int32) -> FileIdentity? {
    var information = stat()
    guard unsafe fstat(descriptor, &information) == 0 else { return nil }
    return FileIdentity(device: UInt64(information.st_dev), inode: UInt64(information.st_ino))
  }

  /// A path without links.
  private static func resolved(_ path: String) -> String? {
    guard let resolved = unsafe realpath(path, nil) else { return nil }
    defer { unsafe free(resolved) }
    return unsafe String(cString: resolved)
  }

  private static func directory(of path: String) -> Substring {
    path[..<(path.lastIndex(of: "/") ?? path.startIndex)]
  }
}

/// Directories that inputs stand in.
package enum InputDirectory {
  /// The names of what is in the directory, sorted; nil if there is none at `path`.
  package static func names(in path: String) throws(ScaleNetError) -> [String]? {
    var information = stat()
    guard unsafe stat(path, &information) == 0, information.st_mode & S_IFMT == S_IFDIR else { return nil }
    guard let directory = unsafe opendir(path) else { throw .cannotRead(path: path, reason: reason(errno)) }
    defer { unsafe closedir(directory) }
    var names: [String] = []
    while let entry = unsafe readdir(directory) {
      let name = unsafe withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }
}
