import FileIO
import ModelIR

extension Graph {
  /// How many sums there are of convolutions that read the same value, as networks have that are trained in branches
  /// (RepVGG, MobileOne) and written with one convolution in their place for use.
  var branchSumCount: Int { BranchSum.all(in: self).count }

  /// With one convolution for each such sum: kernels are laid over each other at their centres, a normalisation of the value
  /// itself being a kernel of extent 1. In Double, rounded once.
  func withMergedBranches() throws(ScaleNetError) -> Graph {
    let sums = BranchSum.all(in: self)
    if sums.isEmpty { return self }
    var graph = self
    var removed = Set<Int>()
    for sum in sums {
      guard let merged = try sum.merged(self) else { continue }
      // Called after the largest kernel's, of which they are the most.
      let name = nodes[sum.largest].inputs[1].map { "\(self[$0].name).branches" } ?? nodes[sum.end].name
      graph.nodes[sum.end].op = .conv(sum.convolution)
      graph.nodes[sum.end].inputs = [
        sum.input, try graph.addInitializer(graph.unusedName(name), merged.weight),
        try graph.addInitializer(graph.unusedName("\(name).bias"), merged.bias),
      ]
      removed.formUnion(sum.inner)
    }
    if removed.isEmpty { return self }
    graph.nodes = graph.nodes.enumerated().filter { !removed.contains($0.offset) }.map(\.element)
    graph.removeUnusedValues()
    return graph
  }
}

/// A sum of what convolutions and normalisations make of one value.
private struct BranchSum {
  let input: ValueID
  /// The outermost Add, which makes the sum.
  let end: Int
  /// The nodes before it, which nothing else reads.
  let inner: [Int]
  /// The nodes whose results are added; nil for the value itself.
  let branches: [Int?]
  /// The node with the largest kernel, and what the one convolution is: the same.
  let largest: Int
  let convolution: Conv

  /// The outermost sums. One that also adds something else, as a residual does, begins further in.
  static func all(in graph: Graph) -> [BranchSum] {
    let view = GraphView(graph)
    var taken = Set<Int>()
    var result: [BranchSum] = []
    for index in graph.nodes.indices.reversed() where !taken.contains(index) {
      guard case .binary(.add) = graph.nodes[index].op, let sum = BranchSum(view, index) else { continue }
      taken.formUnion(sum.inner)
      result.append(sum)
    }
    return result
  }

  private init?(_ view: GraphView, _ end: Int) {
    let graph = view.graph
    var inner: [Int] = []
    var leaves: [ValueID] = []
    var waiting = graph.nodes[end].inputs.compactMap { $0 }
    func isReadOnce(_ id: ValueID) -> Bool {
      view.consumers[id.index].count == 1 && !graph.outputs.contains(id)
    }
    while let id = waiting.popLast() {
      if let producer = view.producers[id.index], isReadOnce(id),
        case .binary(.add) = graph.nodes[producer].op
      {
        inner.append(producer)
        waiting += graph.nodes[producer].inputs.compactMap { $0 }
      } else {
        leaves.append(id)
      }
    }
    func isKnown(_ node: Node) -> Bool {
      node.inputs.dropFirst().allSatisfy { $0 == nil || graph.initializer($0) != nil }
    }
    /// The convolution or normalisation that makes a value, if nothing else reads it.
    func branch(_ id: ValueID) -> Int? {
      guard isReadOnce(id), let producer = view.producers[id.index], isKnown(graph.nodes[producer]) else {
        return nil
      }
      switch graph.nodes[producer].op {
      case .conv(let conv) where conv.window.rank == 2: return producer
      case .batchNormalization: return producer
      default: return nil
      }
    }
    let made = leaves.compactMap(branch)
    let found = made.compactMap { index -> (node: Int, conv: Conv)? in
      if case .conv(let conv) = graph.nodes[index].op { (index, conv) } else { nil }
    }
    let convolutions = found.map(\.conv)
    guard made.count > 1, Set(leaves).count == leaves.count, let input = graph.nodes[made[0]].inputs[0],
      made.allSatisfy({ graph.nodes[$0].inputs[0] == input }),
      leaves.allSatisfy({ $0 == input || branch($0) != nil }),
      let widest = found.max(by: { $0.conv.window.area < $1.conv.window.area })
    else { return nil }
    let largest = widest.conv
    let isAlone = made.count == leaves.count
    // Every branch has to fit the largest kernel, centre on centre.
    let fit = convolutions.allSatisfy { conv in
      conv.group == largest.group && conv.window.strides == largest.window.strides
        && conv.window.dilations.allSatisfy { $0 == 1 } && conv.isCentred
        && zip(conv.window.kernel, largest.window.kernel).allSatisfy { $0 <= $1 && ($1 - $0) % 2 == 0 }
    }
    let isDense = largest.window.strides.allSatisfy { $0 == 1 }
    // The value itself and normalisations of it stand for steps of 1; one of them beside one convolution is a residual.
    guard fit, isDense || (isAlone && convolutions.count == made.count),
      isAlone || convolutions.count > 1,
      graph[input].type == graph[view.output(end)].type || convolutions.count == leaves.count
    else { return nil }
    self.input = input
    self.end = end
    self.inner = (inner + made).sorted()
    branches = leaves.map(branch)
    (self.largest, convolution) = (widest.node, largest)
  }

  /// The sum's weight and bias; nil where they can't be computed.
  func merged(_ graph: Graph) throws(ScaleNetError) -> (weight: Tensor, bias: Tensor)? {
    let kernel = convolution.window.kernel
    guard
      let first = branches.compactMap({ $0 }).first(where: {
        if case .conv = graph.nodes[$0].op { true } else { false }
      }), let shape = graph.initializer(graph.nodes[first].inputs[1])?.shape.dimensions
    else { return nil }
    let (outputs, inputs, area) = (shape[0], shape[1], kernel[0] * kernel[1])
    var weight = [Double](repeating: 0, count: outputs * inputs * area)
    var bias = [Double](repeating: 0, count: outputs)
    /// Adds a factor of the value itself for each channel.
    func addIdentity(_ factors: [Double]) -> Bool {
      guard factors.count == outputs, inputs * convolution.group == outputs else { return false }
      for channel in 0..<outputs {
        weight[(channel * inputs + channel % inputs) * area + area / 2] += factors[channel]
      }
      return true
    }
    for branch in branches {
      guard let branch else {
        guard addIdentity([Double](repeating: 1, count: outputs)) else { return nil }
        continue
      }
      let node = graph.nodes[branch]
      var parameters: [[Double]] = []
      for id in node.inputs.dropFirst() {
        guard let tensor = graph.initializer(id) else { return nil }
        parameters.append(try tensor.doubles())
      }
      switch node.op {
      case .conv(let conv):
        let own = conv.window.kernel
        guard parameters[0].count == outputs * inputs * own[0] * own[1] else { return nil }
        let (top, left) = ((kernel[0] - own[0]) / 2, (kernel[1] - own[1]) / 2)
        for (index, value) in parameters[0].enumerated() {
          let (plane, place) = index.quotientAndRemainder(dividingBy: own[0] * own[1])
          let (y, x) = place.quotientAndRemainder(dividingBy: own[1])
          weight[plane * area + (y + top) * kernel[1] + x + left] += value
        }
        if parameters.count > 1 {
          guard parameters[1].count == outputs else { return nil }
          for channel in 0..<outputs { bias[channel] += parameters[1][channel] }
        }
      case .batchNormalization(let normalization):
        guard parameters.count == 4, parameters.allSatisfy({ $0.count == outputs }) else { return nil }
        let scales = (0..<outputs).map {
          parameters[0][$0] / (parameters[3][$0] + Double(normalization.epsilon)).squareRoot()
        }
        guard addIdentity(scales) else { return nil }
        for channel in 0..<outputs {
          bias[channel] += parameters[1][channel] - parameters[2][channel] * scales[channel]
        }
      default: return nil
      }
    }
    return (
      Tensor(weight.map { Float($0) }, shape: [outputs, inputs, kernel[0], kernel[1]]),
      Tensor(bias.map { Float($0) }, shape: [outputs])
    )
  }
}

extension Conv {
  /// Whether the kernel's centre stands on the value's elements, so that extents stay but for the steps.
  fileprivate var isCentred: Bool {
    (0..<2).allSatisfy { axis in
      window.kernel[axis] % 2 == 1 && window.pads[axis] == window.kernel[axis] / 2
        && window.pads[axis + 2] == window.kernel[axis] / 2
    }
  }
}
