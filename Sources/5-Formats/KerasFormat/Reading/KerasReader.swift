public import FileIO
import HDF5
import JSONText
public import ModelIR
import ZipArchive

/// Reads models that Keras 2 and Keras 3 save, `.h5` and `.keras`: Functional and Sequential models of plain layers.
///
/// The configuration is only compared with the names of known layers; nothing that it names is ever resolved or
/// executed. The graph is NCHW with weights as views of the file, whatever the model's data format is; what Keras
/// computes in mixed precision is computed in float32.
public struct KerasReader {
  /// What chunked datasets and compressed members may be put together to, besides the file's size.
  private static let budgetFloor = 128 << 20

  /// Whether `file` is one that `read` can read, or can tell why not: an HDF5 file, or a zip archive with the members of
  /// a `.keras` file.
  public static func recognizes(_ file: ByteRegion) -> Bool {
    if HDF5File.recognizes(file) { return true }
    guard ZipReader.recognizes(file), let archive = try? ZipReader(file) else { return false }
    return archive.member(named: "config.json") != nil && archive.member(named: "model.weights.h5") != nil
  }

  /// What a caller can choose.
  public struct Options: Sendable {
    /// Height and width for images that leave them open; nil refuses such models.
    public var imageSize: (height: Int, width: Int)?
    /// The extents of the arrays that inputs will have, by the names of the inputs; images are NCHW. Open extents become
    /// theirs.
    public var shapes: [String: [Int]]
    /// The same for the only input, whatever it is called.
    public var onlyShape: [Int]?

    /// Nothing chosen.
    public init(
      imageSize: (height: Int, width: Int)? = nil, shapes: [String: [Int]] = [:], onlyShape: [Int]? = nil
    ) {
      self.imageSize = imageSize
      self.shapes = shapes
      self.onlyShape = onlyShape
    }
  }

  /// Reads a model. Tensors of the result are views of `file` where they are stored in one piece.
  ///
  /// Inputs have the names of Keras's input layers, outputs those of the layers that yield them. Inputs of integers are
  /// cast to float32 at once.
  public static func read(
    _ file: ByteRegion, _ options: Options = Options()
  ) throws(ScaleNetError) -> StoredModel {
    let model =
      HDF5File.recognizes(file) ? try readHDF5(file, options) : try readArchive(file, options)
    try file.checkIntact()
    return model
  }

  private static func readHDF5(_ file: ByteRegion, _ options: Options) throws(ScaleNetError) -> StoredModel {
    let parts: (text: String, version: String, metadata: String?, weights: HDF5Group)?
    do throws(ScaleNetError) {
      let root = try HDF5File(file).root()
      let attributes = try root.attributes()
      if let attribute = attributes.first(where: { $0.name == "model_config" }) {
        let version = try attributes.first { $0.name == "keras_version" }?.string() ?? ""
        let metadata = try attributes.first { $0.name == KerasWriter.metadataName }?.string()
        parts = (try attribute.string(), version, metadata, try root.group("model_weights"))
      } else {
        parts = nil
      }
    } catch { throw error.inFile(file.origin) }
    guard let parts else {
      throw .invalidModel(
        path: file.origin, place: "attribute model_config", expected: "the configuration of a model",
        found: "none; a file of weights alone is no model")
    }
    let configuration = try ModelConfiguration(
      Array(parts.text.utf8), version: parts.version, place: "attribute model_config", path: file.origin)
    let weights = try WeightReader.byPosition(
      parts.weights, configuration, path: file.origin, budget: file.count + budgetFloor)
    var model = try GraphAssembler.assemble(configuration, weights, options, path: file.origin)
    if let text = parts.metadata {
      do throws(ScaleNetError) { model.metadata = metadata(try JSONParser.parse(Array(text.utf8))) } catch {
        throw error.within("attribute \(KerasWriter.metadataName)").inFile(file.origin)
      }
    }
    return model
  }

  /// Keys and values that our writer puts beside a model; others of that name are nobody's.
  private static func metadata(_ json: JSON?) -> [(key: String, value: String)] {
    guard case .object(let members)? = json else { return [] }
    return members.compactMap { member in
      if case .string(let value) = member.value { (member.key, value) } else { nil }
    }
  }

  private static func readArchive(_ file: ByteRegion, _ options: Options) throws(ScaleNetError) -> StoredModel
  {
    let path = file.origin
    let contents: [ByteRegion]
    let archive = try ZipReader(file)
    var members: [ZipMember] = []
    for name in ["config.json", "model.weights.h5"] {
      guard let member = archive.member(named: name) else {
        throw .noMember(path: path, member: name)
      }
      members.append(member)
    }
    // It says which version of Keras wrote the file; very old ones do without.
    if let metadata = archive.member(named: "metadata.json") { members.append(metadata) }
    contents = try archive.contents(of: members, budget: file.count + budgetFloor)
    for member in members { try archive.verify(member) }

    func text(_ index: Int) -> [UInt8] {
      contents[index].array()
    }
    var version = ""
    var metadata: [(key: String, value: String)] = []
    if contents.count > 2 {
      do throws(ScaleNetError) {
        let json = try JSONParser.parse(text(2))
        if case .string(let stated)? = json["keras_version"] { version = stated }
        metadata = Self.metadata(json[KerasWriter.metadataName])
      } catch {
        throw error.within("metadata.json").inFile(path)
      }
    }
    let configuration = try ModelConfiguration(text(0), version: version, place: "config.json", path: path)
    let layers: HDF5Group
    do throws(ScaleNetError) {
      let root = try HDF5File(contents[1]).root()
      // Before Keras 2.14 the group had another name.
      layers = try root.group(root.contains("layers") ? "layers" : "_layer_checkpoint_dependencies")
    } catch { throw error.inFile(file.origin) }
    let weights = WeightReader.byClass(
      layers, configuration, path: path, budget: file.count + budgetFloor)
    var model = try GraphAssembler.assemble(configuration, weights, options, path: path)
    model.metadata = metadata
    return model
  }
}
