import ModelIR

extension BlockRecognizer {
  /// By how much the scales of a scale-aggregation block pool.
  static let pools = [1, 2, 4, 7]

  /// The scales whose values are put together in `id`: a Concat along the channels of convolutions of one value, each
  /// behind at most one pool and before at most one resize; or one such branch that pools, alone.
  func scales(endingAt id: ValueID) -> [RecognizedBlock.Branch]? {
    guard let node = producer(of: id) else { return nil }
    var ends = [id]
    if case .concat(let concat) = node.op {
      guard concat.axis == 1 else { return nil }
      ends = node.inputs.compactMap { $0 }
    }
    let branches = ends.compactMap { end in
      branch(endingAt: end).map { branch in
        var branch = branch
        branch.nodes = nodes(from: branch.source, to: end)
        return branch
      }
    }
    guard branches.count == ends.count, Set(branches.map(\.source)).count == 1,
      Set(branches.map(\.pool)).count == branches.count
    else { return nil }
    return branches
  }

  /// The nodes between two values of a branch, which forks nowhere; ascending.
  private func nodes(from source: ValueID, to end: ValueID) -> [Int] {
    var nodes: [Int] = []
    var value = end
    while value != source, let index = producers[value.index],
      let input = activations(of: graph.nodes[index]).first
    {
      nodes.append(index)
      value = input
    }
    return nodes.reversed()
  }

  /// The branch whose last value is `id`: [MaxPool] Conv [BatchNormalization] [Resize] [BatchNormalization].
  private func branch(endingAt id: ValueID) -> RecognizedBlock.Branch? {
    var value = id
    var resize: String?
    while let node = producer(of: value) {
      switch node.op {
      case .batchNormalization, .identity, .cast: break
      case .binary(.add) where activations(of: node).count == 1: break
      case .resize(let operation) where resize == nil: resize = operation.mode.rawValue
      case .conv:
        guard var branch = plainBranch(node) else { return nil }
        guard let resize else { return branch }
        guard let pooling = producer(of: branch.source), case .maxPool(let pool) = pooling.op,
          pool.window.kernel == pool.window.strides, pool.window.kernel[0] == pool.window.kernel[1],
          Self.pools.contains(pool.window.kernel[0]), let source = pooling.inputs[0]
        else { return nil }
        branch.pool = pool.window.kernel[0]
        branch.resize = resize
        branch.source = source
        return branch
      default:
        return nil
      }
      guard let input = activations(of: node).first else { return nil }
      value = input
    }
    return nil
  }

  /// A convolution by itself; nil where its kernel is not square.
  func plainBranch(_ node: Node) -> RecognizedBlock.Branch? {
    guard case .conv(let conv) = node.op, conv.window.kernel[0] == conv.window.kernel[1],
      var source = activations(of: node).first
    else { return nil }
    // Margins can stand before the convolution, as Keras has them.
    if let margins = producer(of: source), case .pad = margins.op, let inner = activations(of: margins).first
    {
      source = inner
    }
    return RecognizedBlock.Branch(
      pool: 1, channels: channels(of: node.outputs[0]), kernel: conv.window.kernel[0], groups: conv.group,
      resize: "none", source: source)
  }
}
