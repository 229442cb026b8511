import FileIO
internal import Kernels
internal import ModelIR

// Safe: weights are as many as the geometry has, which follows from their own shape, and kernels copy what they are
// given while they are prepared.

/// Steps whose kernels take weights.
extension Planner {
  /// The elements of a weight that is known before the graph runs. Empty for an input that is left out.
  private mutating func weight(_ node: Node, _ position: Int) throws(ScaleNetError) -> [Scalar] {
    guard position < node.inputs.count, let id = node.inputs[position] else { return [] }
    return try readInitializer(id, copies: 1)
  }

  @_specialize(where Scalar == Float)
  @_specialize(where Scalar == Double)
  mutating func addConvolution(
    _ conv: Conv, _ group: FusedNode, _ input: ValueID, at index: Int
  ) throws(ScaleNetError) {
    let shape = shapes[input.index]
    let geometry = Convolution(conv, input: shape, output: shapes[group.output.index])
    try checkWorkspace(geometry, group.node)
    guard isPrepared(group) else {
      // Room for the packed weights and the padded input is taken in each run.
      try checkLimit(3 * (geometry.weightCount + shape.reduce(1, *)), group.node.name)
      let operands = activations(of: group)
      if let residual = group.residual {
        overwrite(
          residual, with: group.output, others: operands.filter { $0 != residual } + [input], at: index)
      }
      let hasBias = group.node.inputs.count > 2 && group.node.inputs[2] != nil
      add(
        .computedConvolution(geometry, hasBias: hasBias, appliesReLU: group.appliesReLU), operands,
        group.output, at: index)
      return
    }
    if !options.keepsWeights, group.batchNormalization == nil, let id = group.node.inputs[1],
      let tensor = graph[id].initializer
    {
      let convolution = PassingConvolution(
        geometry: geometry, weight: PassingWeight(tensor: tensor, name: graph[id].name),
        bias: try weight(group.node, 2), input: layouts[input.index], function: group.function,
        appliesReLU: group.appliesReLU)
      addConvolution(.passingConvolution(convolution), group, input, at: index)
      return
    }
    var weights = try weight(group.node, 1)
    var bias = try weight(group.node, 2)
    if let node = group.batchNormalization, case .batchNormalization(let normalization) = node.op {
      let (scale, shift) = try scaleAndShift(node, normalization)
      let depth = geometry.depth
      for channel in scale.indices {
        for place in channel * depth..<(channel + 1) * depth { weights[place] *= scale[channel] }
      }
      bias = shift.indices.map { shift[$0] + (bias.isEmpty ? 0 : bias[$0] * scale[$0]) }
    }
    let operation: Operation<Scalar> = unsafe weights.withUnsafeBufferPointer { weights in
      unsafe bias.withUnsafeBufferPointer { bias in
        let bias = bias.isEmpty ? nil : bias.baseAddress
        if let blocked = kernels.blocked {
          let prepared = unsafe blocked.blockedConvolution(
            geometry, weights: weights.baseAddress!, bias: bias, input: layouts[input.index])
          workspaceCount = max(workspaceCount, prepared.workspaceCount(threads: threads))
          return .blockedConvolution(prepared, group.function)
        }
        let prepared = unsafe kernels.convolution(geometry, weights: weights.baseAddress!, bias: bias)
        workspaceCount = max(workspaceCount, prepared.workspaceCount(threads: threads))
        return .convolution(prepared, appliesReLU: group.appliesReLU)
      }
    }
    addConvolution(operation, group, input, at: index)
  }

  private mutating func addConvolution(
    _ operation: Operation<Scalar>, _ group: FusedNode, _ input: ValueID, at index: Int
  ) {
    // The residual is read pixel by pixel as the output is written; the input is read around each pixel.
    if let residual = group.residual, root(of: residual) != root(of: input) {
      overwrite(residual, with: group.output, at: index)
    }
    add(operation, [input] + (group.residual.map { [$0] } ?? []), group.output, at: index)
  }

  /// Refuses convolutions whose padded images pass all bounds, before anybody computes with their sizes.
  private func checkWorkspace(_ geometry: Convolution, _ node: Node) throws(ScaleNetError) {
    let padding = geometry.window.padding
    var count = MemoryLayout<Scalar>.size
    for factor in [
      geometry.batch, geometry.inputChannels,
      geometry.input.height + padding.top + padding.bottom + geometry.window.strides.height,
      geometry.input.width + padding.left + padding.right + geometry.window.strides.width,
    ] {
      let (product, overflow) = count.multipliedReportingOverflow(by: factor)
      guard !overflow, product <= options.memoryLimit else {
        throw .tooLarge(what: node.name, bytes: overflow ? nil : product, limit: options.memoryLimit)
      }
      count = product
    }
    // Places within an image are 32-bit numbers.
    guard count / geometry.batch / MemoryLayout<Scalar>.size <= Int(Int32.max) else {
      throw .tooLarge(what: node.name, bytes: count, limit: Int(Int32.max) * MemoryLayout<Scalar>.size)
    }
  }

  mutating func addMatrixProduct(
    _ gemm: Gemm, _ group: FusedNode, _ a: ValueID, at index: Int
  ) throws(ScaleNetError) {
    let shape = shapes[group.output.index]
    let geometry = MatrixProduct(
      rows: shape[0], columns: shape[1], depth: shapes[a.index][gemm.transA ? 0 : 1],
      transposesA: gemm.transA, transposesB: gemm.transB, alpha: Double(gemm.alpha), beta: Double(gemm.beta))
    guard isPrepared(group) else {
      var operation = MatrixProducts(
        geometry: geometry,
        batch: Broadcasting(dimensions: [], leftStrides: [], rightStrides: [], outputStrides: []))
      if group.node.inputs.count > 2, let c = group.node.inputs[2] {
        let own = shapes[c.index]
        let steps = Broadcasting.strides([Int](repeating: 1, count: 2 - own.count) + own, in: shape)
        (operation.rowStep, operation.columnStep) = (steps[0], steps[1])
      }
      try addComputed(operation, group, at: index)
      return
    }
    var inputs = [a]
    var steps = [0, 0]
    if group.node.inputs.count > 2, let c = group.node.inputs[2] {
      inputs.append(c)
      let own = shapes[c.index]
      steps = Broadcasting.strides([Int](repeating: 1, count: 2 - own.count) + own, in: shape)
    }
    try addPrepared(geometry, group, inputs, rowStep: steps[0], columnStep: steps[1], at: index)
  }

  mutating func addNormalization(
    _ normalization: BatchNormalization, _ group: FusedNode, _ input: ValueID, at index: Int
  ) throws(ScaleNetError) {
    guard isPrepared(group) else {
      let operands = activations(of: group)
      try needWorkspace(2 * shapes[input.index][1], group.node)
      overwrite(input, with: group.output, others: operands, at: index)
      let operation = Operation<Scalar>.normalize(
        epsilon: normalization.epsilon, appliesReLU: group.appliesReLU)
      add(operation, operands, group.output, at: index)
      return
    }
    let (scale, shift) = try scaleAndShift(group.node, normalization)
    overwrite(input, with: group.output, at: index)
    let target = write(group.output, at: index)
    func constant(_ elements: [Scalar]) -> Operand {
      Operand(
        isConstant: true, root: input, offset: addConstant(elements), images: ImageShape([elements.count]))
    }
    // Empty lanes stay what they are.
    let factors = layouts[input.index]?.spread(scale, empty: 1) ?? scale
    let terms = layouts[input.index]?.spread(shift, empty: 0) ?? shift
    let operands = [place(input), constant(factors), constant(terms)]
    steps.append(
      Step(
        operation: .scaleAndShift(appliesReLU: group.appliesReLU), inputs: operands, output: target,
        value: group.output))
  }

  /// `(x - mean) / sqrt(variance + epsilon) * gamma + beta` as one factor and one term for each channel, computed in
  /// Double.
  @_specialize(where Scalar == Float)
  @_specialize(where Scalar == Double)
  private mutating func scaleAndShift(
    _ node: Node, _ normalization: BatchNormalization
  ) throws(ScaleNetError) -> (scale: [Scalar], shift: [Scalar]) {
    let gamma = try weight(node, 1).map { Double($0) }
    let beta = try weight(node, 2).map { Double($0) }
    let mean = try weight(node, 3).map { Double($0) }
    let variance = try weight(node, 4).map { Double($0) }
    let scale = zip(gamma, variance).map { $0 / ($1 + Double(normalization.epsilon)).squareRoot() }
    let shift = beta.indices.map { beta[$0] - mean[$0] * scale[$0] }
    return (scale.map { Scalar($0) }, shift.map { Scalar($0) })
  }
}
