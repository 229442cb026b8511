internal import FileIO
internal import Kernels
internal import ModelIR

/// Decides which values lie in blocks of channels (see `ChannelBlocks`), and adds the steps that bring a value from one
/// order to another one.
///
/// Blocks begin with the first convolution or window, and last as long as operators can work on them; what cannot
/// reads planes. A value that is read in both ways exists twice.
struct BlockedLayout<Scalar: ExecutionScalar> {
  private(set) var graph: Graph
  private(set) var groups: [FusedNode] = []
  /// How the channels of each value lie; nil for planes.
  private(set) var layouts: [ChannelBlocks?]
  private let shapes: [[Int]]
  private let kernels: any BlockedKernelSet<Scalar>
  /// Copies of values in another order.
  private var copies: [Copy: ValueID] = [:]

  private struct Copy: Hashable {
    var value: ValueID
    var layout: ChannelBlocks?
  }

  init(
    _ graph: Graph, _ groups: [FusedNode], shapes: [[Int]], kernels: any BlockedKernelSet<Scalar>
  ) throws(ScaleNetError) {
    self.graph = graph
    self.shapes = shapes
    self.kernels = kernels
    layouts = [ChannelBlocks?](repeating: nil, count: graph.values.count)
    for group in groups { try add(group) }
  }

  private func blocks(_ channels: Int) -> ChannelBlocks {
    ChannelBlocks(channels: channels, lanes: kernels.lanes)
  }

  /// The order that a value has, or full blocks if it lies in planes.
  private func blocked(_ id: ValueID) -> ChannelBlocks { layouts[id.index] ?? blocks(shapes[id.index][1]) }

  private mutating func add(_ original: FusedNode) throws(ScaleNetError) {
    var group = original
    let isComputed = graph.hasFastKernel(group.node)
    let orders = isComputed ? try orders(of: group) : nil
    for (position, id) in group.node.inputs.enumerated() {
      guard let id else { continue }
      let wanted = orders.map { $0.inputs.count > position ? $0.inputs[position] : nil } ?? nil
      group.node.inputs[position] = try copy(id, as: wanted, before: group)
    }
    layouts[group.output.index] = orders?.output
    if let residual = group.residual {
      group.residual = try copy(residual, as: orders?.output, before: group)
    }
    groups.append(group)
  }

  /// The value in the wanted order.
  private mutating func copy(
    _ id: ValueID, as wanted: ChannelBlocks?, before group: FusedNode
  ) throws(ScaleNetError) -> ValueID {
    guard layouts[id.index] != wanted else { return id }
    let key = Copy(value: id, layout: wanted)
    if let copy = copies[key] { return copy }
    var name = graph[id].name + (wanted == nil ? " in planes" : " in blocks")
    while graph.value(named: name) != nil { name += "'" }
    let copy = try graph.addNode(name, .identity(Identity()), inputs: [id])[0]
    // What is a vector for all images counts as one image.
    let shape = graph[id].type.dimensions.compactMap(\.value)
    if shape.count == 3 {
      graph[copy].type = TensorType(graph[id].type.dataType, TensorShape([1] + shape))
    }
    layouts.append(wanted)
    copies[key] = copy
    groups.append(
      FusedNode(
        node: graph.nodes[graph.nodes.count - 1], output: copy, position: group.position, reorders: true))
    return copy
  }

  /// The order that each input is read in, and that of the output; nil if everything lies in planes.
  private func orders(
    of group: FusedNode
  ) throws(ScaleNetError) -> (inputs: [ChannelBlocks?], output: ChannelBlocks)? {
    let node = group.node
    guard let input = node.inputs[0] else { return nil }
    let isBlocked = layouts[input.index] != nil
    switch node.op {
    case .conv(let conv):
      guard node.inputs.dropFirst().allSatisfy({ $0.map { graph[$0].initializer != nil } ?? true }) else {
        return nil
      }
      let geometry = Convolution(conv, input: shapes[input.index], output: shapes[group.output.index])
      let output = blocks(geometry.outputChannels)
      if !isBlocked, kernels.readsPlanes(geometry) { return ([nil], output) }
      // Depthwise kernels know nothing of gaps.
      return ([geometry.groups > 1 ? blocks(geometry.inputChannels) : blocked(input)], output)
    case .maxPool, .averagePool, .globalPool(.average), .globalPool(.max):
      guard
        Self.window(of: node.op)?.fitsBlocks(Extent(shapes[input.index][2], shapes[input.index][3])) ?? true
      else { return nil }
      let order = blocked(input)
      return ([order], order)
    case .resize(let resize):
      guard
        let resampling = Resampling(resize, input: shapes[input.index], output: shapes[group.output.index]),
        resampling.fitsBlocks
      else { return nil }
      let order = blocked(input)
      return ([order], order)
    case .reduce(let mean):
      guard let order = layouts[input.index], mean.function == .mean, mean.axes == [2, 3],
        shapes[group.output.index].count == 4
      else {
        return nil
      }
      return ([order], order)
    case .batchNormalization:
      guard let order = layouts[input.index],
        node.inputs.dropFirst().allSatisfy({ $0.map { graph[$0].initializer != nil } ?? true })
      else { return nil }
      return ([order], order)
    case .unary, .identity, .cast:
      guard let order = layouts[input.index] else { return nil }
      return ([order], order)
    case .binary:
      return binaryOrders(group)
    case .concat(let concat):
      return concatenationOrders(concat, group)
    case .lrn, .pad, .transpose, .slice, .expand, .gather, .softmax, .gemm, .matMul, .flatten, .reshape,
      .squeeze,
      .unsqueeze, .globalPool(.lp), .variadic, .where, .argExtremum, .topK, .cumSum, .logSoftmax, .hardmax,
      .convTranspose, .lpPool, .maxUnpool, .einsum, .attention, .recurrent,
      .layerNormalization, .rmsNormalization, .instanceNormalization, .groupNormalization, .lpNormalization,
      .meanVarianceNormalization, .tile, .shape, .size, .trilu, .eyeLike, .reverseSequence, .gatherElements,
      .gatherND, .scatterElements, .scatterND, .oneHot, .nonZero, .bitCast, .compress, .unique, .depthToSpace,
      .spaceToDepth, .gridSample, .roiAlign, .nonMaxSuppression, .quantizeLinear, .dequantizeLinear,
      .dynamicQuantizeLinear, .convInteger, .matMulInteger, .qLinearConv, .qLinearMatMul, .computed:
      return nil
    }
  }

  private static func window(of op: Operator) -> Kernels.Window? {
    switch op {
    case .maxPool(let pool): Kernels.Window(pool.window)
    case .averagePool(let pool): Kernels.Window(pool.window)
    default: nil
    }
  }

  /// Operands of the output's shape in its order, numbers of channels as vectors of it, single numbers as they are.
  private func binaryOrders(_ group: FusedNode) -> (inputs: [ChannelBlocks?], output: ChannelBlocks)? {
    let shape = shapes[group.output.index]
    let operands = group.node.inputs.compactMap { $0 }
    let full = operands.filter { shapes[$0.index] == shape }
    guard shape.count == 4, let order = full.lazy.compactMap({ layouts[$0.index] }).first else { return nil }
    var inputs: [ChannelBlocks?] = []
    for id in operands {
      let own = shapes[id.index]
      if own == shape || own == [shape[0], shape[1], 1, 1] || own == [1, shape[1], 1, 1]
        || own == [shape[1], 1, 1]
      {
        inputs.append(order)
      } else if own.allSatisfy({ $0 == 1 }), layouts[id.index] == nil {
        inputs.append(nil)
      } else {
        return nil
      }
    }
    return (inputs, order)
  }

  /// The operands' blocks one after another.
  private func concatenationOrders(
    _ concat: Concat, _ group: FusedNode
  ) -> (inputs: [ChannelBlocks?], output: ChannelBlocks)? {
    let operands = group.node.inputs.compactMap { $0 }
    guard concat.axis == 1, shapes[group.output.index].count == 4,
      operands.contains(where: { layouts[$0.index] != nil })
    else { return nil }
    let inputs = operands.map { blocked($0) }
    let output = ChannelBlocks(lanes: kernels.lanes, counts: inputs.flatMap(\.counts))
    // Many operands of few channels would be empty lanes for the most part.
    guard output.paddedChannels <= 4 * output.channels + 16 * kernels.lanes else { return nil }
    return (inputs, output)
  }
}
