package import FileIO
internal import Kernels
package import ModelIR

// Safe: operands lie in the arena as the plan has laid them out, and there is room for the planes of a block.

/// A part of a value that a run shows.
package struct ShownBlock<Scalar> {
  package let value: ValueID
  /// The value's extents.
  package let shape: [Int]
  /// The place of the first element in the row-major order.
  package let start: Int
  package let elements: [Scalar]
}

/// A run that shows values, and goes on when it is asked to.
package struct ObservedRun<Scalar: ExecutionScalar> {
  private let executor: Executor<Scalar>
  private let memory: PlanMemory<Scalar>
  private let wanted: Set<ValueID>?
  private var step = 0
  /// Where blocks of channels become planes.
  private let planes = (GrowingMemory<Scalar>(), GrowingMemory<Scalar>())

  init(executor: Executor<Scalar>, memory: PlanMemory<Scalar>, wanted: Set<ValueID>?) {
    self.executor = executor
    self.memory = memory
    self.wanted = wanted
  }

  /// What the next step makes, often nothing; nil after the last.
  package mutating func next() throws(ScaleNetError) -> [(ValueID, Tensor)]? {
    guard let current = advance() else { return nil }
    try executor.perform(current, memory)
    var values: [(ValueID, Tensor)] = []
    for (value, place) in current.values where wanted?.contains(value) ?? true {
      values.append((value, try executor.tensor(value, at: place, memory)))
    }
    return values
  }

  /// Shows what the next step makes without a copy of the whole: some thousand elements at a time, row-major. Blocks of several
  /// values may take turns. A value without elements is one block.
  ///
  /// - Returns: false after the last step.
  package mutating func next(
    inBlocks show: (ShownBlock<Scalar>) throws(ScaleNetError) -> Void
  ) throws(ScaleNetError) -> Bool {
    guard let current = advance() else { return false }
    guard case .tiled(let tiles) = current.operation else {
      try executor.perform(current, memory)
      try self.show(current, from: 0, show)
      return true
    }
    for tile in tiles.tiles {
      let start = tiles.start(of: tile)
      for step in tiles.steps {
        let part = tiles.step(step, tile)
        try executor.perform(part, memory)
        try self.show(part, from: start, show)
      }
    }
    return true
  }

  /// The next step; nil after the last.
  private mutating func advance() -> Step<Scalar>? {
    guard step < memory.plan.steps.count else { return nil }
    defer { step += 1 }
    return memory.plan.steps[step]
  }

  /// Shows what a step has made, whose first element is the value's `start`.
  private func show(
    _ current: Step<Scalar>, from start: Int, _ show: (ShownBlock<Scalar>) throws(ScaleNetError) -> Void
  ) throws(ScaleNetError) {
    let plan = memory.plan.graph
    for (value, place) in current.values where wanted?.contains(value) ?? true {
      let shape =
        memory.typed[value]?.shape
        ?? (executor.graph[value].type.shape ?? plan[value].type.shape)?.dimensions ?? []
      func visit(_ first: Int, _ elements: [Scalar]) throws(ScaleNetError) {
        try show(ShownBlock(value: value, shape: shape, start: start + first, elements: elements))
      }
      if shape.contains(0) {
        try visit(0, [])
      } else if case .difference = current.operation {
        try forEachBlock(of: current.inputs[0], less: current.inputs[1], visit)
      } else if plan.isTyped(value) {
        let elements = memory.typed[value]?.asReals ?? []
        for start in stride(from: 0, to: elements.count, by: Tensor.blockElements) {
          try visit(start, elements[start...].prefix(Tensor.blockElements).map { Scalar($0) })
        }
      } else {
        try forEachBlock(of: place, less: nil, visit)
      }
    }
  }

  /// The graph's outputs, after the last step.
  package func outputs() throws(ScaleNetError) -> [NamedTensor] {
    precondition(step == memory.plan.steps.count, "outputs exist after the last step")
    let graph = executor.graph
    var outputs: [NamedTensor] = []
    for (id, place) in zip(graph.outputs, memory.plan.outputs) {
      outputs.append(NamedTensor(name: graph[id].name, tensor: try executor.tensor(id, at: place, memory)))
    }
    return outputs
  }

  /// The elements of a value, less those of another one that lies in the same order, if there is one.
  @_specialize(where Scalar == Float)
  private func forEachBlock(
    of place: Operand, less other: Operand?, _ body: (Int, [Scalar]) throws(ScaleNetError) -> Void
  ) throws(ScaleNetError) {
    let images = place.images
    let area = images.height * images.width
    var start = 0
    func visitRun(
      _ elements: UnsafePointer<Scalar>, _ others: UnsafePointer<Scalar>?, count: Int
    ) throws(ScaleNetError) {
      for first in stride(from: 0, to: count, by: Tensor.blockElements) {
        let part = min(Tensor.blockElements, count - first)
        var block = unsafe Array(UnsafeBufferPointer(start: elements + first, count: part))
        if let others = unsafe others {
          for index in block.indices { unsafe block[index] -= others[first + index] }
        }
        try body(start + first, block)
      }
      start += count
    }
    for image in 0..<images.batch {
      let elements = unsafe memory.address(place) + image * images.batchStride
      let others = unsafe other.map { unsafe memory.address($0) + image * $0.images.batchStride }
      guard let blocks = images.blocks else {
        unsafe try visitRun(elements, others, count: images.imageSize)
        continue
      }
      for (index, count) in blocks.counts.enumerated() {
        let offset = index * blocks.lanes * area
        let own = ChannelBlocks(lanes: blocks.lanes, counts: [count])
        let a = unsafe inPlanes(elements + offset, own, images, planes.0)
        let b = unsafe others.map { unsafe inPlanes($0 + offset, own, images, planes.1) }
        unsafe try visitRun(a, b, count: count * area)
      }
    }
  }

  /// A block of channels, channel after channel.
  private func inPlanes(
    _ block: UnsafeMutablePointer<Scalar>, _ order: ChannelBlocks, _ images: ImageShape,
    _ room: GrowingMemory<Scalar>
  ) -> UnsafePointer<Scalar> {
    let extent = Extent(images.height, images.width)
    let target = unsafe room.elements(order.channels * extent.area)
    let source = unsafe FeatureMap(
      block, batch: 1, channels: order.lanes, extent: extent, lanes: order.lanes)
    unsafe executor.kernels.blocked?.reorder(
      source, order, into: FeatureMap(target, batch: 1, channels: order.channels, extent: extent), nil,
      threads: memory.pool)
    return unsafe UnsafePointer(target)
  }
}
