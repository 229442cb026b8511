import FileIO
import HDF5
import JSONText
import ZipArchive

/// What a file of a model consists of, before anything of it is understood.
struct KerasParts {
  /// The configuration of the model, JSON, and where in the file it stands.
  let configuration: [UInt8]
  let place: String
  /// The version of Keras that wrote the file; empty where it does not say.
  let version: String
  /// Keys and values that our writer puts beside a model.
  let metadata: [(key: String, value: String)]
  /// The groups of the layers' weights.
  let weights: HDF5Group
  /// Whether weights stand by classes of layers, as in `.keras`; otherwise by lists of names.
  let isByClass: Bool

  /// What chunked datasets may still be put together to, in bytes.
  let budget: Int

  /// What chunked datasets and compressed members may be put together to, all of a file.
  static func budget(_ file: ByteRegion) -> Int { file.count + (128 << 20) }

  init(_ file: ByteRegion) throws(ScaleNetError) {
    self = HDF5File.recognizes(file) ? try Self(hdf5: file) : try Self(archive: file)
  }

  private init(hdf5 file: ByteRegion) throws(ScaleNetError) {
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
    configuration = Array(parts.text.utf8)
    (place, version, weights, isByClass) = ("attribute model_config", parts.version, parts.weights, false)
    budget = Self.budget(file)
    guard let text = parts.metadata else {
      metadata = []
      return
    }
    do throws(ScaleNetError) {
      metadata = Self.metadata(try JSONParser.parse(Array(text.utf8)))
    } catch {
      throw error.within("attribute \(KerasWriter.metadataName)").inFile(file.origin)
    }
  }

  private init(archive file: ByteRegion) throws(ScaleNetError) {
    let path = file.origin
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
    var rest = Self.budget(file)
    let contents = try archive.contents(of: members, budget: rest)
    for (member, region) in zip(members, contents) where !member.isStored { rest -= region.count }
    budget = rest
    for member in members { try archive.verify(member) }

    func text(_ index: Int) -> [UInt8] { contents[index].array() }
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
    configuration = text(0)
    (place, self.version, self.metadata, isByClass) = ("config.json", version, metadata, true)
    do throws(ScaleNetError) {
      let root = try HDF5File(contents[1]).root()
      // Before Keras 2.14 the group had another name.
      weights = try root.group(root.contains("layers") ? "layers" : "_layer_checkpoint_dependencies")
    } catch { throw error.inFile(path) }
  }

  /// Keys and values that our writer puts beside a model; others of that name are nobody's.
  private static func metadata(_ json: JSON?) -> [(key: String, value: String)] {
    guard case .object(let members)? = json else { return [] }
    return members.compactMap { member in
      if case .string(let value) = member.value { (member.key, value) } else { nil }
    }
  }
}
