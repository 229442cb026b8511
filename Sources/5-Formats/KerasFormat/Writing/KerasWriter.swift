public import FileIO
import HDF5
import JSONText
public import ModelIR
import ZipArchive

/// Writes models for Keras 2 (TensorFlow 2.15) and Keras 3, of plain layers only, so that `load_model` needs no code.
///
/// Everything is checked, and the layout of the file is complete, before the first byte is written. Weights are put
/// into Keras's order while they are written, block by block; no copy of them is made. The same model gives the same
/// bytes.
///
/// BatchNormalization gets momentum 0.9, Keras's word for PyTorch's default of 0.1. Graphs in half precision, as
/// `ConvertToHalf` makes them, become models of the policy `mixed_float16`, which holds weights in float32 at run time.
public struct KerasWriter {
  /// Where the file will stand, for messages.
  public let path: String
  /// What the caller chose.
  public let options: Options
  /// The model's inputs, for a summary.
  public let inputs: [Input]
  /// All weights, in the order of the file's layers.
  public let names: [NameEntry]
  let list: LayerList
  private let layout: HDF5Layout
  /// Keys and values beside the model.
  private let metadata: JSON?
  /// The attribute of an `.h5` file, and the member of a `.keras` file's `metadata.json`, that hold them; Keras reads
  /// neither.
  static let metadataName = "scalenet_metadata"

  /// Prepares a model for writing.
  ///
  /// - Parameter path: where the file will stand, for messages.
  public init(_ model: StoredModel, path: String, options: Options) throws(ScaleNetError) {
    self.path = path
    self.options = options
    let graph = model.graph
    do throws(ScaleNetError) { try graph.validate() } catch { throw error.inFile(path) }
    let list = try LayerListBuilder.build(graph, dataFormat: options.dataFormat, path: path)
    self.list = list
    let weights = WeightsLayout(list: list)
    let metadata: JSON? =
      model.metadata.isEmpty
      ? nil : .object(model.metadata.map { JSON.Member(key: $0.key, value: .string($0.value)) })
    self.metadata = metadata
    layout = try HDF5Layout(path: path) { (file) throws(ScaleNetError) in
      switch options.container {
      case .hdf5:
        let configuration = JSON.members(["class_name": "Functional", "config": list.configuration])
        try file.setAttribute("/", "model_config", configuration.text)
        try file.setAttribute("/", "keras_version", WeightsLayout.kerasVersion)
        try file.setAttribute("/", "backend", "tensorflow")
        if let metadata { try file.setAttribute("/", Self.metadataName, metadata.text) }
        try file.createGroup("/model_weights")
        try weights.addByName(to: &file, group: "/model_weights")
      case .legacyWeights:
        try weights.addByName(to: &file, group: "/")
      case .archive, .weights:
        try weights.addByClass(to: &file)
      }
    }

    inputs = list.inputs.map { Self.input(list.layers[$0], options.dataFormat) }
    names = Self.names(list, options.container)
  }

  /// Appends the file's bytes to `file`, which the caller then commits.
  package func write(to file: inout OutputFile) throws(ScaleNetError) {
    guard options.container == .archive else {
      try layout.stream { (bytes) throws(ScaleNetError) in
        try file.write(bytes)
      }
      return
    }
    var archive = ZipWriter(file)
    // No time of its own: the same model gives the same bytes.
    var members = [
      JSON.Member(key: "keras_version", value: .string(WeightsLayout.kerasVersion)),
      JSON.Member(key: "date_saved", value: "1980-01-01@00:00:00"),
    ]
    if let metadata { members.append(JSON.Member(key: Self.metadataName, value: metadata)) }
    let metadata = JSON.object(members)
    let configuration = JSON.members([
      "module": "keras", "class_name": "Model", "config": list.configuration,
    ])
    try archive.add("metadata.json", Array(metadata.text.utf8), to: &file)
    try archive.add("config.json", Array(configuration.text.utf8), to: &file)
    try archive.begin("model.weights.h5", size: layout.byteCount, in: &file)

    try layout.stream { (bytes) throws(ScaleNetError) in
      try archive.append(bytes, to: &file)
    }
    try archive.end(in: &file)
    try archive.finish(&file)
  }

  private static func input(_ layer: Layer, _ dataFormat: DataFormat) -> Input {
    var shape: [Int?] = []
    if case .array(let extents)? = layer.settings.first(where: { $0.key == "batch_input_shape" })?.value {
      shape = extents.map { if case .integer(let extent) = $0 { extent } else { nil } }
    }
    var dataType = "float32"
    if case .string(let stated)? = layer.settings.first(where: { $0.key == "dtype" })?.value {
      dataType = stated
    }
    return Input(
      name: layer.name, dataType: dataType, shape: shape,
      layout: [2: "NC", 4: dataFormat.letters][shape.count])
  }

  private static func names(_ list: LayerList, _ container: Container) -> [NameEntry] {
    let groups = WeightsLayout.classGroups(list.layers.map(\.layerClass.snakeCase))
    var entries: [NameEntry] = []
    for (layer, group) in zip(list.layers, groups) {
      for (index, weight) in layer.weights.enumerated() {
        let qualified = WeightsLayout.qualifiedName(weight, of: layer)
        let dataset =
          switch container {
          case .hdf5: "/model_weights/\(layer.name)/\(qualified)"
          case .legacyWeights: "/\(layer.name)/\(qualified)"
          case .archive, .weights: "/layers/\(group)/vars/\(index)"
          }
        entries.append(
          NameEntry(
            source: weight.source, layer: layer.name, dataset: dataset, shape: weight.shape.dimensions))
      }
    }
    return entries
  }
}
