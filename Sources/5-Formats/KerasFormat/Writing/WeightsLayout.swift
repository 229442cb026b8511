import FileIO
import HDF5

/// Where the weights of layers stand in HDF5, in each of Keras's two ways.
struct WeightsLayout {
  let list: LayerList

  /// The version that files state. Keras 3 reads what Keras 2.15 wrote.
  static let kerasVersion = "2.15.0"
  /// Attributes of an object share 64 KiB; Keras splits lists of names above this size.
  private static let mostListBytes = 64_512

  /// Groups by layer name, under `group`, with the lists of names that Keras loads by position.
  ///
  /// Source: Keras, `hdf5_format.save_weights_to_hdf5_group`.
  func addByName(to file: inout HDF5Builder, group: String) throws(ScaleNetError) {
    try addNames(list.layers.map(\.name), "layer_names", of: group, to: &file)
    try file.setAttribute(group, "backend", "tensorflow")
    try file.setAttribute(group, "keras_version", Self.kerasVersion)
    let prefix = group == "/" ? "" : group
    for layer in list.layers {
      let path = "\(prefix)/\(layer.name)"
      try file.createGroup(path)
      let names = layer.weights.map { Self.qualifiedName($0, of: layer) }
      try addNames(names, "weight_names", of: path, to: &file)
      for (name, weight) in zip(names, layer.weights) {
        try file.createDataset("\(path)/\(name)", weight.tensor, shape: weight.shape)
      }
    }
  }

  /// Groups by class, numbered in the order of `model.layers`: `layers/conv2d_1/vars/0`.
  ///
  /// Source: Keras, `saving_lib._save_state`.
  func addByClass(to file: inout HDF5Builder) throws(ScaleNetError) {
    try file.createGroup("/vars")
    try file.createGroup("/layers")
    for (layer, group) in zip(list.layers, Self.classGroups(list.layers.map(\.layerClass.snakeCase))) {
      for (index, weight) in layer.weights.enumerated() {
        try file.createDataset("/layers/\(group)/vars/\(index)", weight.tensor, shape: weight.shape)
      }
    }
  }

  /// The weight's name as Keras has it: `conv1/kernel:0`.
  static func qualifiedName(_ weight: Layer.Weight, of layer: Layer) -> String {
    "\(layer.name)/\(weight.name):0"
  }

  /// The names of groups by class: a number is added from the second of a class on.
  static func classGroups(_ classNames: [String]) -> [String] {
    var counts: [String: Int] = [:]
    return classNames.map { name in
      let count = counts[name, default: 0]
      counts[name] = count + 1
      return count == 0 ? name : "\(name)_\(count)"
    }
  }

  /// A list of names; above a size in numbered parts, and then without the plain one.
  private func addNames(
    _ names: [String], _ attribute: String, of object: String, to file: inout HDF5Builder
  ) throws(ScaleNetError) {
    let parts = Self.split(names)
    if parts.count == 1 {
      try file.setAttribute(object, attribute, parts[0])
      return
    }
    for (index, part) in parts.enumerated() {
      try file.setAttribute(object, "\(attribute)\(index)", part)
    }
  }

  /// As few parts as it takes, of nearly equal length. A part takes its longest name's length for each.
  static func split(_ names: [String]) -> [[String]] {
    let sizes = names.map(\.utf8.count)
    var count = 1
    while true {
      let length = max(1, (names.count + count - 1) / count)
      let ranges = stride(from: 0, to: max(names.count, 1), by: length).map {
        $0..<min($0 + length, names.count)
      }
      let fits = ranges.allSatisfy { (sizes[$0].max() ?? 0) * $0.count <= mostListBytes }
      if fits || length == 1 { return ranges.map { Array(names[$0]) } }
      count += 1
    }
  }
}
