import FileIO
import HDF5
import ModelIR

/// Finds the weights of layers in an HDF5 file.
struct WeightReader {
  /// How a file lists them.
  enum Order {
    /// Groups by layer name, whose attribute `weight_names` names datasets.
    case byName
    /// Groups `<class>[_N]/vars/<i>`; for each layer its group.
    case byClass([String])
  }

  private let root: HDF5Group
  private let order: Order
  private let path: String
  private var budget: Int

  init(_ root: HDF5Group, order: Order, path: String, budget: Int) {
    self.root = root
    self.order = order
    self.path = path
    self.budget = budget
  }

  /// The weights of a layer as float32, in Keras's order and layout.
  ///
  /// - Parameter count: how many it must be.
  mutating func tensors(_ layer: LayerConfiguration, count: Int) throws(ScaleNetError) -> [Tensor] {
    do throws(ScaleNetError) {
      let (group, names) =
        switch order {
        case .byName: try named(layer)
        case .byClass(let groups): try numbered(groups[layer.index], layer)
        }
      guard names.count == count else {
        throw .wrongKind(
          path: path, object: group.name, expected: "\(count) weights", found: "\(names.count)")
      }
      var tensors: [Tensor] = []
      for name in names {
        let tensor = try group.dataset(name).tensor(budget: &budget)
        tensors.append(tensor.dataType == .float32 ? tensor : tensor.cast(to: .float32))
      }
      return tensors
    } catch { throw error.inFile(path) }
  }

  private func named(_ layer: LayerConfiguration) throws(ScaleNetError) -> (HDF5Group, [String]) {
    let group = try root.group(layer.models.first ?? layer.ownName)
    guard let attribute = try group.attributes().first(where: { $0.name == "weight_names" }) else {
      throw ScaleNetError(
        path: path, expected: "attribute weight_names of \(group.name)".escapedForMessage,
        found: "nothing of that name")
    }
    let names = try attribute.strings()
    guard !layer.models.isEmpty else { return (group, names) }
    // The list of a model has all its layers' weights, those that are trained first.
    let own = names.filter { Self.owner($0) == layer.ownName }
    if !own.isEmpty { return (group, own) }
    return (group, names.filter { Self.owner($0).hasSuffix("/\(layer.ownName)") })
  }

  /// The layer in a name such as `conv1/kernel:0`; a layer's name may have slashes of its own.
  private static func owner(_ name: String) -> String {
    name.lastIndex(of: "/").map { String(name[..<$0]) } ?? ""
  }

  private func numbered(
    _ name: String, _ layer: LayerConfiguration
  ) throws(ScaleNetError) -> (HDF5Group, [String]) {
    let group = try root.group("\(name)/vars")
    // Keras 3 notes which layer it is.
    if let attribute = try group.attributes().first(where: { $0.name == "name" }) {
      let found = try attribute.string()
      guard found == layer.ownName else {
        throw .wrongKind(
          path: path, object: group.name, expected: "the weights of layer \(layer.ownName)",
          found: "those of \(found)")
      }
    }
    let names = (0..<group.members.count).map(String.init)
    return (group, names)
  }
}
