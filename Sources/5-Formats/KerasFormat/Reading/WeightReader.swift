import FileIO
import HDF5
import ModelIR

/// Finds the weights of layers in an HDF5 file.
///
/// Keras counts: the names that a file has for layers and weights say in which order they stand there, and nothing about
/// whose they are.
struct WeightReader {
  private struct Place {
    let group: HDF5Group
    var names: [String] = []
  }

  private let path: String
  private var budget: Int
  /// By the layers' first calls; where layers are found by class, each when it is asked for.
  private var places: [Int: Place] = [:]
  private var root: HDF5Group?
  private var classGroups: [String] = []
  /// The weights of layers that are called several times.
  private var shared: [Int: [Tensor]] = [:]
  /// What is wrong with the list of layers; said when a layer's weights are asked for, for its settings are checked before.
  private var mismatch: ScaleNetError?
  /// Weights whose names are another layer's.
  private(set) var renamed: [String] = []

  private init(path: String, budget: Int) {
    self.path = path
    self.budget = budget
  }

  /// For groups `<class>[_N]/vars/<i>`, counted for each class.
  static func byClass(
    _ root: HDF5Group, _ configuration: ModelConfiguration, path: String, budget: Int
  ) -> WeightReader {
    var reader = WeightReader(path: path, budget: budget)
    reader.root = root
    reader.classGroups = configuration.classGroups
    return reader
  }

  /// For groups that the attribute `layer_names` lists, whose attributes `weight_names` name datasets.
  ///
  /// The n-th of those with weights is the n-th of the model's layers with weights. For a model within the model, the
  /// weights that are trained come first, layer by layer, and then all others.
  ///
  /// Source: Keras, `load_weights_from_hdf5_group`.
  static func byPosition(
    _ root: HDF5Group, _ configuration: ModelConfiguration, path: String, budget: Int
  ) throws(ScaleNetError) -> WeightReader {
    var reader = WeightReader(path: path, budget: budget)
    do throws(ScaleNetError) { try reader.locate(configuration, in: root) } catch { throw error.inFile(path) }
    return reader
  }

  private mutating func locate(
    _ configuration: ModelConfiguration, in root: HDF5Group
  ) throws(ScaleNetError) {
    let (scope, layers) = (configuration.scope, configuration.layers)
    func hasWeights(_ entry: Int) -> Bool {
      scope.leaves(of: entry).contains { layers[$0].weightCounts != (0, 0) }
    }
    var entries = scope.order.filter(hasWeights)
    if entries.isEmpty { return }
    var listed: [(name: String, group: HDF5Group, weights: [String])] = []
    for name in try root.names("layer_names") {
      let group = try root.group(name)
      let weights = try group.names("weight_names")
      if !weights.isEmpty { listed.append((name, group, weights)) }
    }
    // Keras 3 drops layers that no output needs.
    if listed.count < entries.count { entries = scope.neededOrder.filter(hasWeights) }
    guard listed.count == entries.count else {
      let names = listed.map(\.name)
      let missing = entries.map { scope.entries[$0].name }.first { !names.contains($0) }
      mismatch = .wrongKind(
        path: path, object: root.name,
        expected: "\(entries.count) layers with weights" + (missing.map { ", among them \($0)" } ?? ""),
        found: "\(listed.count)")
      return
    }
    for (entry, found) in zip(entries, listed) {
      try assign(found.weights, of: found.group, to: scope.leaves(of: entry).map { layers[$0] })
      if found.name != scope.entries[entry].name {
        renamed.append("\(scope.entries[entry].name) as \(found.name)")
      }
    }
  }

  /// Gives the weights of a group to the layers whose they are.
  private mutating func assign(
    _ names: [String], of group: HDF5Group, to leaves: [LayerConfiguration]
  ) throws(ScaleNetError) {
    for leaf in leaves { places[leaf.source] = Place(group: group) }
    if leaves.count == 1 {
      // A layer that is alone in its group has what is there; whether that is right is seen when it is read.
      places[leaves[0].source]?.names = names
      return
    }
    var next = 0
    func take(_ count: Int, _ leaf: LayerConfiguration) throws(ScaleNetError) {
      guard count <= names.count - next else {
        let total = leaves.reduce(0) { $0 + $1.weightCounts.trained + $1.weightCounts.others }
        throw .wrongKind(
          path: path, object: group.name, expected: "\(total) weights", found: "\(names.count)")
      }
      for name in names[next..<next + count] where !Self.belongs(name, to: leaf) {
        renamed.append("\(leaf.ownName) as \(name)")
      }
      places[leaf.source]?.names += names[next..<next + count]
      next += count
    }
    for leaf in leaves where leaf.isTrainable { try take(leaf.weightCounts.trained, leaf) }
    for leaf in leaves {
      if !leaf.isTrainable { try take(leaf.weightCounts.trained, leaf) }
      try take(leaf.weightCounts.others, leaf)
    }
    guard next == names.count else {
      throw .wrongKind(path: path, object: group.name, expected: "\(next) weights", found: "\(names.count)")
    }
  }

  /// Whether a name such as `conv1/kernel:0` may be of a layer; a layer's name may have slashes of its own.
  private static func belongs(_ name: String, to leaf: LayerConfiguration) -> Bool {
    guard let slash = name.lastIndex(of: "/") else { return true }
    let owner = name[..<slash]
    return owner == leaf.ownName || owner.hasSuffix("/\(leaf.ownName)")
  }

  /// What was assumed.
  var notes: [String] {
    if renamed.isEmpty { return [] }
    let said = renamed.prefix(3).map(\.escapedForMessage).joined(separator: ", ")
    let rest = renamed.count > 3 ? " and \(renamed.count - 3) more" : ""
    return ["weights are taken by their positions, as Keras takes them, whatever their names: \(said)\(rest)"]
  }

  /// The weights of a layer as float32, in Keras's order and layout.
  ///
  /// - Parameter count: how many it must be.
  mutating func tensors(_ layer: LayerConfiguration, count: Int) throws(ScaleNetError) -> [Tensor] {
    if let known = shared[layer.source] { return known }
    if let mismatch { throw mismatch.inFile(path) }
    do throws(ScaleNetError) {
      let place: Place
      if let known = places[layer.source] { place = known } else { place = try numbered(layer) }
      guard place.names.count == count else {
        throw .wrongKind(
          path: path, object: place.group.name, expected: "\(count) weights", found: "\(place.names.count)")
      }
      var tensors: [Tensor] = []
      for name in place.names {
        // NumPy knows no bfloat16, so that Keras's arrays of it are bytes without a meaning.
        let tensor = try place.group.dataset(name).tensor(budget: &budget, opaque: .bfloat16)
        tensors.append(tensor.dataType == .float32 ? tensor : tensor.cast(to: .float32))
      }
      shared[layer.source] = tensors
      return tensors
    } catch { throw error.inFile(path) }
  }

  private func numbered(_ layer: LayerConfiguration) throws(ScaleNetError) -> Place {
    guard let root else {
      throw .invalidLayer(
        path: path, layer: layer.name, className: layer.className, place: "weights",
        expected: "a layer that an output depends on", found: "one that none depends on")
    }
    let group = try root.group("\(classGroups[layer.source])/vars")
    // Keras 3 notes which layer it is.
    if let attribute = try group.attributes().first(where: { $0.name == "name" }) {
      let found = try attribute.string()
      guard found == layer.ownName else {
        throw .wrongKind(
          path: path, object: group.name, expected: "the weights of layer \(layer.ownName)",
          found: "those of \(found)")
      }
    }
    let parts = layer.weightGroups(try root.group(classGroups[layer.source]).members)
    if parts == [""] { return Place(group: group, names: (0..<group.members.count).map(String.init)) }
    let whole = try root.group(classGroups[layer.source])
    var names: [String] = []
    for part in parts {
      let count = try whole.group("\(part)vars").members.count
      names += (0..<count).map { "\(part)vars/\($0)" }
    }
    return Place(group: whole, names: names)
  }
}

extension HDF5Group {
  /// A list of names that an attribute has; attributes hold no more than 64 KiB, so that a longer list is in parts,
  /// `names0`, `names1` and so on.
  ///
  /// Source: Keras, `load_attributes_from_hdf5_group`.
  fileprivate func names(_ attribute: String) throws(ScaleNetError) -> [String] {
    let attributes = try attributes()
    if let whole = attributes.first(where: { $0.name == attribute }) { return try whole.strings() }
    var names: [String] = []
    var count = 0
    while let part = attributes.first(where: { $0.name == "\(attribute)\(count)" }) {
      names += try part.strings()
      count += 1
    }
    guard count > 0 else {
      throw ScaleNetError(
        expected: "attribute \(attribute) of \(name)".escapedForMessage, found: "nothing of that name")
    }
    return names
  }
}
