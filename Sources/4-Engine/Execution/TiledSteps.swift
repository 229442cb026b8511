internal import Kernels
internal import ModelIR

/// Steps that follow each other and compute element by element: they run for some channels at a time, so that what only they
/// read takes no more memory than these channels.
struct TiledSteps<Scalar: ExecutionScalar> {
  var steps: [Step<Scalar>]
  /// The extents of all their operands, numbers aside.
  let images: ImageShape
  /// Channels at a time, or blocks of channels.
  let unitsPerTile: Int

  /// About as many elements of a value as are computed at a time: few enough for the second-level cache, and enough for all
  /// threads.
  static var elements: Int { 1 << 18 }

  /// Some channels, or blocks of channels, of an image.
  struct Tile {
    var image: Int
    var units: Range<Int>
  }

  var tiles: [Tile] {
    (0..<images.batch).flatMap { image in
      stride(from: 0, to: images.unitCount, by: unitsPerTile).map { first in
        Tile(image: image, units: first..<min(first + unitsPerTile, images.unitCount))
      }
    }
  }

  /// A step for a tile.
  func step(_ step: Step<Scalar>, _ tile: Tile) -> Step<Scalar> {
    var result = step
    result.inputs = step.inputs.map { part($0, tile) }
    result.output = part(step.output, tile)
    if case .binary(let function, _, let appliesReLU) = step.operation {
      let steps = step.inputs.map { $0.images == images ? 1 : 0 }
      let broadcasting = Broadcasting(
        dimensions: [result.output.images.imageSize], leftStrides: [steps[0]], rightStrides: [steps[1]],
        outputStrides: [1])
      result.operation = .binary(function, broadcasting, appliesReLU: appliesReLU)
    }
    return result
  }

  private func part(_ operand: Operand, _ tile: Tile) -> Operand {
    guard operand.images == images else { return operand }
    var part = operand
    part.images.batch = 1
    part.images.channels = tile.units.count * images.channels / images.unitCount
    if let blocks = images.blocks {
      part.images.blocks = ChannelBlocks(lanes: blocks.lanes, counts: Array(blocks.counts[tile.units]))
    }
    if !operand.isTile {
      part.offset += tile.image * images.batchStride + tile.units.lowerBound * images.unitSize
    }
    return part
  }

  /// The place of a tile's first element in the row-major order.
  func start(of tile: Tile) -> Int {
    let first = tile.units.lowerBound
    let before = images.blocks.map { $0.counts[..<first].reduce(0, +) } ?? first
    let channels = tile.image * (images.blocks?.channels ?? images.channels) + before
    return channels * images.height * images.width
  }
}

extension ImageShape {
  /// The channels of an image, or its blocks of channels.
  fileprivate var unitCount: Int { blocks?.counts.count ?? channels }
  fileprivate var unitSize: Int { unitCount == 0 ? 0 : imageSize / unitCount }
}

extension Planner {
  /// Puts steps together that compute element by element, where that saves memory.
  mutating func tileSteps() {
    guard !options.showsValues || options.shownInBlocks != nil else { return }
    var result: [Step<Scalar>] = []
    var start = 0
    while start < steps.count {
      let images = tiledImages(start)
      var end = start + 1
      while images != nil, end < steps.count, tiledImages(end) == images { end += 1 }
      if let images, let tiled = tiled(start..<end, images) {
        result.append(tiled)
      } else {
        result += steps[start..<end]
      }
      start = end
    }
    steps = result
  }

  /// The extents that a step computes element by element; nil of others, and where it is not worth while.
  private func tiledImages(_ index: Int) -> ImageShape? {
    let step = steps[index]
    let images = step.output.images
    // The steps of a group of several are no tiles: what lies between them is not known here.
    guard index == 0 || stepGroups[index - 1] != stepGroups[index],
      index + 1 == steps.count || stepGroups[index + 1] != stepGroups[index],
      images.batch * images.imageSize >= 2 * TiledSteps<Scalar>.elements
    else { return nil }
    switch step.operation {
    case .unary, .copy, .difference: return step.inputs.allSatisfy { $0.images == images } ? images : nil
    case .binary:
      let isNumberOrAlike = step.inputs.allSatisfy {
        $0.images == images || $0.images.batch * $0.images.imageSize == 1
      }
      return isNumberOrAlike ? images : nil
    default: return nil
    }
  }

  /// One step for several; nil if nothing lives in these alone.
  private mutating func tiled(_ range: Range<Int>, _ images: ImageShape) -> Step<Scalar>? {
    let groups = stepGroups[range.lowerBound]...stepGroups[range.upperBound - 1]
    // The steps that each buffer is used in.
    var uses: [ValueID: ClosedRange<Int>] = [:]
    for index in range {
      for operand in steps[index].inputs + [steps[index].output] where !operand.isConstant {
        let first = uses[operand.root]?.lowerBound ?? index
        uses[operand.root] = first...index
      }
    }
    let inner = uses.keys.sorted().filter { root in
      guard let buffer = buffers[root] else { return false }
      return groups.contains(buffer.firstWrite)
        && groups.contains(max(buffer.firstWrite, lastUse[root.index]))
        && buffer.count == images.batch * images.imageSize
    }
    guard let room = inner.first else { return nil }
    let unitSize = max(images.unitSize, 1)
    let tiles = TiledSteps(
      steps: Array(steps[range]), images: images,
      unitsPerTile: max(1, TiledSteps<Scalar>.elements / unitSize))
    let layout = ArenaLayout(
      inner.map { .init(count: min(tiles.unitsPerTile, images.unitCount) * unitSize, lifetime: uses[$0]!) })
    // A tile runs through all steps before the next one begins: other buffers live all the while.
    for root in uses.keys {
      if let buffer = buffers[root] {
        buffers[root]?.firstWrite = min(buffer.firstWrite, groups.lowerBound)
      }
      lastUse[root.index] = max(lastUse[root.index], groups.upperBound)
    }
    for root in inner { buffers[root] = nil }
    buffers[room] = Buffer(count: layout.count, firstWrite: groups.lowerBound)
    let offsets = Dictionary(uniqueKeysWithValues: zip(inner, layout.offsets))
    let result = Step(
      operation: .tiled(tiles), inputs: [], output: steps[range.upperBound - 1].output, value: nil)
    return result.placed { operand in
      guard !operand.isConstant, let offset = offsets[operand.root] else { return operand }
      var operand = operand
      (operand.root, operand.offset, operand.isTile) = (room, offset, true)
      return operand
    }
  }
}

extension Step {
  /// The same with other places for all operands, those of its tiles included.
  func placed(_ place: (Operand) -> Operand) -> Step {
    var step = self
    step.inputs = inputs.map(place)
    step.output = place(output)
    step.moreOutputs = moreOutputs.map(place)
    if case .tiled(var tiles) = operation {
      tiles.steps = tiles.steps.map { $0.placed(place) }
      step.operation = .tiled(tiles)
    }
    return step
  }
}
