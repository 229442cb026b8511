/// A model's layers, models among them.
struct ModelScope {
  /// What a call of an entry is.
  enum Content {
    /// A call of a layer, by its position among all.
    case layer(Int)
    indirect case model(ModelScope)
  }

  /// A call of an entry of the same scope.
  struct Reference: Hashable {
    let entry: Int
    let call: Int
  }

  /// What stands in the list of layers.
  struct Entry {
    let name: String
    let className: String
    /// At least one.
    var calls: [Content]
    /// For each call what it reads.
    var inputs: [[Reference]]
    /// The number that references of layers give the first call, and that those of the model's inputs and outputs give it.
    let firstCall: Int
    let firstPort: Int
  }

  /// A value that goes in or comes out.
  struct Port {
    /// The call of a layer that yields it, and which of its tensors it is.
    let layer: Int
    let tensor: Int
    let reference: Reference
    /// The name in a dictionary, or that of the entry.
    let name: String
  }

  let isSequential: Bool
  /// The names of the models around it and its own, without the outermost.
  let models: [String]
  var entries: [Entry] = []
  /// Positions of entries by name.
  var names: [String: Int] = [:]
  var inputs: [Port] = []
  var outputs: [Port] = []

  /// The layers that yield what a call of an entry yields, each with the number of its tensor.
  ///
  /// - Parameter least: how many there are at least; how many a layer yields is seen when it is read.
  func layers(_ reference: Reference, atLeast least: Int = 1) -> [(layer: Int, tensor: Int)] {
    switch entries[reference.entry].calls[reference.call] {
    case .layer(let layer): (0..<max(least, 1)).map { (layer, $0) }
    case .model(let scope): scope.outputs.map { ($0.layer, $0.tensor) }
    }
  }

  /// The entries in the order of `model.layers`, those that no output needs behind all others: Keras 2 keeps these of a
  /// model that is made from a configuration, with their weights.
  var order: [Int] {
    let needed = neededOrder
    let isNeeded = Set(needed)
    return needed + entries.indices.dropFirst(isSequential ? 1 : 0).filter { !isNeeded.contains($0) }
  }

  /// The entries that an output needs, in the order of `model.layers`.
  var neededOrder: [Int] {
    if isSequential { return Array(entries.indices.dropFirst()) }
    var first: [Int] = []
    var owners: [Int] = []
    for (index, entry) in entries.enumerated() {
      first.append(owners.count)
      owners += [Int](repeating: index, count: entry.calls.count)
    }
    func node(_ reference: Reference) -> Int { first[reference.entry] + reference.call }
    return ModelOrder(
      inputs: entries.flatMap(\.inputs).map { $0.map(node) }, outputs: outputs.map { node($0.reference) },
      owners: owners
    ).layers
  }

  /// The groups of the layers' weights in `.weights.h5`, by the layers' positions: numbered by class in the order of
  /// `model.layers`, for each model within another under the model's own group.
  func addClassGroups(to groups: inout [String], prefix: String = "") {
    let order = order
    let names = WeightsLayout.classGroups(order.map { LayerClass.snakeCase(entries[$0].className) })
    for (index, name) in zip(order, names) {
      switch entries[index].calls[0] {
      case .layer(let layer): groups[layer] = prefix + name
      case .model(let scope): scope.addClassGroups(to: &groups, prefix: "\(prefix)\(name)/layers/")
      }
    }
  }

  /// The layers of an entry in the order in which their weights are listed, each by its first call.
  func leaves(of entry: Int) -> [Int] {
    switch entries[entry].calls[0] {
    case .layer(let layer): [layer]
    case .model(let scope): scope.order.flatMap { scope.leaves(of: $0) }
    }
  }
}
