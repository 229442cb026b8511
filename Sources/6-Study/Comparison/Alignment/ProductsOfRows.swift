import FileIO
import ModelIR

// Products of the last axis with a matrix, as attention and dense layers of sequences have them. Some converters put the
// rows of all axes together before one and take them apart behind it, or write it as Einstein's summation.
extension Graph {
  /// How many such products are written in other words than as one product of all axes.
  var flattenedProductCount: Int {
    var rows = ProductsOfRows(self)
    return nodes.count { node in
      rows.follow(node)
      return rows.product(node) != nil
    }
  }

  /// With each of them as one MatMul, what moves no element beside it as one Reshape, and a term of its columns before they
  /// are taken apart.
  func withProductsOfRows() throws(ScaleNetError) -> Graph {
    var rows = ProductsOfRows(self)
    try rows.rewrite(nodes)
    var graph = rows.graph
    try graph.apply([EliminateDeadNodes()])
    graph.removeUnusedValues()
    try graph.inferAllTypes()
    return graph
  }
}

private struct ProductsOfRows {
  /// What is built; at first all values, and no nodes.
  var graph: Graph
  /// Of each value that only has another shape than some value: that one.
  private var origins: [ValueID: ValueID] = [:]
  private var replacement: [ValueID: ValueID] = [:]

  init(_ graph: Graph) {
    self.graph = graph
    self.graph.nodes = []
  }

  struct Product {
    /// [..., K], with several axes before the last.
    var rows: ValueID
    /// [K, N].
    var matrix: Tensor
    /// The constant that holds it so; nil where it is held turned or with more axes.
    var held: ValueID?
    var bias: ValueID?
    /// All but the extent of the columns.
    var leading: [Int]
  }

  private func shape(_ id: ValueID) -> [Int]? { graph[id].type.shape?.dimensions }

  /// Notes of a node that gives its input in another shape where that comes from.
  mutating func follow(_ node: Node) {
    guard Self.isReshape(node.op), let input = node.inputs[0], graph[input].initializer == nil else { return }
    origins[node.outputs[0]] = origins[input] ?? input
  }

  private static func isReshape(_ op: Operator) -> Bool {
    switch op {
    case .reshape, .flatten, .squeeze, .unsqueeze: true
    default: false
    }
  }

  /// The product of rows that a node computes in other words; nil if it computes none.
  func product(_ node: Node) -> Product? {
    if case .einsum(let einsum) = node.op { return product(einsum, node) }
    guard node.inputs.count >= 2, let input = node.inputs[0], let rows = origins[input],
      let extents = shape(rows), extents.count > 2, let flat = shape(input), flat.count == 2,
      flat[1] == extents.last, flat[0] != extents[0],
      let held = graph.initializer(node.inputs[1]), held.shape.rank == 2
    else { return nil }
    let leading = Array(extents.dropLast())
    switch node.op {
    case .matMul: return Product(rows: rows, matrix: held, held: node.inputs[1], leading: leading)
    case .gemm(let gemm) where !gemm.transA && gemm.alpha == 1:
      let bias = node.inputs.count > 2 ? node.inputs[2] : nil
      guard bias.map({ gemm.beta == 1 && shape($0)?.count == 1 }) ?? true else { return nil }
      return Product(
        rows: rows, matrix: gemm.transB ? held.transposed([1, 0]) : held,
        held: gemm.transB ? nil : node.inputs[1], bias: bias, leading: leading)
    default: return nil
    }
  }

  /// `abc,cde->abde` or `abcd,cde->abe`: the last axes of the first input are the first of a constant, and summed over.
  private func product(_ einsum: Einsum, _ node: Node) -> Product? {
    guard node.inputs.count == 2, let rows = node.inputs[0], let extents = shape(rows),
      let held = graph.initializer(node.inputs[1]),
      let labels = try? einsum.labels(ranks: [extents.count, held.shape.rank])
    else { return nil }
    let (first, second) = (labels.inputs[0], labels.inputs[1])
    let summed = Array(second.prefix { first.contains($0) && !labels.output.contains($0) })
    let kept = Array(second.dropFirst(summed.count))
    guard !summed.isEmpty, !kept.isEmpty, Array(first.suffix(summed.count)) == summed,
      labels.output == first.dropLast(summed.count) + kept,
      Set(first + kept).count == first.count + kept.count
    else { return nil }
    let inner = held.shape.dimensions.prefix(summed.count).reduce(1, *)
    guard inner > 0, let matrix = held.reshaped([inner, held.elementCount / inner]) else { return nil }
    return Product(rows: rows, matrix: matrix, leading: Array(extents.dropLast(summed.count)))
  }

  mutating func rewrite(_ nodes: [Node]) throws(ScaleNetError) {
    for var node in nodes {
      node.inputs = node.inputs.map { $0.map { replacement[$0] ?? $0 } }
      if let product = product(node) {
        try add(product, node)
      } else if try addTerm(node) {
        continue
      } else {
        addOther(node)
      }
    }
  }

  private mutating func add(_ product: Product, _ node: Node) throws(ScaleNetError) {
    let output = node.outputs[0]
    let (inner, columns) = (product.matrix.shape[0], product.matrix.shape[1])
    var rows = product.rows
    if shape(rows) != product.leading + [inner] {
      let name = graph.unusedName("\(graph[rows].name).rows")
      rows = try graph.addNode(
        name, .reshape(Reshape(shape: product.leading + [inner])), inputs: [origins[rows] ?? rows])[0]
    }
    var matrix = product.held
    if matrix == nil {
      let name = node.inputs[1].map { graph[$0].name } ?? node.name
      matrix = try graph.addInitializer(graph.unusedName(name), product.matrix)
    }
    var result = try named(node.name, .matMul(MatMul()), [rows, matrix])
    if let bias = product.bias {
      result = try named("\(node.name).bias", .binary(.add), [result, bias])
    }
    try give(result, as: output, node.name, product.leading + [columns])
  }

  /// A term for each column where the columns have been taken apart: added before that.
  private mutating func addTerm(_ node: Node) throws(ScaleNetError) -> Bool {
    guard case .binary(.add) = node.op, node.inputs.count == 2 else { return false }
    for (value, constant) in [(node.inputs[0], node.inputs[1]), (node.inputs[1], node.inputs[0])] {
      guard let value, let constant, let tensor = graph[constant].initializer, let whole = origins[value],
        let before = shape(whole), let apart = shape(value), let columns = before.last,
        before.count < apart.count, apart.prefix(before.count - 1) == before.dropLast(),
        tensor.shape.dimensions.drop(while: { $0 == 1 })
          == apart.dropFirst(before.count - 1).drop(while: { $0 == 1 }),
        tensor.elementCount == columns, let row = tensor.reshaped([columns])
      else { continue }
      let term = try graph.addInitializer(graph.unusedName(graph[constant].name), row)
      let sum = try named(node.name, .binary(.add), [whole, term])
      try give(sum, as: node.outputs[0], node.name, before)
      return true
    }
    return false
  }

  /// A node of this name; its value has one that no other has.
  private mutating func named(
    _ name: String, _ op: Operator, _ inputs: [ValueID?]
  ) throws(ScaleNetError) -> ValueID {
    let result = try graph.addNode(graph.unusedName("\(name).rows"), op, inputs: inputs)[0]
    graph.nodes[graph.nodes.count - 1].name = name
    return result
  }

  /// Lets a value stand for the output of a node that was taken apart.
  private mutating func give(
    _ value: ValueID, as output: ValueID, _ name: String, _ extents: [Int]
  ) throws(ScaleNetError) {
    if shape(output) == extents, !graph.outputs.contains(output) {
      replacement[output] = value
      return
    }
    guard let wanted = shape(output) else { return }
    graph.nodes.append(
      Node(
        name: graph.unusedName("\(name).shape"), op: .reshape(Reshape(shape: wanted)), inputs: [value],
        outputs: [output]))
    origins[output] = value
  }

  private mutating func addOther(_ node: Node) {
    var node = node
    follow(node)
    if let origin = origins[node.outputs[0]], let wanted = shape(node.outputs[0]), node.inputs[0] != origin {
      if shape(origin) == wanted, !graph.outputs.contains(node.outputs[0]) {
        replacement[node.outputs[0]] = origin
        return
      }
      (node.op, node.inputs) = (.reshape(Reshape(shape: wanted)), [origin])
    }
    graph.nodes.append(node)
  }
}
