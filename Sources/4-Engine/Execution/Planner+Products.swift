import FileIO
internal import Kernels
internal import ModelIR

// Safe: the elements are as many as the geometry has, and kernels copy what they are given while they are prepared.

/// Matrix products of values.
extension Planner {
  mutating func addMatMul(_ group: FusedNode, at index: Int) throws(ScaleNetError) {
    let operands = group.node.inputs.compactMap { $0 }
    let (a, b) = (shapes[operands[0].index], shapes[operands[1].index])
    let left = a.count == 1 ? [1] + a : a
    let right = b.count == 1 ? b + [1] : b
    let (rows, depth, columns) = (left[left.count - 2], left[left.count - 1], right[right.count - 1])
    if isPrepared(group) {
      let geometry = MatrixProduct(
        rows: left.dropLast().reduce(1, *), columns: columns, depth: depth)
      try addPrepared(
        geometry, group, [operands[0]] + (group.bias.map { [$0] } ?? []), rowStep: 0, columnStep: 1, at: index
      )
      return
    }
    var leading = (Array(left.dropLast(2)), Array(right.dropLast(2)))
    var geometry = MatrixProduct(rows: rows, columns: columns, depth: depth)
    if leading.1.allSatisfy({ $0 == 1 }) {
      // Rows that meet one B are one product.
      geometry.rows *= leading.0.reduce(1, *)
      leading = ([], [])
    }
    guard let batch = Broadcasting(left: leading.0, right: leading.1) else {
      throw unsupported(
        group.node, place: "input B", expected: "what can be broadcast with \(a)", found: "\(b)")
    }
    let operation = MatrixProducts(geometry: geometry, batch: batch)
    try addComputed(operation, group, at: index)
  }

  /// Adds a product whose B is a weight: packed now, or when it runs.
  mutating func addPrepared(
    _ geometry: MatrixProduct, _ group: FusedNode, _ inputs: [ValueID], rowStep: Int,
    columnStep: Int,
    at index: Int
  ) throws(ScaleNetError) {
    guard let id = group.node.inputs[1], let tensor = graph[id].initializer else {
      preconditionFailure("B of a prepared product is a weight")
    }
    if !options.keepsWeights {
      let product = PassingProduct(
        geometry: geometry, weight: PassingWeight(tensor: tensor, name: graph[id].name),
        rowStep: rowStep,
        columnStep: columnStep)
      add(.passingProduct(product), inputs, group.output, at: index)
      return
    }
    let elements = try readInitializer(id, copies: 1)
    let prepared = unsafe elements.withUnsafeBufferPointer {
      unsafe kernels.matrixProduct(geometry, b: $0.baseAddress!)
    }
    try needWorkspace(prepared.workspaceCount(threads: threads), group.node)
    add(
      .matrixProduct(prepared, rowStep: rowStep, columnStep: columnStep), inputs, group.output,
      at: index)
  }

  /// Adds products whose B is packed in each run.
  mutating func addComputed(
    _ operation: MatrixProducts, _ group: FusedNode, at index: Int
  ) throws(ScaleNetError) {
    let geometry = operation.geometry
    try checkLimit(
      (geometry.rows + geometry.columns + 64).saturatingMultiplied(by: 2 * (geometry.depth + 64)),
      group.node.name)
    add(.computedMatrixProducts(operation), activations(of: group), group.output, at: index)
  }
}
