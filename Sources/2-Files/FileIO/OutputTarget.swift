import Glibc

/// Where an output will stand: looked up, and compared with what must stay.
struct OutputTarget {
  /// As the user gave it.
  let path: String
  /// Behind symbolic links.
  let resolved: String
  /// With its final slash.
  let directory: String
  let name: String
  /// The mode of the file that stands there; nil if none does.
  let mode: mode_t?
  /// The file that stands there.
  let identity: FileIdentity?
  /// Whether it is standard output: the bytes are gathered in a temporary of their own, and copied there at the end.
  let isStandardOutput: Bool
  private let directoryIdentity: FileIdentity?

  /// - Parameters:
  ///   - overwrite: whether an existing regular file may be replaced.
  ///   - inputs: files that are being read; a target that is one of them, by whatever name, is refused.
  ///   - isText: whether the bytes may go to a terminal.
  init(
    path: String, overwrite: Bool, inputs: [ByteRegion], isText: Bool = false
  ) throws(ScaleNetError) {
    self.path = path
    isStandardOutput = path == StandardStreams.path
    if isStandardOutput, !isText, StandardStreams.outputIsTerminal {
      throw .cannotCreate(
        path: StandardStreams.outputName, reason: "it is a terminal, and the bytes are no text")
    }
    // Of a command that writes files, its report goes there.
    try Self.checkStandardOutput(isStandardOutput ? inputs : [])
    resolved =
      isStandardOutput ? "\(StandardStreams.temporaryDirectory)/scalenet-output" : try Self.resolve(path)
    (directory, name) = resolved.splitPath
    directoryIdentity = FileIdentity.of(path: directory)
    guard !isStandardOutput, let information = resolved.status(followsLinks: false) else {
      mode = nil
      identity = nil
      return
    }
    let found = FileIdentity(information)
    if let input = inputs.first(where: { $0.fileIdentity == found }) {
      throw .outputIsInput(path: path, input: input.origin)
    }
    try FilesRead.checkIsNone(found, path: path)
    // What went there would be lost with the file that stands there.
    if found == StandardStreams.outputFile {
      throw .outputIsOutput(path: path, other: StandardStreams.outputName)
    }
    guard information.st_mode & S_IFMT == S_IFREG else {
      throw .cannotCreate(path: path, reason: "\(fileKind(information.st_mode)) stands there")
    }
    if !overwrite {
      // It may be what a killed run has left.
      Leftovers.look(in: directory)
      throw .exists(path: path)
    }
    mode = information.st_mode & 0o777
    identity = found
  }

  /// Fails if standard output goes to a file that is or was read.
  static func checkStandardOutput(_ inputs: [ByteRegion] = []) throws(ScaleNetError) {
    guard let file = StandardStreams.outputFile else { return }
    if let input = inputs.first(where: { $0.fileIdentity == file }) {
      throw .outputIsInput(path: StandardStreams.outputName, input: input.origin)
    }
    try FilesRead.checkIsNone(file, path: StandardStreams.outputName)
  }

  /// Fails if the two are one file, or one name.
  func checkDistinct(from other: OutputTarget) throws(ScaleNetError) {
    let isOneFile = identity != nil && identity == other.identity
    // Names that differ in their case only may be one name, and two outputs that do are seldom meant.
    let isOneName =
      directoryIdentity != nil && directoryIdentity == other.directoryIdentity
      && (name.pathBytes == other.name.pathBytes)
    if isOneFile || isOneName { throw .outputIsOutput(path: path, other: other.path) }
  }

  /// The path behind symbolic links.
  private static func resolve(_ path: String) throws(ScaleNetError) -> String {
    guard !path.isEmpty else { throw .cannotCreate(path: path, reason: "the path is empty") }
    guard let information = path.status(followsLinks: false) else {
      let code = errno
      guard code == ENOENT || code == ENOTDIR || code == EACCES else {
        throw .cannotCreate(path: path, reason: reason(code))
      }
      if path.utf8.last == UInt8(ascii: "/") { throw .cannotCreate(path: path, reason: "no such directory") }
      return path
    }
    guard information.st_mode & S_IFMT == S_IFLNK else { return path }
    guard let resolved = path.withoutLinks else {
      throw .cannotCreate(path: path, reason: "a symbolic link that leads nowhere: \(reason(errno))")
    }
    return resolved
  }
}
