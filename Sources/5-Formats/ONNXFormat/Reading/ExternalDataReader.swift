import FileIO
import Glibc

/// Opens the files that initializers refer to. Only regular files inside the model's directory are opened, and none
/// through a symbolic link or under a second name, so that a model cannot make others' files part of itself.
///
/// Where the model itself is a link, as caches of downloads have them (Hugging Face's snapshots and blobs), its data may
/// be one too, to a file beside the one that the model's link leads to.
///
/// Source of the keys: onnx.ai/onnx/repo-docs/ExternalData.html.
final class ExternalDataReader {
  private let path: String
  /// By the bytes of their locations: text that looks alike can be different names.
  private var regions: [[UInt8]: ByteRegion] = [:]
  /// The files that were opened, in the order in which they were asked for.
  private(set) var files: [ByteRegion] = []

  /// - Parameter known: files that stand for locations, whatever the rules above.
  init(path: String, known: [String: ByteRegion] = [:]) {
    self.path = path
    for (location, region) in known { regions[Array(location.utf8)] = region }
  }

  /// The bytes that the entries of a tensor name.
  func region(
    _ entries: [(key: String, value: String)], byteCount: Int, tensor: String
  ) throws(ScaleNetError) -> ByteRegion {
    func failure(_ place: String, _ expected: String, _ found: String) -> ScaleNetError {
      .invalidTensor(path: path, tensor: tensor, place: place, expected: expected, found: found)
    }
    func number(_ key: String, _ value: String) throws(ScaleNetError) -> Int {
      guard !value.isEmpty, value.utf8.allSatisfy({ (48...57).contains($0) }), let number = Int(value) else {
        throw failure("external_data \(key)", "a number of bytes", "\"\(value)\"")
      }
      return number
    }
    var location: String?
    var offset = 0
    var length: Int?
    var keys = Set<String>()
    for (key, value) in entries {
      guard keys.insert(key).inserted else { throw failure("external_data", "\(key) once", "a second one") }
      switch key {
      case "location": location = value
      case "offset": offset = try number(key, value)
      case "length": length = try number(key, value)
      // An optional SHA-1 of the whole file, which readers may leave alone.
      case "checksum": break
      default: throw failure("external_data", "location, offset, length or checksum", "\"\(key)\"")
      }
    }
    guard let location else { throw failure("external_data", "a location", "none") }
    let file = try open(location, failure)
    let available = max(file.count - offset, 0)
    guard offset <= file.count, byteCount <= available else {
      throw failure(
        "external_data", "\(byteCount) bytes at offset \(offset) of \(location)",
        "a file of \(file.count) bytes")
    }
    if let length, length != byteCount {
      throw failure("external_data length", "\(byteCount)", "\(length)")
    }
    return file.slice(offset..<offset + byteCount)
  }

  private func open(
    _ location: String, _ failure: (String, String, String) -> ScaleNetError
  ) throws(ScaleNetError) -> ByteRegion {
    if let region = regions[Array(location.utf8)] { return region }
    let region = try openContained(location, failure)
    regions[Array(location.utf8)] = region
    files.append(region)
    return region
  }

  /// Opens a file below the model's directory, one component after the other.
  private func openContained(
    _ location: String, _ failure: (String, String, String) -> ScaleNetError
  ) throws(ScaleNetError) -> ByteRegion {
    let place = "external_data location"
    // Bytes, as the system has it: a mark that combines with a slash leaves it one.
    let stated = location.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
      .map { String(Substring($0)) }
    // "./e.data" is e.data.
    let components = stated.first == "." ? Array(stated.dropFirst()) : stated
    let isPlain = components.allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." }
    guard isPlain, !components.isEmpty, !location.utf8.contains(0),
      !location.utf8.contains(UInt8(ascii: "\\"))
    else {
      throw failure(place, "a relative path below the model's directory", "\"\(location)\"")
    }
    let slash = path.utf8.lastIndex(of: UInt8(ascii: "/"))
    let directory = slash.map { String(path[...$0]) } ?? "./"
    var descriptor = directory.opened(O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure(place, "a readable directory \(directory)", reason(errno)) }
    defer { close(descriptor) }
    for (index, component) in components.enumerated() {
      let isLast = index == components.count - 1
      let flags = O_RDONLY | O_NOFOLLOW | O_CLOEXEC | (isLast ? O_NONBLOCK : O_DIRECTORY)
      let next = component.opened(flags, in: descriptor)
      guard next >= 0 else {
        let code = errno
        // That there is no room for one more open file tells nothing of this one.
        if [EMFILE, ENFILE, ENOMEM].contains(code) {
          throw .cannotRead(path: directory + location, reason: reason(code))
        }
        if code == ELOOP, isLast, let linked = try openLinked(directory + location) {
          return linked
        }
        let expected = "a regular file reached without symbolic links at \"\(location)\""
        throw failure(place, expected, reason(code))
      }
      close(descriptor)
      descriptor = next
    }
    guard let information = status(of: descriptor) else { throw failure(place, "a file", reason(errno)) }
    guard information.st_mode & S_IFMT == S_IFREG else {
      throw failure(place, "a regular file", "\"\(location)\", which is none")
    }
    guard information.st_nlink == 1 else {
      throw failure(
        place, "a file of one name", "\"\(location)\", which has \(information.st_nlink) hard links")
    }
    let region: ByteRegion
    region = try .map(path: directory + location)
    // Nobody has put another file there since the checks.
    let identity = FileIdentity(information)
    guard region.fileIdentity == identity else {
      throw failure(place, "a file that stays where it is", "\"\(location)\", which was replaced")
    }
    return region
  }

  /// Opens a link to a file beside the one that the model's own link leads to; nil if the model is no link, or the file
  /// lies elsewhere. What was opened is checked, not what a name led to before.
  private func openLinked(_ linkPath: String) throws(ScaleNetError) -> ByteRegion? {
    guard let own = path.status(followsLinks: false), own.st_mode & S_IFMT == S_IFLNK,
      let model = path.withoutLinks
    else {
      return nil
    }
    let descriptor = linkPath.opened(O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    guard let information = status(of: descriptor), information.st_mode & S_IFMT == S_IFREG,
      information.st_nlink == 1, let target = "/proc/self/fd/\(descriptor)".withoutLinks,
      target.splitPath.directory == model.splitPath.directory
    else { return nil }
    let region = try ByteRegion.map(path: target)
    let identity = FileIdentity(information)
    return region.fileIdentity == identity ? region : nil
  }
}
