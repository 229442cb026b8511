import Glibc

// Safe: buffers and C strings live as long as the calls that they are made for, and calls get no more than their
// sizes.

/// Standard input and output in the place of files, as `-` stands for them.
package enum StandardStreams {
  /// What stands for them in the place of a path.
  package static let path = "-"
  /// What messages call the input, and the output.
  package static let inputName = "standard input"
  static let outputName = "standard output"

  private static let input = Locked<ByteRegion?>(nil)

  /// Whether standard output is a terminal, which bytes of a model must not go to.
  static var outputIsTerminal: Bool { isatty(1) == 1 }

  /// The regular file that standard output goes to; nil for anything else.
  static var outputFile: FileIdentity? {
    guard let information = status(of: 1), information.st_mode & S_IFMT == S_IFREG else { return nil }
    return FileIdentity(information)
  }

  /// All of standard input: the file that it is redirected from, or a copy of what came through a pipe. It can be asked for
  /// again.
  package static func region() throws(ScaleNetError) -> ByteRegion {
    try input.withLock { (input) throws(ScaleNetError) in
      if let known = input { return known }
      let region = try read()
      input = region
      return region
    }
  }

  private static func read() throws(ScaleNetError) -> ByteRegion {
    if isatty(0) == 1 {
      throw ScaleNetError(
        .noInput, path: inputName, expected: "a file or a pipe (< model.pth)", found: "a terminal")
    }
    if let information = status(of: 0), information.st_mode & S_IFMT == S_IFREG {
      let whole = try ByteRegion.map(path: "/dev/stdin")
      return whole.slice(0..<whole.count, origin: inputName)
    }
    // A file on disk, which nobody else sees: models are larger than what should be kept in memory twice.
    var template = Array("\(temporaryDirectory)/scalenet-input.XXXXXX".utf8CString)
    let descriptor = unsafe template.withUnsafeMutableBufferPointer { unsafe mkstemp($0.baseAddress!) }
    let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    guard descriptor >= 0 else {
      throw .cannotCreate(path: path, reason: "\(inputName) cannot be stored: \(reason(errno))")
    }
    let entry = TemporaryFiles.add(path)
    defer {
      close(descriptor)
      path.removeName()
      TemporaryFiles.remove(entry)
    }
    try copy(from: 0, inputName, to: descriptor, path)
    return try ByteRegion.map(descriptor: descriptor, path: nil, origin: inputName)
  }

  /// Where temporaries go that have no place beside a target.
  static var temporaryDirectory: String {
    guard let value = unsafe getenv("TMPDIR") else { return "/tmp" }
    let path = unsafe String(cString: value)
    return path.isEmpty ? "/tmp" : path
  }

  /// Copies bytes from one descriptor to another until there are no more.
  static func copy(
    from source: Int32, _ sourceName: String, to target: Int32, _ targetName: String
  ) throws(ScaleNetError) {
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    while true {
      let count = unsafe buffer.withUnsafeMutableBytes { bytes in
        retrying { unsafe Glibc.read(source, bytes.baseAddress!, bytes.count) }
      }
      if count == 0 { return }
      if count < 0 {
        throw ScaleNetError(.inputOutput, path: sourceName, reason: "read failed: \(reason(errno))")
      }
      var offset = 0
      while offset < count {
        let written = unsafe buffer.withUnsafeBytes { bytes in
          retrying { unsafe Glibc.write(target, bytes.baseAddress! + offset, count - offset) }
        }
        if written <= 0 { throw .writeFailed(path: targetName, operation: "write", reason: reason(errno)) }
        offset += written
      }
    }
  }
}
