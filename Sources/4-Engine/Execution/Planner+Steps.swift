import FileIO
internal import Kernels
internal import ModelIR

extension Planner {
  /// Adds the steps that compute a group.
  mutating func addSteps(for group: FusedNode, at index: Int) throws(ScaleNetError) {
    let node = group.node
    let output = group.output
    guard graph.hasFastKernel(node), let first = node.inputs[0] else {
      try addReference(node, at: index)
      return
    }
    if group.reorders {
      addReorder(first, group, at: index)
      return
    }
    switch node.op {
    case .conv(let conv):
      try addConvolution(conv, group, first, at: index)
    case .gemm(let gemm):
      try addMatrixProduct(gemm, group, first, at: index)
    case .batchNormalization(let normalization):
      try addNormalization(normalization, group, first, at: index)
    case .binary(let function):
      guard let kernel = BinaryFunction(function) else { return try addReference(node, at: index) }
      addBinary(kernel, group, at: index)
    case .unary(let function):
      guard let kernel = UnaryFunction(function) else { return try addReference(node, at: index) }
      add(.unary(kernel), [first], output, overwrites: true, at: index)
    case .lrn(let lrn):
      let response = LocalResponse(
        size: lrn.size, alpha: Double(lrn.alpha), beta: Double(lrn.beta), bias: Double(lrn.bias))
      add(.localResponse(response), [first], output, at: index)
    case .matMul:
      try addMatMul(group, at: index)
    case .transpose, .slice, .gather, .expand, .pad:
      addMove(group, first, at: index)
    case .reduce(let mean):
      addMean(mean, group, first, at: index)
    case .softmax(let softmax):
      let shape = shapes[first.index]
      let operation = Operation<Scalar>.softmax(
        outer: shape[..<softmax.axis].reduce(1, *), count: shape[softmax.axis],
        inner: shape[(softmax.axis + 1)...].reduce(1, *))
      add(operation, [first], output, overwrites: true, at: index)
    case .layerNormalization(let normalization):
      addRowNormalization(
        axis: normalization.axis, subtractsMean: true, epsilon: normalization.epsilon, group, at: index)
    case .rmsNormalization(let normalization):
      addRowNormalization(
        axis: normalization.axis, subtractsMean: false, epsilon: normalization.epsilon, group, at: index)
    case .groupNormalization(let normalization):
      addGroupNormalization(groups: normalization.groups, epsilon: normalization.epsilon, group, at: index)
    case .instanceNormalization(let normalization):
      addGroupNormalization(
        groups: shapes[first.index][1], epsilon: normalization.epsilon, group, at: index)
    case .maxPool(let pool):
      add(.maxPool(Kernels.Window(pool.window)), [first], output, at: index)
    case .averagePool(let pool):
      let window = Kernels.Window(pool.window)
      add(.averagePool(window, countsPadding: pool.countIncludePad), [first], output, at: index)
    case .globalPool(.average):
      add(.globalAveragePool, [first], output, at: index)
    case .globalPool(.max):
      let shape = shapes[first.index]
      add(.maxPool(Kernels.Window(kernel: Extent(shape[2], shape[3]))), [first], output, at: index)
    case .resize(let resize):
      guard let resampling = Resampling(resize, input: shapes[first.index], output: shapes[output.index])
      else {
        if resize.mode == .nearest {
          addMove(group, first, at: index)
        } else if resize.axes.isEmpty {
          add(.copy(nil), [first], output, at: index)
        } else {
          try addInterpolation(resize, group, first, at: index)
        }
        return
      }
      add(.resize(resampling), [first], output, at: index)
    case .concat(let concat):
      addConcatenation(concat, group, at: index)
    case .identity, .flatten, .reshape, .squeeze, .unsqueeze:
      add(.alias, [first], output, at: index)
    case .cast(let cast):
      let rounds = Self.rounds(cast, from: graph[first].type.dataType)
      add(rounds ? .copy(cast.to) : .alias, [first], output, overwrites: rounds, at: index)
    case .globalPool(.lp), .variadic, .where, .argExtremum, .topK, .cumSum, .logSoftmax, .hardmax,
      .convTranspose, .lpPool, .maxUnpool, .einsum, .attention, .recurrent,
      .lpNormalization,
      .meanVarianceNormalization, .tile, .shape, .size, .trilu, .eyeLike, .reverseSequence, .gatherElements,
      .gatherND, .scatterElements, .scatterND, .oneHot, .nonZero, .bitCast, .compress, .unique, .depthToSpace,
      .spaceToDepth, .gridSample, .roiAlign, .nonMaxSuppression, .quantizeLinear, .dequantizeLinear,
      .dynamicQuantizeLinear, .convInteger, .matMulInteger, .qLinearConv, .qLinearMatMul, .computed:
      try addReference(node, at: index)
    }
  }

  /// Brings the channels of a value into the order of another one.
  private mutating func addReorder(_ input: ValueID, _ group: FusedNode, at index: Int) {
    let target = write(group.output, at: index)
    var source = place(input)
    if shapes[input.index].count == 3 { source.images = ImageShape([1] + shapes[input.index]) }
    steps.append(Step(operation: .reorder, inputs: [source], output: target, value: nil))
  }

  private mutating func addMean(
    _ mean: Reduce, _ group: FusedNode, _ input: ValueID, at index: Int
  ) {
    let shape = shapes[input.index]
    if layouts[input.index] != nil {
      add(.globalAveragePool, [input], group.output, at: index)
      return
    }
    let trailing = shape.count - mean.axes.count
    guard !mean.axes.isEmpty, mean.axes == Array(trailing..<shape.count) else {
      let reduction = Reduction(shape: shape, axes: Set(mean.axes))
      add(.mean(reduction), [input], group.output, at: index)
      return
    }
    // The means of planes.
    let target = write(group.output, at: index)
    var (source, result) = (place(input), target)
    let planes = shape[..<trailing].reduce(1, *)
    source.images = ImageShape([1, planes, 1, shape[trailing...].reduce(1, *)])
    result.images = ImageShape([1, planes, 1, 1])
    steps.append(Step(operation: .globalAveragePool, inputs: [source], output: result, value: nil))
    steps.append(Step(operation: .alias, inputs: [], output: target, value: group.output))
  }

  private mutating func addRowNormalization(
    axis: Int, subtractsMean: Bool, epsilon: Float, _ group: FusedNode, at index: Int
  ) {
    let operands = group.node.inputs.compactMap { $0 }
    let shape = shapes[operands[0].index]
    let normalization = RowNormalization(
      rows: shape[..<axis].reduce(1, *), count: shape[axis...].reduce(1, *), subtractsMean: subtractsMean,
      epsilon: epsilon)
    overwrite(operands[0], with: group.output, others: operands, at: index)
    add(.normalizeRows(normalization), operands, group.output, at: index)
  }

  /// Groups of channels are rows; then every channel has its factor and its term.
  private mutating func addGroupNormalization(
    groups: Int, epsilon: Float, _ group: FusedNode, at index: Int
  ) {
    let operands = group.node.inputs.compactMap { $0 }
    let shape = shapes[operands[0].index]
    let normalization = RowNormalization(
      rows: shape[0] * groups, count: shape[1...].reduce(1, *) / groups, epsilon: epsilon)
    overwrite(operands[0], with: group.output, others: operands, at: index)
    let target = write(group.output, at: index)
    steps.append(
      Step(
        operation: .normalizeRows(normalization), inputs: [place(operands[0])], output: target, value: nil))
    steps.append(
      Step(
        operation: .scaleAndShift(appliesReLU: false),
        inputs: [target] + operands.dropFirst().map { place($0) },
        output: target, value: group.output))
  }

  /// Adds one step that computes a whole value.
  mutating func add(
    _ operation: Operation<Scalar>, _ inputs: [ValueID], _ output: ValueID, overwrites: Bool = false,
    at group: Int
  ) {
    if overwrites { overwrite(inputs[0], with: output, at: group) }
    let target: Operand
    if case .alias = operation { target = place(output) } else { target = write(output, at: group) }
    steps.append(
      Step(operation: operation, inputs: inputs.map { place($0) }, output: target, value: output))
  }

  private mutating func addBinary(_ function: BinaryFunction, _ group: FusedNode, at index: Int) {
    let operands = group.node.inputs.compactMap { $0 }
    if isOnlyShown(group, operands), function == .subtract {
      let places = operands.map { place($0) }
      steps.append(Step(operation: .difference, inputs: places, output: places[0], value: group.output))
      return
    }
    for operand in operands { overwrite(operand, with: group.output, others: operands, at: index) }
    let target = write(group.output, at: index)
    let shape = shapes[group.output.index]
    if layouts[group.output.index] != nil {
      addBlockedBinary(function, group, operands, target)
      return
    }
    let broadcasting = Broadcasting(
      dimensions: shape, leftStrides: strides(operands[0], in: shape),
      rightStrides: strides(operands[1], in: shape), outputStrides: strides(group.output, in: shape))
    steps.append(
      Step(
        operation: .binary(function, broadcasting, appliesReLU: group.appliesReLU),
        inputs: operands.map { place($0) }, output: target, value: group.output))
  }

  /// Whether nothing reads what is computed of two values of its shape and order, and it is shown block by block.
  private func isOnlyShown(_ group: FusedNode, _ operands: [ValueID]) -> Bool {
    let output = group.output
    return options.shownInBlocks?.contains(output) ?? false && readers[output.index].isEmpty
      && !graph.outputs.contains(output) && !group.appliesReLU
      && operands.allSatisfy {
        shapes[$0.index] == shapes[output.index] && layouts[$0.index] == layouts[output.index]
      }
  }

  /// The axes of blocks are images, blocks, pixels and lanes.
  private mutating func addBlockedBinary(
    _ function: BinaryFunction, _ group: FusedNode, _ operands: [ValueID], _ target: Operand
  ) {
    let images = target.images
    let lanes = images.blocks?.lanes ?? 1
    let pixels = images.height * images.width
    func strides(_ operand: Operand) -> [Int] {
      guard operand.images.blocks != nil else { return [0, 0, 0, 0] }
      let own = operand.images.height * operand.images.width
      return [
        operand.images.batch == 1 && images.batch > 1 ? 0 : operand.images.batchStride, own * lanes,
        own == 1 && pixels > 1 ? 0 : lanes, 1,
      ]
    }
    let broadcasting = Broadcasting(
      dimensions: [images.batch, images.channels / lanes, pixels, lanes],
      leftStrides: strides(place(operands[0])),
      rightStrides: strides(place(operands[1])), outputStrides: strides(target))
    steps.append(
      Step(
        operation: .binary(function, broadcasting, appliesReLU: group.appliesReLU),
        inputs: operands.map { place($0) }, output: target, value: group.output))
  }

  /// Strides of a value under the extents of what it is broadcast to.
  private func strides(_ id: ValueID, in output: [Int]) -> [Int] {
    let own = shapes[id.index]
    let added = [Int](repeating: 1, count: output.count - own.count)
    var strides = Broadcasting.strides(added + own, in: output)
    if own.count > 1 && own[0] > 1 { strides[added.count] = place(id).images.batchStride }
    return strides
  }

  /// Whether a value was produced where a part of another one lies.
  private func isInPlace(_ value: Operand, _ part: Operand, batchStride: Int) -> Bool {
    !value.isConstant && value.root == part.root && value.offset == part.offset
      && (value.images.batch == 1 || value.images.batchStride == batchStride)
  }

  /// Copies the inputs that were not produced in their place.
  private mutating func addConcatenation(_ concat: Concat, _ group: FusedNode, at index: Int) {
    let shape = storedShape(group.output)
    let axis = concat.axis
    let target = write(group.output, at: index)
    var start = 0
    for case let input? in group.node.inputs {
      let own = storedShape(input)
      var source = place(input)
      var part = target
      part.offset +=
        axis == 0
        ? start * (shape.count > 1 ? target.images.batchStride : 1) : start * own[(axis + 1)...].reduce(1, *)
      if !isInPlace(source, part, batchStride: target.images.batchStride) && !own.contains(0) {
        if axis == 0 {
          part.images = ImageShape(own)
          if shape.count > 1 { part.images.batchStride = target.images.batchStride }
        } else {
          // As many rows as there are indices before the axis.
          let length = own[axis...].reduce(1, *)
          let rows = own[..<axis].reduce(1, *)
          part.images = ImageShape([rows, 1, 1, length])
          part.images.batchStride = axis == 1 ? target.images.batchStride : shape[axis...].reduce(1, *)
          let stride = axis == 1 ? source.images.batchStride : length
          source.images = part.images
          source.images.batchStride = stride
        }
        steps.append(Step(operation: .copy(nil), inputs: [source], output: part, value: nil))
      }
      start += own[axis]
    }
    steps.append(Step(operation: .alias, inputs: [], output: target, value: group.output))
  }
}
