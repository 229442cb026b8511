import ModelIR

/// Finds scale-aggregation blocks in a graph by their shape, not by names or metadata, so that a file of any origin
/// shows them, with BatchNormalization folded or not.
///
/// A block's heart is a Concat along the channels whose inputs are convolutions of one value, each behind at most one
/// pool and before at most one resize. The block ends with the residual Add behind it, and its ReLU.
struct BlockRecognizer {
  /// By how much the scales pool.
  static let pools = [1, 2, 4, 7]

  private let graph: Graph
  private let producers: [Int?]
  private let consumers: [[Int]]

  init(_ graph: Graph) {
    self.graph = graph
    producers = graph.producers()
    consumers = graph.consumers()
  }

  /// One scale of a block.
  struct Branch {
    var pool: Int
    var channels: Int
    var kernel: Int
    var resize: String
    var source: ValueID
  }

  /// A block: its branches and the nodes that belong to it.
  struct Block {
    var branches: [Branch]
    var concat: Int
    var nodes: Range<Int>
  }

  func blocks() -> [Block] {
    var blocks: [Block] = []
    var previousEnd: Int?
    for index in graph.nodes.indices {
      guard case .concat(let concat) = graph.nodes[index].op, concat.axis == 1 else { continue }
      let branches = graph.nodes[index].inputs.compactMap { $0.flatMap(branch(endingAt:)) }
      guard branches.count == graph.nodes[index].inputs.count, Set(branches.map(\.source)).count == 1,
        let add = residualAdd(behind: index)
      else { continue }
      var end = add + 1
      if let relu = soleConsumer(graph.nodes[add].outputs[0]), case .relu = graph.nodes[relu].op {
        end = relu + 1
      }
      let start = previousEnd ?? startOfFirst(add)
      blocks.append(Block(branches: branches, concat: index, nodes: start..<end))
      previousEnd = end
    }
    return blocks
  }

  private func producer(_ id: ValueID?) -> Node? {
    id.flatMap { producers[$0.index] }.map { graph.nodes[$0] }
  }

  /// The branch whose last value is `id`: [MaxPool] Conv [BatchNormalization] [Resize] [BatchNormalization].
  private func branch(endingAt id: ValueID) -> Branch? {
    var node = producer(id)
    var resize = "none"
    var convolution: Conv?
    var channels = 0
    search: while let current = node {
      switch current.op {
      case .batchNormalization where convolution == nil:
        node = producer(current.inputs[0])
      case .resize(let operation) where convolution == nil && resize == "none":
        resize = operation.mode.rawValue
        node = producer(current.inputs[0])
      case .conv(let operation) where convolution == nil:
        convolution = operation
        channels = current.outputs.first.flatMap { graph[$0].type.dimensions[1].value } ?? 0
        break search
      default:
        return nil
      }
    }
    guard let convolution, let node, let input = node.inputs[0] else { return nil }
    let kernel = convolution.window.kernel[0]
    if let pooling = producer(input), case .maxPool(let pool) = pooling.op,
      pool.window.kernel == pool.window.strides, Self.pools.contains(pool.window.kernel[0]), resize != "none",
      let source = pooling.inputs[0]
    {
      return Branch(
        pool: pool.window.kernel[0], channels: channels, kernel: kernel, resize: resize, source: source)
    }
    guard resize == "none" else { return nil }
    return Branch(pool: 1, channels: channels, kernel: kernel, resize: resize, source: input)
  }

  private func soleConsumer(_ id: ValueID) -> Int? {
    consumers[id.index].count == 1 ? consumers[id.index][0] : nil
  }

  /// The Add that closes the block: reached from the Concat through ReLU, convolution and normalisation only.
  private func residualAdd(behind concat: Int) -> Int? {
    var id = graph.nodes[concat].outputs[0]
    while let next = soleConsumer(id) {
      switch graph.nodes[next].op {
      case .add: return next
      case .relu, .conv, .batchNormalization: id = graph.nodes[next].outputs[0]
      default: return nil
      }
    }
    return nil
  }

  /// The first node behind the value from which both inputs of the Add come.
  private func startOfFirst(_ add: Int) -> Int {
    func ancestors(_ id: ValueID?) -> Set<Int> {
      var found = Set<Int>()
      var pending = [id].compactMap { $0 }
      while let id = pending.popLast() {
        guard let index = producers[id.index], found.insert(index).inserted else { continue }
        pending.append(contentsOf: graph.nodes[index].inputs.compactMap { $0 })
      }
      return found
    }
    let inputs = graph.nodes[add].inputs
    let common = ancestors(inputs[0]).intersection(ancestors(inputs[1]))
    return (common.max() ?? -1) + 1
  }
}
