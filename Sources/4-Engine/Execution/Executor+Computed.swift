internal import Kernels
internal import ModelIR

// Safe: addresses are those of operands that the plan has laid out in the arena, with room for the shapes that the
// kernels were prepared for; the arena lives as long as the executor.

/// Steps whose weights are computed by the graph, or that work in several passes.
extension Executor {
  /// Packs the weights, then convolves.
  func convolve(
    _ step: Step<Scalar>, _ geometry: Convolution, hasBias: Bool, appliesReLU: Bool,
    _ memory: PlanMemory<Scalar>
  ) {
    func address(_ index: Int) -> UnsafePointer<Scalar> {
      unsafe UnsafePointer(memory.address(step.inputs[index]))
    }
    let prepared = unsafe kernels.convolution(geometry, weights: address(1), bias: hasBias ? address(2) : nil)
    let workspace = AlignedMemory<Scalar>(count: prepared.workspaceCount(threads: memory.pool.count))
    let residual = hasBias ? 3 : 2
    unsafe prepared.run(
      memory.map(step.inputs[0]), into: memory.map(step.output),
      residual: step.inputs.count > residual ? memory.map(step.inputs[residual]) : nil,
      appliesReLU: appliesReLU, workspace: workspace.elements, threads: memory.pool)
    withExtendedLifetime(workspace) {}
  }

  /// Multiplies; B is packed once for products that follow each other with it. Where there are products for all threads,
  /// each computes some by itself; they share the work on what is left.
  func multiply(_ step: Step<Scalar>, _ products: MatrixProducts, _ memory: PlanMemory<Scalar>) {
    let geometry = products.geometry
    let a = unsafe UnsafePointer(memory.address(step.inputs[0]))
    let b = unsafe UnsafePointer(memory.address(step.inputs[1]))
    let c = unsafe step.inputs.count > 2 ? UnsafePointer(memory.address(step.inputs[2])) : nil
    let target = unsafe memory.address(step.output)
    func compute(_ index: Int, _ room: ProductRoom<Scalar>, _ threads: ThreadPool) {
      let place = products.offsets(of: index)
      unsafe room.pack(b + place.b)
      unsafe room.product.run(
        a: a + place.a, c: c.map { unsafe ($0, products.rowStep, products.columnStep) },
        into: target + index * geometry.rows * geometry.columns, workspace: room.workspace.elements,
        threads: threads)
    }
    let rooms = memory.rooms(for: geometry) { unsafe kernels.matrixProduct(geometry, b: b) }
    let apart = rooms.count > 1 ? products.count / rooms.count * rooms.count : 0
    memory.pool.parallelFor(apart) { index, worker in compute(index, rooms[worker], memory.alone) }
    for index in apart..<products.count { compute(index, rooms[0], memory.pool) }
  }

  /// Finds a factor and a term for each channel, then applies them.
  func normalize(
    _ step: Step<Scalar>, epsilon: Float, appliesReLU: Bool, _ memory: PlanMemory<Scalar>
  ) {
    let input = unsafe memory.map(step.inputs[0])
    let channels = unsafe input.channels
    let (scale, shift) = unsafe (memory.workspace, memory.workspace + channels)
    func value(_ position: Int, _ channel: Int) -> Double {
      unsafe Double(memory.address(step.inputs[position])[channel])
    }
    for channel in 0..<channels {
      let factor = value(1, channel) / (value(4, channel) + Double(epsilon)).squareRoot()
      unsafe scale[channel] = Scalar(factor)
      unsafe shift[channel] = Scalar(value(2, channel) - value(3, channel) * factor)
    }
    unsafe kernels.scaleAndShift(
      input, scale: scale, shift: shift, appliesReLU: appliesReLU, into: memory.map(step.output),
      threads: memory.pool)
  }

  /// Resamples axis by axis, between the halves of the scratch memory.
  func interpolate(
    _ passes: [Interpolation], _ input: UnsafePointer<Scalar>, into output: UnsafeMutablePointer<Scalar>,
    _ memory: PlanMemory<Scalar>
  ) {
    let half = Planner<Scalar>.betweenCount(passes)
    var source = unsafe input
    for (index, pass) in passes.enumerated() {
      let isLast = index == passes.count - 1
      let target = unsafe isLast ? output : memory.workspace + index % 2 * half
      unsafe pass.run(source, into: target, threads: memory.pool)
      unsafe source = UnsafePointer(target)
    }
  }
}
