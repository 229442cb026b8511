import FileIO
internal import Kernels
internal import ModelIR

// Safe: addresses are those of operands that the plan has laid out in the arena, with room for the shapes that the
// kernels were prepared for; the arena lives as long as the executor.

extension Executor {
  /// Calls the kernel of a step.
  func perform(_ step: Step<Scalar>, _ memory: PlanMemory<Scalar>) throws(ScaleNetError) {
    switch step.operation {
    case .reference(let reference): return try evaluate(reference, step, memory)
    case .passingConvolution(let convolution): return try pass(convolution, step, memory)
    case .passingProduct(let product): return try pass(product, step, memory)
    case .tiled(let tiles):
      for tile in tiles.tiles {
        for step in tiles.steps { try perform(tiles.step(step, tile), memory) }
      }
      return
    default: break  // What cannot fail follows.
    }
    let output = unsafe memory.map(step.output)
    func input(_ index: Int) -> FeatureMap<Scalar> { unsafe memory.map(step.inputs[index]) }
    func address(_ index: Int) -> UnsafePointer<Scalar> {
      unsafe UnsafePointer(memory.address(step.inputs[index]))
    }
    switch step.operation {
    case .convolution(let prepared, let appliesReLU):
      unsafe prepared.run(
        input(0), into: output, residual: step.inputs.count > 1 ? input(1) : nil, appliesReLU: appliesReLU,
        workspace: memory.workspace, threads: memory.pool)
    case .blockedConvolution(let prepared, let function):
      unsafe prepared.run(
        input(0), into: output, residual: step.inputs.count > 1 ? input(1) : nil, function: function,
        workspace: memory.workspace, threads: memory.pool)
    case .reorder:
      unsafe kernels.blocked?.reorder(
        input(0), step.inputs[0].images.blocks, into: output, step.output.images.blocks, threads: memory.pool)
    case .matrixProduct(let prepared, let rowStep, let columnStep):
      unsafe prepared.run(
        a: address(0), c: step.inputs.count > 1 ? (address(1), rowStep, columnStep) : nil,
        into: output.elements, workspace: memory.workspace, threads: memory.pool)
    case .computedConvolution(let geometry, let hasBias, let appliesReLU):
      convolve(step, geometry, hasBias: hasBias, appliesReLU: appliesReLU, memory)
    case .computedMatrixProducts(let products):
      multiply(step, products, memory)
    case .maxPool(let window):
      unsafe kernels.maxPool(window, input(0), into: output, threads: memory.pool)
    case .averagePool(let window, let countsPadding):
      unsafe kernels.averagePool(
        window, countsPadding: countsPadding, input(0), into: output, threads: memory.pool)
    case .globalAveragePool:
      unsafe kernels.globalAveragePool(input(0), into: output, threads: memory.pool)
    case .resize(let resampling):
      unsafe kernels.resize(resampling, input(0), into: output, threads: memory.pool)
    case .interpolate(let passes):
      unsafe interpolate(passes, address(0), into: output.elements, memory)
    case .move(let movement):
      unsafe movement.run(address(0), into: output.elements, threads: memory.pool)
    case .mean(let reduction):
      unsafe reduction.mean(address(0), into: output.elements, threads: memory.pool)
    case .localResponse(let response):
      unsafe response.run(input(0), into: output, threads: memory.pool)
    case .normalize(let epsilon, let appliesReLU):
      normalize(step, epsilon: epsilon, appliesReLU: appliesReLU, memory)
    case .scaleAndShift(let appliesReLU):
      unsafe kernels.scaleAndShift(
        input(0), scale: address(1), shift: address(2), appliesReLU: appliesReLU, into: output,
        threads: memory.pool)
    case .unary(let function):
      unsafe kernels.apply(function, input(0), into: output, threads: memory.pool)
    case .binary(let function, let broadcasting, let appliesReLU):
      unsafe kernels.combine(
        function, address(0), address(1), broadcasting, appliesReLU: appliesReLU, into: output.elements,
        threads: memory.pool)
    case .softmax(let outer, let count, let inner):
      unsafe kernels.softmax(
        address(0), outer: outer, count: count, inner: inner, into: output.elements, threads: memory.pool)
    case .normalizeRows(let normalization):
      unsafe kernels.normalizeRows(
        normalization, address(0), scale: step.inputs.count > 1 ? address(1) : nil,
        shift: step.inputs.count > 2 ? address(2) : nil, into: output.elements, threads: memory.pool)
    case .copy(let type):
      unsafe copy(input(0), into: output, roundedTo: type)
    case .alias, .difference, .tiled, .reference, .passingConvolution, .passingProduct:
      break
    }
  }

  /// Copies images, rounded to a half type if one is given.
  private func copy(_ input: FeatureMap<Scalar>, into output: FeatureMap<Scalar>, roundedTo type: DataType?) {
    let size = unsafe input.channels * input.planeSize
    for image in unsafe 0..<input.batch {
      let source = unsafe input.elements + image * input.batchStride
      let target = unsafe output.elements + image * output.batchStride
      if let type {
        unsafe Scalar.round(source, into: target, count: size, to: type)
      } else {
        unsafe target.update(from: source, count: size)
      }
    }
  }
}
