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
      add(rounds ? .copy(cast.to) : .alias, [first], output, at: index)
    case .globalPool(.lp), .variadic, .where, .argExtremum, .topK, .cumSum, .logSoftmax, .hardmax,
      .convTranspose, .lpPool, .maxUnpool, .einsum, .attention, .recurrent,
      .layerNormalization,
      .rmsNormalization, .instanceNormalization, .groupNormalization, .lpNormalization,
      .meanVarianceNormalization, .tile, .shape, .size, .trilu, .eyeLike, .reverseSequence, .gatherElements,
      .gatherND, .scatterElements, .scatterND, .oneHot, .nonZero, .compress, .unique, .depthToSpace,
      .spaceToDepth, .gridSample, .roiAlign, .nonMaxSuppression, .quantizeLinear, .dequantizeLinear,
      .dynamicQuantizeLinear, .convInteger, .matMulInteger, .qLinearConv, .qLinearMatMul, .computed:
      try addReference(node, at: index)
    }
  }

  private mutating func addMean(
    _ mean: Reduce, _ group: FusedNode, _ input: ValueID, at index: Int
  ) {
    let shape = shapes[input.index]
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
    for operand in operands { overwrite(operand, with: group.output, others: operands, at: index) }
    let target = write(group.output, at: index)
    let shape = shapes[group.output.index]
    let broadcasting = Broadcasting(
      dimensions: shape, leftStrides: strides(operands[0], in: shape),
      rightStrides: strides(operands[1], in: shape), outputStrides: strides(group.output, in: shape))
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

  /// Copies the inputs that were not produced in their place.
  private mutating func addConcatenation(_ concat: Concat, _ group: FusedNode, at index: Int) {
    let shape = shapes[group.output.index]
    let axis = concat.axis
    let target = write(group.output, at: index)
    var start = 0
    for case let input? in group.node.inputs {
      let own = shapes[input.index]
      let home = homes[input.index]
      let isInPlace = home == .inside(group.output, axis: axis, start: start)
      if !isInPlace && !own.contains(0) {
        var source = place(input)
        var part = target
        if axis == 0 {
          part.offset += start * (shape.count > 1 ? target.images.batchStride : 1)
          part.images = ImageShape(own)
          if shape.count > 1 { part.images.batchStride = target.images.batchStride }
        } else {
          // As many rows as there are indices before the axis.
          let length = own[axis...].reduce(1, *)
          let rows = own[..<axis].reduce(1, *)
          part.offset += start * own[(axis + 1)...].reduce(1, *)
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
