import FileIO
import ModelIR

// What converters between the layouts of frameworks leave behind: it changes nothing of what a graph computes, and the
// other side need not have it.

extension Graph {
  /// The same with maps laid flat with their channels first, and the rows of the matrix behind in that order, where that is
  /// nearer to a matrix of the other graph than what is written. Of matrices that have nothing in common chance would say
  /// which is nearer: then it is done where the other graph does not turn its maps.
  func withFlattenedChannelsFirst(like other: Graph) throws(ScaleNetError) -> Graph {
    var graph = self
    let view = GraphView(self)
    lazy var matrices = other.matrices
    var removed = Set<Int>()
    for index in nodes.indices {
      guard let maps = FlattenedMaps(view, index) else { continue }
      let name = graph[maps.weight].name
      let written = maps.matrix.tensor
      let turned = try maps.rowsWithChannelsFirst(of: name)
      var isNearer = false
      for (matrix, turnsMaps) in matrices {
        guard !isNearer, let alike = matrix.written(like: maps.matrix) else { continue }
        func error(_ tensor: Tensor) throws(ScaleNetError) -> Double {
          try SquareSums(tensor, alike, name: name).relative ?? .infinity
        }
        isNearer = try error(turned) < error(written) * (turnsMaps ? 0.5 : 1.05)
      }
      guard isNearer else { continue }
      let held = try Tensor(shape: written.shape) { (start, count) throws(ScaleNetError) in
        try turned.floats(from: start, count: count, of: name)
      }
      graph.nodes[index].inputs[1] = try graph.addInitializer(graph.unusedName(name), held)
      graph.nodes[maps.flattening].inputs[0] = graph.nodes[maps.transposition].inputs[0]
      removed.insert(maps.transposition)
    }
    if removed.isEmpty { return self }
    graph.nodes = graph.nodes.enumerated().filter { !removed.contains($0.offset) }.map(\.element)
    graph.removeUnusedValues()
    return graph
  }

  /// Matrices, and whether maps are turned before they are laid flat for one.
  fileprivate var matrices: [(matrix: WeightMatrix, turnsMaps: Bool)] {
    let view = GraphView(self)
    return nodes.indices.compactMap { index in
      WeightMatrix(nodes[index], self).map { ($0, FlattenedMaps(view, index) != nil) }
    }
  }
}

/// A constant that rows are multiplied with.
private struct WeightMatrix {
  let tensor: Tensor
  /// Whether each row makes one output, and not each column.
  let isTransposed: Bool

  init?(_ node: Node, _ graph: Graph) {
    switch node.op {
    case .gemm(let gemm) where !gemm.transA: isTransposed = gemm.transB
    case .matMul: isTransposed = false
    default: return nil
    }
    guard let tensor = node.inputs[1].flatMap({ graph[$0].initializer }), tensor.shape.rank == 2,
      tensor.dataType == .float32
    else { return nil }
    self.tensor = tensor
  }

  /// The same matrix as another one is written; nil if it has other extents.
  func written(like other: WeightMatrix) -> Tensor? {
    let alike = isTransposed == other.isTransposed ? tensor : tensor.transposed([1, 0])
    return alike.shape == other.tensor.shape ? alike : nil
  }
}

/// Maps [N, C, H, W] that are turned to [N, H, W, C], laid flat to [N, H * W * C] and multiplied with a matrix.
private struct FlattenedMaps {
  let transposition: Int
  let flattening: Int
  let weight: ValueID
  let matrix: WeightMatrix
  /// C, H and W.
  private let extents: [Int]

  init?(_ view: GraphView, _ index: Int) {
    let graph = view.graph
    func soleProducer(_ id: ValueID?) -> Int? {
      guard let id, view.consumers[id.index].count == 1, !graph.outputs.contains(id) else { return nil }
      return view.producers[id.index]
    }
    let inputs = graph.nodes[index].inputs
    guard let matrix = WeightMatrix(graph.nodes[index], graph), let weight = inputs[1],
      let flattening = soleProducer(inputs[0]),
      let flat = graph[graph.nodes[flattening].outputs[0]].type.shape,
      let transposition = soleProducer(graph.nodes[flattening].inputs[0]),
      case .transpose(let transpose) = graph.nodes[transposition].op,
      transpose.permutation == [0, 2, 3, 1], let maps = graph.nodes[transposition].inputs[0],
      let shape = graph[maps].type.shape,
      flat.dimensions == [shape[0], shape.elementCount / max(shape[0], 1)]
    else { return nil }
    switch graph.nodes[flattening].op {
    case .reshape, .flatten: break
    default: return nil
    }
    self.transposition = transposition
    self.flattening = flattening
    self.weight = weight
    self.matrix = matrix
    extents = Array(shape.dimensions.dropFirst())
  }

  /// The elements of the matrix with the rows of channels first, in a view of four axes.
  func rowsWithChannelsFirst(of name: String) throws(ScaleNetError) -> Tensor {
    let (channels, height, width) = (extents[0], extents[1], extents[2])
    let tensor = matrix.tensor
    let stored: TensorShape =
      matrix.isTransposed
      ? [tensor.shape[0], height, width, channels] : [height, width, channels, tensor.shape[1]]
    // Only elements that lie one behind the other can be seen with more axes.
    let maps: Tensor
    if let seen = tensor.reshaped(stored) {
      maps = seen
    } else {
      maps = Tensor(try tensor.floats(of: name), shape: stored)
    }
    return maps.transposed(matrix.isTransposed ? [0, 3, 1, 2] : [2, 0, 1, 3])
  }
}

extension GraphView {
  /// Whether no element of a value can be negative, as far as its operators tell: zeros in margins are then as good as
  /// the least number where a maximum is taken.
  func isNonNegative(_ id: ValueID) -> Bool {
    guard let producer = producers[id.index] else { return false }
    let node = graph.nodes[producer]
    func inputs() -> Bool { node.inputs.compactMap { $0 }.allSatisfy(isNonNegative) }
    switch node.op {
    case .unary(.relu), .unary(.sigmoid), .unary(.hardSigmoid), .softmax: return true
    case .unary(.clip(let minimum, _)): return minimum >= 0
    case .maxPool, .concat: return inputs()
    default: return false
    }
  }
}
