import FileIO
import JSONText
import ModelIR

extension LayerListBuilder {
  mutating func addBatchNormalization(_ node: Node, _ op: BatchNormalization) throws(ScaleNetError) {
    var weights: [Layer.Weight] = []
    for (index, name) in ["gamma", "beta", "moving_mean", "moving_variance"].enumerated() {
      let (tensor, source) = try constant(node, index + 1)
      weights.append(Layer.Weight(name, tensor, source: source))
    }
    let input = try placement(node, 0)
    guard let axis = input.order.firstIndex(of: 1), axis > 0 else {
      throw failure(node, "input X", "channels behind the batch", "axes in the order \(input.order)")
    }
    // PyTorch's momentum of 0.1 is the share of what is new, Keras's that of what stays.
    let settings: KeyValuePairs<String, JSON> = [
      "axis": [.integer(axis)], "momentum": .number(0.9), "epsilon": .number(Self.decimal(op.epsilon)),
      "center": true, "scale": true,
    ]
    setOutput(
      node, append(.batchNormalization, node.name, settings, inputs: [input.layer], weights: weights),
      order: input.order)
  }

  /// Keras has a weight for each position along the normalised axis. Several axes become one: Keras 3 reads no more from
  /// a configuration of this form.
  mutating func addLayerNormalization(_ node: Node, _ op: LayerNormalization) throws(ScaleNetError) {
    guard op.outputCount == 1 else { throw failure(node, "outputs", "1", "\(op.outputCount)") }
    var input = try placement(node, 0)
    let x = type(node, 0)
    guard input.order.count == x.rank, op.axis > 0, input.order[0] == 0 else {
      throw failure(node, "axis", "axes behind the batch", "\(op.axis)")
    }
    let extents = x.dimensions.dropFirst().map { $0.value ?? 0 }
    let normalized = Array(extents.dropFirst(op.axis - 1))
    let count = normalized.reduce(1, *)
    let hasOffset = node.inputs.count > 2 && node.inputs[2] != nil
    var weights: [Layer.Weight] = []
    for (index, name) in hasOffset ? [(1, "gamma"), (2, "beta")] : [(1, "gamma")] {
      let (tensor, source) = try constant(node, index)
      let aligned = try aligned(tensor, rank: x.rank, name: source)
      guard aligned.shape.elementCount == count,
        Array(aligned.shape.dimensions.suffix(normalized.count)) == normalized
      else {
        throw failure(node, "input \(index)", "one number for each normalised position", "\(tensor.shape)")
      }
      weights.append(Layer.Weight(name, aligned, source: source, shape: [count]))
    }
    var position = input.order.firstIndex(of: op.axis) ?? 0
    if normalized.count > 1 {
      let source = try arranged(node, input, Array(0..<x.rank))
      let rows = Array(extents.prefix(op.axis - 1)) + [count]
      input = Placement(layer: appendReshape("\(node.name)_rows", rows, source), order: Array(0..<x.rank))
      position = op.axis
    }
    let settings: KeyValuePairs<String, JSON> = [
      "axis": [.integer(position)], "epsilon": .number(Self.decimal(op.epsilon)), "center": .bool(hasOffset),
      "scale": true,
    ]
    let layer = append(.layerNormalization, node.name, settings, inputs: [input.layer], weights: weights)
    setOutput(
      node, normalized.count > 1 ? appendReshape("\(node.name)_back", Array(extents), layer) : layer,
      order: input.order)
  }

  mutating func addGroupNormalization(
    _ node: Node, groups: Int, epsilon: Float, scalesGroups: Bool
  ) throws(ScaleNetError) {
    guard !scalesGroups else {
      throw failure(node, "input scale", "one number for each channel", "one for each group")
    }
    guard type(node, 0).rank == 4 else { throw failure(node, "input X", "rank 4", "\(type(node, 0))") }
    let order = dataFormat.order
    let input = try layer(node, 0, order: order)
    var weights: [Layer.Weight] = []
    for (index, name) in [(1, "gamma"), (2, "beta")] {
      let (tensor, source) = try constant(node, index)
      weights.append(Layer.Weight(name, tensor, source: source))
    }
    let settings: KeyValuePairs<String, JSON> = [
      "groups": .integer(groups), "axis": .integer(order.firstIndex(of: 1) ?? 3),
      "epsilon": .number(Self.decimal(epsilon)), "center": true, "scale": true,
    ]
    setOutput(
      node, append(.groupNormalization, node.name, settings, inputs: [input], weights: weights), order: order)
  }

  mutating func addLpNormalization(_ node: Node, _ op: LpNormalization) throws(ScaleNetError) {
    guard op.p == 2 else { throw failure(node, "p", "2, as UnitNormalization has it", "\(op.p)") }
    let input = try placement(node, 0)
    guard let axis = input.order.firstIndex(of: op.axis), axis > 0 else {
      throw failure(node, "axis", "an axis behind the batch", "\(op.axis)")
    }
    try addUnary(node, .unitNormalization, ["axis": .integer(axis)])
  }
}
