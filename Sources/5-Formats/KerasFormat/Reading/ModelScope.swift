/// A model's layers, models among them.
struct ModelScope {
  /// What stands in the list of layers.
  enum Content {
    /// A layer, by its position among all.
    case layer(Int)
    indirect case model(ModelScope)
  }

  struct Entry {
    let name: String
    let className: String
    var content: Content
    /// The entries that it reads.
    var inputs: [Int] = []
  }

  let isSequential: Bool
  /// The models around it and its own name, without the outermost.
  let models: [String]
  var entries: [Entry] = []
  /// Positions of entries by name.
  var names: [String: Int] = [:]
  /// Layers that stand for the inputs.
  var inputs: [Int] = []
  /// Layers that yield the outputs.
  var outputs: [Int] = []
  /// The entries that these are in.
  var outputEntries: [Int] = []

  /// The groups of the layers' weights in `.weights.h5`, by the layers' positions: numbered by class in the order of
  /// `model.layers`, for each model within another under the model's own group.
  func addClassGroups(to groups: inout [String], prefix: String = "") {
    let order =
      isSequential
      ? Array(entries.indices.dropFirst())
      : ModelOrder(inputs: entries.map(\.inputs), outputs: outputEntries).layers
    let names = WeightsLayout.classGroups(order.map { LayerClass.snakeCase(entries[$0].className) })
    for (index, name) in zip(order, names) {
      switch entries[index].content {
      case .layer(let layer): groups[layer] = prefix + name
      case .model(let scope): scope.addClassGroups(to: &groups, prefix: "\(prefix)\(name)/layers/")
      }
    }
  }
}
