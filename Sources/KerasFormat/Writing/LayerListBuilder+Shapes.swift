import ModelIR

extension LayerListBuilder {
  /// A matrix of a feature map in PyTorch's order, channels outermost.
  mutating func addFlatten(_ node: Node, _ op: Flatten) throws(KerasError) {
    let x = type(node, 0)
    guard op.axis == 1 else { throw failure(node, "axis", "1", "\(op.axis)") }
    try flatten(node, x)
  }

  private mutating func flatten(_ node: Node, _ x: TensorType) throws(KerasError) {
    var input = try layer(node, 0)
    let isVector: Bool
    if case .bool(false) = setting(layers[input], "keepdims") {
      isVector = true
    } else {
      isVector = x.rank == 2
    }
    if isVector {
      setOutput(node, input)
      return
    }
    guard x.rank == 4 else { throw failure(node, "input", "rank 2 or 4", "\(x)") }
    if dataFormat == .channelsLast, x.dimensions[2] != 1 || x.dimensions[3] != 1 {
      input = appendPermutation(node, [3, 1, 2], input)
    }
    // Keras's Flatten takes what it gets as it stands if it is told that channels are last.
    setOutput(
      node,
      append(.flatten, node.name, ["data_format": .string(DataFormat.channelsLast.rawValue)], inputs: [input])
    )
  }

  private func setting(_ layer: Layer, _ key: String) -> JSON? {
    layer.settings.first { $0.key == key }?.value
  }

  mutating func addReshape(_ node: Node) throws(KerasError) {
    let x = type(node, 0)
    let y = graph[node.outputs[0]].type
    guard x.dimensions[0] == y.dimensions.first else {
      throw failure(node, "shape", "the batch \(x.dimensions[0]) first", "\(y)")
    }
    if x == y {
      setOutput(node, try layer(node, 0))
    } else if y.rank == 2 {
      try flatten(node, x)
    } else if y.rank == 4, x.rank == 2 || x.rank == 4, y.dimensions[2] == 1, y.dimensions[3] == 1,
      x.rank == 2 || (x.dimensions[2] == 1 && x.dimensions[3] == 1)
    {
      let target = Array(dataFormat.arranged(y.dimensions).dropFirst())
      try addSimple(node, .reshape, ["target_shape": .array(target.map { .integer($0.value ?? -1) })])
    } else {
      throw failure(node, "shape", "a matrix, or [N, C, 1, 1]", "\(x) to \(y)")
    }
  }

  mutating func addGemm(_ node: Node, _ op: Gemm) throws(KerasError) {
    guard op.alpha == 1, !op.transA else {
      throw failure(node, "alpha, transA", "1 and 0", "\(op.alpha) and \(op.transA ? 1 : 0)")
    }
    let (weight, weightName) = try constant(node, 1)
    let kernel = op.transB ? weight.transposed([1, 0]) : weight
    var weights = [Layer.Weight("kernel", kernel, source: weightName)]
    let hasBias = node.inputs.count > 2 && node.inputs[2] != nil
    if hasBias {
      let (bias, name) = try constant(node, 2)
      guard op.beta == 1, bias.elementCount == kernel.shape[1] else {
        throw failure(
          node, "input C", "\(kernel.shape[1]) elements and beta 1", "\(bias.shape) and beta \(op.beta)")
      }
      weights.append(Layer.Weight("bias", bias, source: name, shape: [bias.elementCount]))
    }
    let settings: KeyValuePairs<String, JSON> = [
      "units": .integer(kernel.shape[1]), "activation": "linear", "use_bias": .bool(hasBias),
    ]
    setOutput(node, append(.dense, node.name, settings, inputs: [try layer(node, 0)], weights: weights))
  }

  mutating func addResize(_ node: Node, _ op: Resize) throws(KerasError) {
    let x = type(node, 0)
    let y = graph[node.outputs[0]].type
    guard x.rank == 4, op.axes.allSatisfy({ $0 >= 2 }) else {
      throw failure(node, "axes", "height and width of rank 4", "\(op.axes) of \(x)")
    }
    let from = x.dimensions.dropFirst(2).map { $0.value ?? 0 }
    let to = y.dimensions.dropFirst(2).map { $0.value ?? 0 }
    if from == to {
      setOutput(node, try layer(node, 0))
      return
    }
    if op.mode != .nearest && (op.antialias || op.excludesOutside) {
      throw failure(
        node, "mode", "neither antialias nor exclude_outside, as Keras's Resizing", op.mode.rawValue)
    }
    switch op.mode {
    case .cubic:
      throw failure(node, "mode", "nearest or linear", op.mode.rawValue)
    case .linear:
      // The two differ where one row or column is made of several.
      let isHalfPixel =
        op.coordinateTransformation == .halfPixel || op.coordinateTransformation == .halfPixelSymmetric
        || (op.coordinateTransformation == .pytorchHalfPixel && to.allSatisfy { $0 > 1 })
      guard isHalfPixel else {
        throw failure(
          node, "coordinate_transformation_mode", "half_pixel, as Keras's Resizing has it",
          op.coordinateTransformation.rawValue)
      }
      try addResizing(node, to, "bilinear")
    case .nearest:
      let sampling = zip(from, to).map { NearestSampling(op, from: $0, to: $1) }
      let factors = zip(from, to).map { $1 / max($0, 1) }
      if zip(from, to).allSatisfy({ $0 > 0 && $1 % $0 == 0 }),
        zip(sampling, factors).allSatisfy({ $0.isRepetition(by: $1) })
      {
        try addSimple(
          node, .upSampling2D,
          ["size": .array(factors.map(JSON.integer)), "data_format": format, "interpolation": "nearest"])
      } else if sampling.allSatisfy(\.isTensorFlows) {
        try addResizing(node, to, "nearest")
      } else {
        throw failure(
          node, "sizes", "whole factors, or TensorFlow's choice of neighbours", "\(from) to \(to)")
      }
    }
  }

  /// Keras 2's Resizing knows channels last only.
  private mutating func addResizing(_ node: Node, _ size: [Int], _ interpolation: String) throws(KerasError) {
    var input = try layer(node, 0)
    if dataFormat == .channelsFirst { input = appendPermutation(node, [2, 3, 1], input) }
    var output = append(
      .resizing, node.name,
      [
        "height": .integer(size[0]), "width": .integer(size[1]), "interpolation": .string(interpolation),
        "crop_to_aspect_ratio": false,
      ], inputs: [input])
    if dataFormat == .channelsFirst { output = appendPermutation(node, [3, 1, 2], output) }
    setOutput(node, output)
  }

  private mutating func appendPermutation(_ node: Node, _ order: [Int], _ input: Int) -> Int {
    append(.permute, "\(node.name)_permute", ["dims": .array(order.map(JSON.integer))], inputs: [input])
  }
}
