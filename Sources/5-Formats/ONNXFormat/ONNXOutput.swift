public import FileIO
import Glibc

/// A model and, where its weights lie beside it, their file: both appear complete, or what stood there stays.
///
/// The data file's name holds a hash of its contents, so that a model that stands already never finds other weights
/// under the name that it refers to. The data is committed first and the model after it; data files that the replaced
/// model alone referred to are removed last.
public struct ONNXOutput: ~Copyable {
  private let writer: ONNXWriter
  private let overwrite: Bool
  private var model: OutputFile
  private var data: OutputFile?
  private let dataTemporaryPath: String?

  /// Creates the temporaries.
  ///
  /// - Parameters:
  ///   - overwrite: whether an existing file may be replaced.
  ///   - inputs: files that are being read, which an output must not be.
  public init(_ writer: ONNXWriter, overwrite: Bool, inputs: [ByteRegion] = []) throws(ScaleNetError) {
    let model = try Self.create(writer.path, overwrite, inputs)
    var temporaryPath: String?
    let data = try Self.createData(writer, overwrite, inputs, &temporaryPath)
    self.writer = writer
    self.overwrite = overwrite
    self.model = model
    self.data = data
    dataTemporaryPath = temporaryPath
  }

  private static func createData(
    _ writer: ONNXWriter, _ overwrite: Bool, _ inputs: [ByteRegion], _ temporaryPath: inout String?
  ) throws(ScaleNetError) -> OutputFile? {
    guard let external = writer.externalData else { return nil }
    var information = stat()
    if unsafe lstat(writer.path, &information) == 0, information.st_mode & S_IFMT == S_IFLNK {
      throw .cannotCreate(
        path: writer.path,
        reason: "a symbolic link stands there, and the weights need a file beside the model")
    }
    let dataPath = dataPath(writer.path, external.location)
    // What an interrupted run left behind is the same file.
    let output = try create(dataPath, overwrite || holds(dataPath, external), inputs)
    temporaryPath = output.temporaryPath
    return output
  }

  private static func create(
    _ path: String, _ overwrite: Bool, _ inputs: [ByteRegion]
  ) throws(ScaleNetError) -> OutputFile {
    return try OutputFile(path: path, overwrite: overwrite, inputs: inputs)
  }

  /// Writes both files and waits until they are stored. Until `commit()` they stand under their temporary names.
  public mutating func write() throws(ScaleNetError) {
    if data != nil { try writer.writeExternalData(to: &data!) }
    try writer.write(to: &model)
    if data != nil { try data!.finish() }
    try model.finish()

  }

  /// Where the model is until the commit.
  public var temporaryPath: String { model.temporaryPath }

  /// The location that the model refers to, and where its bytes are until the commit; for
  /// `ONNXReader.Options.resolveExternalData`.
  public var temporaryData: (location: String, path: String)? {
    guard let external = writer.externalData, let dataTemporaryPath else { return nil }
    return (external.location, dataTemporaryPath)
  }

  /// Gives both files their names.
  public consuming func commit() throws(ScaleNetError) {
    try Self.commit(writer, overwrite, data: data, model: model)
  }

  private static func commit(
    _ writer: ONNXWriter, _ overwrite: Bool, data: consuming OutputFile?, model: consuming OutputFile
  ) throws(ScaleNetError) {
    let path = writer.path
    let dataPath = writer.externalData.map { Self.dataPath(path, $0.location) }
    var obsolete = overwrite ? ONNXWriter.dataFiles(ofModelAt: path) : []
    if let external = writer.externalData { obsolete.remove(external.location) }
    let hadData = dataPath.map { FileIdentity.of(path: $0) != nil } ?? false
    let identity = FileIdentity.of(path: model.temporaryPath)
    do throws(ScaleNetError) {
      if let data { try data.commit() }
      try model.commit()
    } catch {
      // A model that took its name before the failure needs its data.
      let isInPlace = identity != nil && FileIdentity.of(path: path) == identity
      if let dataPath, !hadData, !isInPlace { unsafe unlink(dataPath) }
      throw error
    }
    for location in obsolete { unsafe unlink(Self.dataPath(path, location)) }
  }

  private static func dataPath(_ path: String, _ location: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return location }
    return String(path[...slash]) + location
  }

  /// Whether the file at a path has the contents that its name promises.
  private static func holds(_ path: String, _ external: ONNXWriter.ExternalData) -> Bool {
    guard let file = try? ByteRegion.map(path: path), file.count == external.byteCount else { return false }
    var hash = ContentHash()
    file.withBytes { hash.update($0) }
    return external.location.hasSuffix(".\(hash.text).data")
  }
}
