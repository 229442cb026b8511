import FileIO
internal import Kernels
internal import ModelIR

/// Pages of smaller weights stay: most of theirs are shared with neighbours.
let leastReleasedBytes = 1 << 16

/// Elements of constants that room is made for at once: more are first held against the limit of memory.
private let mostReserved = 1 << 24

extension Planner {
  /// Decides which values live in the memory of others.
  mutating func shareMemory() throws(ScaleNetError) {
    for id in graph.valueIDs where graph.isTyped(id) { homes[id.index] = .typed }
    let kept = graph.valueIDs.filter { id in
      // Outputs of other types are given as they are.
      graph[id].initializer?.dataType.isFloatingPoint == true
        && (!readers[id.index].isEmpty || graph.outputs.contains(id))
    }
    // An array that grows takes three times what it holds.
    let count = kept.reduce(0) { $0 + ArenaLayout.aligned(graph[$1].initializer?.elementCount ?? 0) }
    constants.reserveCapacity(min(count, mostReserved))
    for id in kept { homes[id.index] = .constant(offset: try addConstant(id)) }
    var producers = [Int?](repeating: nil, count: shapes.count)
    for (index, group) in groups.enumerated() { producers[group.output.index] = index }
    shareConcatenations(producers)
    for group in groups where !group.reorders && graph.hasFastKernel(group.node) {
      switch group.node.op {
      case .identity, .flatten, .reshape, .squeeze, .unsqueeze:
        if let input = group.node.inputs[0] { homes[group.output.index] = .same(owner(of: input)) }
      case .cast(let cast):
        if let input = group.node.inputs[0], !Self.rounds(cast, from: graph[input].type.dataType) {
          homes[group.output.index] = .same(owner(of: input))
        }
      case .concat(let concat):
        var start = 0
        for case let input? in group.node.inputs {
          if let producer = producers[input.index], homes[input.index] == .own,
            canLive(input, of: groups[producer], inside: group, axis: concat.axis)
          {
            homes[input.index] = .inside(group.output, axis: concat.axis, start: start)
          }
          start += storedShape(input)[concat.axis]
        }
      default:
        break
      }
    }
  }

  /// Whether a cast changes values: to a half type from anything else. Wider types are computed with as they are.
  static func rounds(_ cast: Cast, from source: DataType) -> Bool {
    (cast.to == .float16 || cast.to == .bfloat16) && source != cast.to
  }

  /// Whether a value may be produced straight into a concatenation.
  private func canLive(_ id: ValueID, of producer: FusedNode, inside concat: FusedNode, axis: Int) -> Bool {
    concat.node.inputs.count(where: { $0 == id }) == 1 && canLive(id, of: producer, axis: axis)
  }

  /// Whether a value may be a part of another one along an axis.
  private func canLive(_ id: ValueID, of producer: FusedNode, axis: Int) -> Bool {
    let shape = shapes[id.index]
    guard writesImagesApart(producer) else { return false }
    guard axis <= 1 || shape[..<axis].allSatisfy({ $0 == 1 }) else { return false }
    return (shape.first ?? 1) == 1
      || readers[id.index].allSatisfy { readsImagesApart(groups[$0], id) }
  }

  /// Lets a concatenation that another one begins with live inside of that one: DenseNet concatenates all features
  /// before every layer.
  private mutating func shareConcatenations(_ producers: [Int?]) {
    let concatenations = groups.indices.filter {
      if case .concat = groups[$0].node.op { true } else { false }
    }
    for (place, index) in concatenations.enumerated() {
      let group = groups[index]
      guard case .concat(let concat) = group.node.op, homes[group.output.index] == .own,
        !graph.outputs.contains(group.output)
      else { continue }
      let next = concatenations[(place + 1)...].first { later in
        guard case .concat(let other) = groups[later].node.op, other.axis == concat.axis else { return false }
        return groups[later].node.inputs.starts(with: group.node.inputs)
      }
      guard let next, canLive(group.output, of: group, axis: concat.axis) else { continue }
      homes[group.output.index] = .inside(groups[next].output, axis: concat.axis, start: 0)
    }
  }

  /// The value whose memory a value lives in.
  func root(of id: ValueID) -> ValueID {
    var root = id
    while let parent = parent(of: root) { root = parent }
    return root
  }

  /// The value that a value is the same as, itself if it is none. To lead to that one and not to the one before keeps
  /// chains short: a network can be a hundred thousand nodes that work in place.
  private func owner(of id: ValueID) -> ValueID {
    var owner = id
    while case .same(let other) = homes[owner.index] { owner = other }
    return owner
  }

  /// Extents of a value as it lies in memory, empty lanes among its channels.
  func storedShape(_ id: ValueID) -> [Int] {
    var shape = shapes[id.index]
    if let blocks = layouts[id.index] { shape[1] = blocks.paddedChannels }
    return shape
  }

  /// A value's place. Offsets in the arena count from the beginning of the root's buffer until memory is laid out.
  func place(_ id: ValueID) -> Operand {
    var root = id
    // The values between this one and its root, from the inside out.
    var path: [ValueID] = []
    while let parent = parent(of: root) {
      path.append(root)
      root = parent
    }
    let offset = if case .constant(let offset) = homes[root.index] { offset } else { 0 }
    var place = Operand(
      isConstant: homes[root.index] != .own, root: root, offset: offset,
      images: ImageShape(shapes[root.index], layouts[root.index]))
    for id in path.reversed() {
      let shape = shapes[id.index]
      var images = ImageShape(shape, layouts[id.index])
      switch homes[id.index] {
      case .own, .typed, .constant: break
      case .same(let other):
        if shapes[other.index] != shape { place.images = images }
      case .inside(_, let axis, let start):
        let step = axis == 0 && shape.count > 1 ? place.images.batchStride : shape[(axis + 1)...].reduce(1, *)
        place.offset += start * step
        images.batchStride = place.images.batchStride
        place.images = images
      }
    }
    return place
  }

  /// The value that a value lives in; nil if it has memory of its own.
  private func parent(of id: ValueID) -> ValueID? {
    switch homes[id.index] {
    case .own, .constant, .typed: nil
    case .inside(let parent, _, _), .same(let parent): parent
    }
  }

  /// Notes that a group writes a value, and returns the place.
  @discardableResult
  mutating func write(_ id: ValueID, at group: Int) -> Operand {
    let root = root(of: id)
    if buffers[root] == nil {
      buffers[root] = Buffer(count: storedShape(root).reduce(1, *), firstWrite: group)
    }
    return place(id)
  }

  /// Lets the output of a group take over the memory of an input that is not needed afterwards. Nothing happens if
  /// another operand lies in the same memory under another shape.
  mutating func overwrite(_ input: ValueID, with output: ValueID, others: [ValueID] = [], at group: Int) {
    let root = root(of: input)
    guard homes[output.index] == .own, buffers[output] == nil, buffers[root] != nil else { return }
    guard lastUse[root.index] == group, storedShape(root).reduce(1, *) == storedShape(output).reduce(1, *),
      shapes[input.index] == shapes[output.index], layouts[input.index] == layouts[output.index],
      others.allSatisfy({ $0 == input || self.root(of: $0) != root })
    else { return }
    homes[output.index] = .same(owner(of: input))
    // Even a result that nobody reads needs the memory while it is made.
    lastUse[root.index] = max(group, lastUse[output.index])
  }

  /// Adds an initializer's elements to the constants.
  mutating func addConstant(_ id: ValueID) throws(ScaleNetError) -> Int {
    addConstant(try readInitializer(id, copies: 1))
  }

  /// Adds elements to the constants, and returns where.
  mutating func addConstant(_ elements: [Scalar]) -> Int {
    let offset = ArenaLayout.aligned(constants.count)
    constants += [Scalar](repeating: 0, count: offset - constants.count)
    constants += elements
    return offset
  }

  /// Reads a weight, after making room for it in the budget. `copies` of it will stay in memory.
  mutating func readInitializer(_ id: ValueID, copies: Int) throws(ScaleNetError) -> [Scalar] {
    guard let tensor = graph[id].initializer else { return [] }
    let count = tensor.elementCount
    try checkLimit(count * max(copies, 1), graph[id].name)
    weightBytes += count * copies * MemoryLayout<Scalar>.size
    do throws(ScaleNetError) {
      let elements = try Scalar.elements(of: tensor)
      // The plan keeps a copy of its own; the file's pages need not stay beside it.
      if options.keepsWeights, tensor.byteCount >= leastReleasedBytes { tensor.releasePages() }
      return elements
    } catch {
      throw .unreadableInitializer(name: graph[id].name, error: error)
    }
  }

  /// Gives every buffer its place in the arena.
  mutating func layOut() throws(ScaleNetError) -> Plan<Scalar> {
    let roots = buffers.keys.sorted()
    let layout = ArenaLayout(
      roots.map { root in
        let buffer = buffers[root]!
        let last = max(buffer.firstWrite, lastUse[root.index])
        return ArenaLayout.Buffer(count: buffer.count, lifetime: buffer.firstWrite...last)
      })
    try checkLimit(layout.count + workspaceCount, graph.name)
    let offsets = Dictionary(uniqueKeysWithValues: zip(roots, layout.offsets))
    func placed(_ operand: Operand) -> Operand {
      var operand = operand
      if !operand.isConstant { operand.offset += offsets[operand.root]! }
      return operand
    }
    return Plan(
      graph: graph,
      steps: steps.map { $0.placed(placed) }, inputs: graph.inputs.map { placed(place($0)) },
      outputs: graph.outputs.map { placed(place($0)) },
      constants: constants, typedConstants: typedConstants, arenaCount: layout.count,
      workspaceCount: workspaceCount)
  }
}
