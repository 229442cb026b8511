import ModelIR

/// The steps of a block from its input to its Add, without the shortcut.
struct ResidualPath {
  /// What stands between normalisations and activations.
  enum Step {
    case convolution(RecognizedBlock.Branch)
    case scales([RecognizedBlock.Branch])
  }

  /// In the order in which they run.
  private var steps: [Step] = []
  private var squeezeChannels: Int?
  private var hasGate = false
  private let source: ValueID

  /// Nil if anything else than steps, normalisations, activations and one gate stands on the path.
  init?(from source: ValueID, to end: ValueID, within nodes: Set<Int>, in recognizer: BlockRecognizer) {
    self.source = source
    var value = end
    while value != source {
      guard let index = recognizer.producers[value.index], nodes.contains(index) else { return nil }
      let node = recognizer.graph.nodes[index]
      let activations = recognizer.activations(of: node)
      switch node.op {
      case .batchNormalization, .unary(.relu), .identity, .cast:
        guard let input = activations.first else { return nil }
        value = input
      case .binary(.add) where activations.count == 1, .binary(.mul) where activations.count == 1:
        // The bias of the convolution before it, or what a normalisation of groups ends in.
        value = activations[0]
      case .reshape, .instanceNormalization, .groupNormalization:
        // Groups of channels are normalised as instances; other reshapes would change what is convolved.
        guard let input = activations.first, recognizer.isGroupNormalization(node) else { return nil }
        value = input
      case .binary(.mul):
        guard !hasGate, let gate = recognizer.gate(node) else { return nil }
        hasGate = true
        squeezeChannels = gate.squeezeChannels
        value = gate.input
      case .conv:
        guard let branch = recognizer.plainBranch(node) else { return nil }
        steps.append(.convolution(branch))
        value = branch.source
      case .concat, .resize:
        guard let branches = recognizer.scales(endingAt: value) else { return nil }
        steps.append(.scales(branches))
        value = branches[0].source
      default:
        return nil
      }
    }
    steps.reverse()
  }

  /// The block that these steps make up; its nodes and ends are the caller's to fill in.
  func classified(outputChannels: Int) -> RecognizedBlock? {
    func block(_ kind: BlockKind, _ branches: [RecognizedBlock.Branch]) -> RecognizedBlock {
      RecognizedBlock(
        kind: kind, branches: branches, squeezeChannels: squeezeChannels, input: source, output: source,
        nodes: [])
    }
    switch steps.count {
    case 2:
      guard case .convolution(let first) = steps[0], case .convolution(let second) = steps[1],
        first.kernel > 1, first.kernel == second.kernel
      else { return nil }
      return block(.basic, [first])
    case 3:
      guard case .convolution(let first) = steps[0], case .convolution(let last) = steps[2],
        first.kernel == 1, last.kernel == 1
      else { return nil }
      switch steps[1] {
      case .scales(let branches):
        return block(.scaleAggregation, branches)
      case .convolution(let inner):
        // Wider in the middle is an inverted residual, which is no bottleneck.
        return inner.kernel > 1 && inner.channels <= outputChannels ? block(.bottleneck, [inner]) : nil
      }
    default:
      return nil
    }
  }
}
