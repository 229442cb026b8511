public import FileIO
import Glibc

/// A model and, where its weights lie beside it, their file: both appear complete, or what stood there stays.
///
/// The data file's name holds a hash of its contents, so that a model that stands already never finds other weights
/// under the name that it refers to. The data takes its name first and the model after it; data files that the replaced
/// model alone referred to are removed last.
public struct ONNXOutput: ~Copyable {
  private let writer: ONNXWriter
  private let overwrite: Bool
  private let inputs: [ByteRegion]
  private var model: OutputFile
  private var data: OutputFile?

  /// Creates the temporaries.
  ///
  /// - Parameters:
  ///   - overwrite: whether an existing file may be replaced.
  ///   - inputs: files that are being read, which an output must not be.
  public init(_ writer: ONNXWriter, overwrite: Bool, inputs: [ByteRegion] = []) throws(ScaleNetError) {
    let model = try OutputFile(path: writer.path, overwrite: overwrite, inputs: inputs)
    let data = try Self.createData(writer, overwrite, inputs)
    self.writer = writer
    self.overwrite = overwrite
    self.inputs = inputs
    self.model = model
    self.data = data
    DataFiles(of: writer.path).tellOrphans(but: writer.externalData?.location)
  }

  private static func createData(
    _ writer: ONNXWriter, _ overwrite: Bool, _ inputs: [ByteRegion]
  ) throws(ScaleNetError) -> OutputFile? {
    guard let external = writer.externalData else { return nil }
    if let information = writer.path.status(followsLinks: false),
      information.st_mode & S_IFMT == S_IFLNK
    {
      throw .cannotCreate(
        path: writer.path,
        reason: "a symbolic link stands there, and the weights need a file beside the model")
    }
    let dataPath = DataFiles(of: writer.path).directory + external.location
    // What an interrupted run left behind, or another writes at this moment, is the same file.
    if !overwrite, FileIdentity.of(path: dataPath) != nil, !holds(dataPath, external) {
      throw .exists(path: dataPath)
    }
    return try OutputFile(path: dataPath, overwrite: overwrite, inputs: inputs, mayStand: true)
  }

  /// Writes both files and waits until they are stored. Until `commit()` they stand under no name of theirs.
  ///
  /// - Returns: what was written: the model, and the data under the location that the model refers to, for
  ///   `ONNXReader.Options.externalData`.
  @discardableResult
  public mutating func write() throws(ScaleNetError) -> (model: ByteRegion, data: [String: ByteRegion]) {
    var mapped: [String: ByteRegion] = [:]
    if let external = writer.externalData, data != nil {
      try writer.writeExternalData(to: &data!)
      try data!.finish()
      mapped[external.location] = try data!.map()
    }
    try writer.write(to: &model)
    try model.finish()
    return (try model.map(), mapped)
  }

  /// Gives both files their names.
  public consuming func commit() throws(ScaleNetError) {
    let files = DataFiles(of: writer.path)
    let (location, inputs, overwrite) = (writer.externalData?.location, inputs, overwrite)
    var complete: [CompleteFile] = []
    if let data { complete.append(try data.complete()) }
    complete.append(try model.complete())
    try CompleteFile.commit(
      complete, before: overwrite ? { files.removal(but: location, inputs: inputs) } : nil)
  }

  /// Whether the file at a path has the contents that its name promises.
  private static func holds(_ path: String, _ external: ONNXWriter.ExternalData) -> Bool {
    guard let file = try? ByteRegion.look(at: path), file.count == external.byteCount else { return false }
    var hash = ContentHash()
    file.withBytes { hash.update($0) }
    return external.location.hasSuffix(".\(hash.text).data")
  }
}

/// The data files beside a model, as this writer names them.
struct DataFiles {
  private let path: String
  /// With its final slash; empty for the present one.
  let directory: String
  private let name: String

  init(of path: String) {
    self.path = path
    let parts = path.splitPath
    name = parts.name
    directory = path.utf8.contains(UInt8(ascii: "/")) ? parts.directory : ""
  }

  /// What removes the data files that the model at the path refers to now, if no file that is read is one of them, no other
  /// model in the directory refers to it, and the file is still the one that was looked at.
  func removal(but kept: String?, inputs: [ByteRegion]) -> () -> Void {
    var obsolete = Self.locations(ofModelAt: path).filter { isOwn($0) && $0 != kept }
    if !obsolete.isEmpty { obsolete.subtract(locationsOfOthers()) }
    let files = obsolete.sorted().compactMap { location -> (path: String, identity: FileIdentity)? in
      let path = directory + location
      guard let identity = FileIdentity.of(path: path),
        !inputs.contains(where: { $0.fileIdentity == identity })
      else { return nil }
      return (path, identity)
    }
    return {
      for file in files where FileIdentity.of(path: file.path) == file.identity {
        file.path.removeName()
      }
    }
  }

  /// Tells of data files of this model's name that no model in the directory refers to.
  func tellOrphans(but kept: String?) {
    let found = Leftovers.names(in: directory.isEmpty ? "./" : directory).filter { isOwn($0) && $0 != kept }
    if found.isEmpty { return }
    let referred = Self.locations(ofModelAt: path).union(locationsOfOthers())
    for name in found where !referred.contains(name) && !Leftovers.isInUse(directory + name) {
      Leftovers.tell(directory + name, "weights that no model in the directory refers to")
    }
  }

  /// Whether a name is one that this writer gives to data files of the model.
  private func isOwn(_ location: String) -> Bool {
    guard location.hasPrefix("\(name)."), location.hasSuffix(".data") else { return false }
    let digits = location.utf8.dropFirst(name.utf8.count + 1).dropLast(5)
    return digits.count == 16 && digits.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
  }

  /// What the other models in the directory refer to.
  private func locationsOfOthers() -> Set<String> {
    var locations = Set<String>()
    for other in Leftovers.names(in: directory.isEmpty ? "./" : directory)
    where other != name && other.lowercased().hasSuffix(".onnx") {
      locations.formUnion(Self.locations(ofModelAt: directory + other))
    }
    return locations
  }

  private static func locations(ofModelAt path: String) -> Set<String> {
    // What stands there need not be a model: then there is nothing to say, and nothing that would be removed.
    guard let file = try? ByteRegion.look(at: path), file.count <= ONNXReader.largestFile,
      let message = try? file.withBytes({ (bytes) throws(ScaleNetError) in
        try ModelMessage(bytes, context: ParseContext(path: path, fileSize: file.count))
      })
    else { return [] }
    return Set(
      (message.graph?.initializers ?? []).flatMap(\.externalData).filter { $0.key == "location" }.map(\.value)
    )
  }
}
