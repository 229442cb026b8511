import ModelIR

/// The first weights of nodes, up to a scale: enough to tell whether two nodes hold the same ones, where one side may have
/// folded a normalisation into them or rounded them.
///
/// Names say less: of a network without one of its blocks, all blocks behind it bear the names of those before them.
struct WeightHeads {
  private struct Kind: Hashable {
    let family: String
    let shape: [Int]
  }

  /// By the node's place; of unit length.
  private var heads: [Int: [Double]] = [:]
  private var kinds: [Int: Kind] = [:]
  private var places: [Kind: [Int]] = [:]

  private static let mostElements = 64
  /// Fewer are alike by chance.
  private static let leastElements = 4
  /// The least cosine of the angle between those that count as the same.
  private static let leastCosine = 0.99
  /// Of more nodes of one kind nothing is said: each would be held against all others.
  private static let mostAlike = 512

  init(_ view: GraphView) {
    for (index, node) in view.graph.nodes.enumerated() where node.op.hasWeight {
      guard let tensor = view.graph.initializer(node.inputs[1]), tensor.dataType.isFloatingPoint else {
        continue
      }
      let count = min(Self.scaledTogether(node.op, tensor.shape.dimensions), Self.mostElements)
      guard count >= Self.leastElements, let elements = try? tensor.floats(from: 0, count: count) else {
        continue
      }
      let norm = elements.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
      guard norm.isFinite, norm > 0 else { continue }
      heads[index] = elements.map { Double($0) / norm }
      let kind = Kind(family: node.op.family, shape: tensor.shape.dimensions)
      kinds[index] = kind
      places[kind, default: []].append(index)
    }
  }

  /// How many weights from the first on a folded normalisation scales by one factor.
  private static func scaledTogether(_ op: Operator, _ shape: [Int]) -> Int {
    switch op {
    case .conv: shape.dropFirst().reduce(1, *)
    case .convTranspose: shape.dropFirst(2).reduce(1, *)
    default: shape.reduce(1, *)
    }
  }

  /// Whether a node has the weights of another graph's node; nil where that cannot be said.
  func agree(_ index: Int, _ others: WeightHeads, _ other: Int) -> Bool? {
    guard let own = heads[index], let head = others.heads[other], kinds[index] == others.kinds[other] else {
      return nil
    }
    return zip(own, head).reduce(0) { $0 + $1.0 * $1.1 } >= Self.leastCosine
  }

  /// The nodes that have the weights of another graph's node.
  func twins(of other: Int, in others: WeightHeads) -> [Int] {
    guard let kind = others.kinds[other], let like = places[kind], like.count <= Self.mostAlike else {
      return []
    }
    return like.filter { agree($0, others, other) == true }
  }
}
