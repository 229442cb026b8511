public import FileIO
import HDF5
public import ModelIR
import ZipArchive

/// Reads models that Keras 2 and Keras 3 save, `.h5` and `.keras`: Functional and Sequential models of plain layers.
///
/// The configuration is only compared with the names of known layers; nothing that it names is ever resolved or
/// executed. The graph is NCHW with weights as views of the file, whatever the model's data format is; what Keras
/// computes in mixed precision is computed in float32.
public struct KerasReader {
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
    /// Whether the model gets a summary of what its file says (`StoredModel.summary`).
    public var surveys = false

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
    let path = file.origin
    let parts = try KerasParts(file)
    let configuration = try ModelConfiguration(
      parts.configuration, version: parts.version, place: parts.place, path: path)
    let weights =
      parts.isByClass
      ? WeightReader.byClass(parts.weights, configuration, path: path, budget: parts.budget)
      : try WeightReader.byPosition(parts.weights, configuration, path: path, budget: parts.budget)
    var model = try GraphAssembler.assemble(configuration, weights, options, path: path)
    model.metadata = parts.metadata
    if options.surveys { model.summary = try survey(parts, path: path).summary }
    try file.checkIntact()
    return model
  }
}
