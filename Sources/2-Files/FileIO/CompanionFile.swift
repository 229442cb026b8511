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
    guard !name.isEmpty, name != ".", name != "..", !name.utf8.contains(0),
      !name.utf8.contains(UInt8(ascii: "/")), !name.utf8.contains(UInt8(ascii: "\\"))
    else {
      throw failure("the name of a file in the same directory", "a path")
    }
    // Bytes, as the system has it: a mark that combines with a slash leaves it one.
    let slash = path.utf8.lastIndex(of: UInt8(ascii: "/"))
    let target = String(slash.map { path[...$0] } ?? "") + name
    let descriptor = retrying {
      target.opened(O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
    }
    if descriptor >= 0 {
      defer { close(descriptor) }
      let region = try ByteRegion.map(path: target)
      guard region.fileIdentity == FileIdentity.of(descriptor: descriptor) else {
        throw failure("a file that stays where it is", "one that was replaced")
      }
      return region
    }
    let code = errno
    if code == ELOOP {
      guard let region = try mapLinked(target, beside: path) else {
        throw failure("a file that is no link", "a link that leads elsewhere")
      }
      return region
    }
    throw failure("a file that can be read", code == ENOENT ? "none" : reason(code))
  }

  /// Maps what a link leads to; nil unless the file that names it is a link into the same directory.
  private static func mapLinked(_ link: String, beside path: String) throws(ScaleNetError) -> ByteRegion? {
    guard let own = path.status(followsLinks: false), own.st_mode & S_IFMT == S_IFLNK,
      let model = path.withoutLinks,
      let target = link.withoutLinks,
      target.splitPath.directory == model.splitPath.directory
    else { return nil }
    // What is mapped is checked by its name without links, so that a link changed meanwhile leads nowhere else.
    return try ByteRegion.map(path: target)
  }
}

/// Directories that inputs stand in.
package enum InputDirectory {
  /// The names of what is in the directory, sorted; nil if there is none at `path`.
  package static func names(in path: String) throws(ScaleNetError) -> [String]? {
    guard let information = path.status(), information.st_mode & S_IFMT == S_IFDIR else { return nil }
    guard let names = path.directoryNames() else { throw .cannotRead(path: path, reason: reason(errno)) }
    return names.sorted()
  }
}
