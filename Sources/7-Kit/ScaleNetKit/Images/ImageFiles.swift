import FileIO
import Glibc
import Images

// Safe: the system writes no more than the buffer's size.

/// Images in folders.
enum ImageFiles {
  /// Endings that make a file an image, those of torchvision and timm among them: what is of another kind than those that
  /// are read is named as such when it is opened.
  static let endings: Set<String> = [
    "jpg", "jpeg", "jpe", "jfif", "png", "ppm", "pgm", "bmp", "tif", "tiff", "webp", "gif",
  ]

  static func isImage(_ name: String) -> Bool {
    guard let dot = name.lastIndex(of: "."), dot > name.startIndex else { return false }
    return endings.contains(name[name.index(after: dot)...].lowercased())
  }

  static func isDirectory(_ path: String) -> Bool {
    path.status().map { $0.st_mode & S_IFMT == S_IFDIR } ?? false
  }

  /// The names in a directory but those that begin with a dot, in the order of their bytes, as Python sorts them.
  static func names(_ path: String) throws(ScaleNetError) -> [String] {
    guard let names = path.directoryNames() else {
      let code = errno
      if code == ENOENT { throw .notFound(path: path) }
      throw .cannotRead(path: path, reason: reason(code))
    }
    return names.filter { !$0.hasPrefix(".") }.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// The images under a directory, with paths relative to it, each folder's in the order of names. Folders that symbolic
  /// links lead to are followed to a depth of 32.
  static func under(_ path: String, depth: Int = 0) throws(ScaleNetError) -> [String] {
    guard depth < 32 else {
      throw .unsupported(
        path: path, operation: "look for images", reason: "folders stand 32 deep within each other")
    }
    var found: [String] = []
    for name in try names(path) {
      let whole = path.hasSuffix("/") ? path + name : "\(path)/\(name)"
      if isDirectory(whole) {
        found += try under(whole, depth: depth + 1).map { "\(name)/\($0)" }
      } else if isImage(name) {
        found.append(name)
      }
    }
    return found
  }

  /// All bytes of standard input.
  static func standardInput(limit: Int = 1 << 30) throws(ScaleNetError) -> ByteRegion {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = unsafe buffer.withUnsafeMutableBytes { unsafe read(0, $0.baseAddress, $0.count) }
      if count < 0 {
        if errno == EINTR { continue }
        throw .cannotRead(path: "standard input", reason: reason(errno))
      }
      if count == 0 { break }
      bytes += buffer[..<count]
      guard bytes.count <= limit else {
        throw .unknownFormat(
          path: "standard input", expected: "an image of at most \(limit) bytes", found: "more")
      }
    }
    return ByteRegion.copying(bytes, origin: "standard input")
  }
}

/// The images that somebody names: files, folders, standard input.
struct ImageList: Sendable {
  /// A path, or `-`.
  let images: [String]

  /// - Throws: if a folder holds no image. Files that are not there are found out when they are opened.
  init(_ arguments: [String]) throws(ScaleNetError) {
    var images: [String] = []
    for argument in arguments {
      if argument != "-", ImageFiles.isDirectory(argument) {
        let found = try ImageFiles.under(argument)
        guard !found.isEmpty else {
          throw .unknownFormat(path: argument, expected: "images in the folder", found: "none")
        }
        images += found.map { argument.hasSuffix("/") ? argument + $0 : "\(argument)/\($0)" }
      } else {
        images.append(argument)
      }
    }
    guard images.count(where: { $0 == "-" }) <= 1 else {
      throw .invalidOption("images", expected: "standard input once", found: "twice")
    }
    self.images = images
  }

  /// The bytes of an image.
  func open(_ index: Int) throws(ScaleNetError) -> ByteRegion {
    images[index] == "-" ? try ImageFiles.standardInput() : try ByteRegion.map(path: images[index])
  }
}
