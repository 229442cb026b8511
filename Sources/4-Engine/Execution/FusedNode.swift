internal import Kernels
internal import ModelIR

/// A node together with the nodes after it that are computed in the same step.
struct FusedNode {
  var node: Node
  /// A normalisation that becomes part of the weights.
  var batchNormalization: Node?
  /// What a convolution adds to its result.
  var residual: ValueID?
  /// What a matrix product adds to each row of its result.
  var bias: ValueID?
  var appliesReLU = false
  /// What a convolution by blocks does with its result.
  var function: FusedFunction?
  /// What the last of the nodes produces.
  var output: ValueID
  /// The place of the last node in the graph: all inputs exist then.
  var position: Int
  /// Whether all it does is to bring channels into another order.
  var reorders = false

  /// Everything that is read, parameters included.
  var inputs: [ValueID] {
    node.inputs.compactMap { $0 } + (batchNormalization?.inputs.dropFirst().compactMap { $0 } ?? [])
      + (residual.map { [$0] } ?? []) + (bias.map { [$0] } ?? [])
  }
}

/// Groups the nodes of a graph. Only results that nobody else reads vanish into a group.
struct Fusion {
  let graph: Graph
  let options: ExecutionOptions
  /// Whether convolutions can apply any function, not ReLU alone.
  private let fusesFunctions: Bool
  let consumers: [[Int]]
  /// What exists whatever is computed in one step: the graph's outputs, and what a run shows.
  private let kept: Set<ValueID>
  var isTaken: [Bool]

  init(_ graph: Graph, _ options: ExecutionOptions, fusesFunctions: Bool) {
    self.fusesFunctions = fusesFunctions
    self.graph = graph
    self.options = options
    consumers = graph.consumers()
    kept = Set(graph.outputs).union(options.shownInBlocks ?? [])
    isTaken = [Bool](repeating: false, count: graph.nodes.count)
  }

  /// The groups, in an order in which they can run.
  mutating func run() -> [FusedNode] {
    var groups = options.joinsFunctions ? joinedGelus() : []
    // Kernels that apply any function take the parts of a Swish up one by one.
    if options.joinsFunctions, !fusesFunctions { groups += joinedSwishes() }
    for index in graph.nodes.indices {
      guard !isTaken[index] else { continue }
      let node = graph.nodes[index]
      var group = FusedNode(node: node, output: node.outputs[0], position: index)
      guard graph.hasFastKernel(node) else {
        groups.append(group)
        continue
      }
      switch node.op {
      case .conv:
        absorbBatchNormalization(into: &group)
        absorbAddition(into: &group)
        if fusesFunctions,
          node.inputs.dropFirst().allSatisfy({ $0.map { graph[$0].initializer != nil } ?? true })
        {
          absorbFunction(into: &group)
        } else {
          absorbReLU(into: &group)
        }
      case .matMul:
        absorbBias(into: &group)
      case .batchNormalization, .binary(.add), .binary(.sub), .binary(.mul), .binary(.div):
        absorbReLU(into: &group)
      default:
        break
      }
      groups.append(group)
    }
    return groups.sorted { $0.position < $1.position }
  }

  /// The only reader of a group's result, if it is one that is still free.
  func onlyConsumer(of group: FusedNode) -> Int? {
    onlyReader(of: group.output).flatMap { isTaken[$0] ? nil : $0 }
  }

  /// The only reader of a value that nobody else is given.
  func onlyReader(of id: ValueID) -> Int? {
    let readers = consumers[id.index]
    return readers.count == 1 && !kept.contains(id) ? readers[0] : nil
  }

  mutating func absorb(_ index: Int, into group: inout FusedNode) {
    isTaken[index] = true
    group.output = graph.nodes[index].outputs[0]
    group.position = index
  }

  private mutating func absorbBatchNormalization(into group: inout FusedNode) {
    guard options.foldsBatchNormalization, let index = onlyConsumer(of: group) else { return }
    guard case .batchNormalization = graph.nodes[index].op, graph.nodes[index].inputs[0] == group.output,
      !graph.nodes[index].inputs.dropFirst().contains(group.output)
    else { return }
    // Weights that are computed are packed in each run as they are.
    let weights = (group.node.inputs.dropFirst() + graph.nodes[index].inputs.dropFirst()).compactMap { $0 }
    guard weights.allSatisfy({ graph[$0].initializer != nil }) else { return }
    group.batchNormalization = graph.nodes[index]
    absorb(index, into: &group)
  }

  private mutating func absorbAddition(into group: inout FusedNode) {
    guard options.fusesActivations, let index = onlyConsumer(of: group),
      case .binary(.add) = graph.nodes[index].op
    else { return }
    let operands = graph.nodes[index].inputs.compactMap { $0 }
    guard operands.count == 2, operands[0] != operands[1] else { return }
    let other = operands[0] == group.output ? operands[1] : operands[0]
    guard graph[other].type == graph[group.output].type else { return }
    group.residual = other
    absorb(index, into: &group)
  }

  /// A function of one operand, or the product with the sigmoid of the same value.
  private mutating func absorbFunction(into group: inout FusedNode) {
    guard options.fusesActivations, !kept.contains(group.output) else { return }
    if let index = onlyConsumer(of: group) {
      guard case .unary(let unary) = graph.nodes[index].op, let function = UnaryFunction(unary) else {
        return
      }
      group.function = .unary(function)
      absorb(index, into: &group)
      return
    }
    let readers = consumers[group.output.index]
    guard readers.count == 2, readers.allSatisfy({ !isTaken[$0] }) else { return }
    guard
      let sigmoid = readers.first(where: {
        if case .unary(.sigmoid) = graph.nodes[$0].op { true } else { false }
      }),
      let product = readers.first(where: {
        if case .binary(.mul) = graph.nodes[$0].op { true } else { false }
      })
    else { return }
    let gate = graph.nodes[sigmoid].outputs[0]
    guard consumers[gate.index] == [product], !kept.contains(gate),
      Set(graph.nodes[product].inputs) == [group.output, gate]
    else { return }
    group.function = .swish
    isTaken[sigmoid] = true
    absorb(product, into: &group)
  }

  private mutating func absorbReLU(into group: inout FusedNode) {
    guard options.fusesActivations, let index = onlyConsumer(of: group) else { return }
    guard case .unary(.relu) = graph.nodes[index].op else { return }
    group.appliesReLU = true
    absorb(index, into: &group)
  }
}
