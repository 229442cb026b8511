import FileIO
import ModelIR

extension Graph {
  /// The same graph with everything that rounds to a half type left out: values are float32, of which a run in Double
  /// keeps all digits, and casts to half types do nothing.
  func withoutRounding() throws(ScaleNetError) -> Graph {
    func isNarrow(_ type: DataType) -> Bool { type == .float16 || type == .bfloat16 }
    guard values.contains(where: { isNarrow($0.type.dataType) }) else { return self }
    var graph = self
    for id in graph.valueIDs where isNarrow(graph[id].type.dataType) {
      graph[id].type.dataType = .float32
      if let tensor = graph[id].initializer { graph[id].initializer = tensor.cast(to: .float32) }
    }
    for index in graph.nodes.indices {
      if case .cast(let cast) = graph.nodes[index].op, isNarrow(cast.to) {
        graph.nodes[index].op = .cast(Cast(to: .float32))
      }
    }
    try graph.inferAllTypes()
    return graph
  }

  /// A written graph with the source's own parameters in place of those that were stored: what the file would compute if
  /// nothing had been rounded. What was folded stands as a node of its own again, behind the node that it went into, or,
  /// as in the source, behind the resize that alone reads that node: a factor and a term for each channel commute with
  /// means of neighbours whose weights sum to 1.
  ///
  /// Both graphs are without rounding. No weight is copied.
  func substituting(_ parameters: [NodeMatch], of source: Graph) throws(ScaleNetError) -> Graph {
    var graph = self
    /// Nodes to insert, by the place of the node before them.
    var inserted: [Int: [Node]] = [:]
    let consumers = consumers()
    let producers = source.producers()
    for match in parameters {
      let own = source.nodes[match.source]
      let isMatrix = own.op.isMatrixProduct
      for position in graph.nodes[match.written].inputs.indices
      where graph.initializer(graph.nodes[match.written].inputs[position]) != nil {
        guard position < own.inputs.count, let id = own.inputs[position], var tensor = source.initializer(id)
        else {
          // A bias that came of folding alone.
          if !match.normalizations.isEmpty { graph.nodes[match.written].inputs[position] = nil }
          continue
        }
        if isMatrix, position == 1,
          own.op.hasTransposedWeight != graph.nodes[match.written].op.hasTransposedWeight
        {
          tensor = tensor.transposed([1, 0])
        }
        guard let current = graph.initializer(graph.nodes[match.written].inputs[position]),
          let shaped = current.shape == tensor.shape ? tensor : tensor.reshaped(current.shape),
          shaped.dataType == current.dataType
        else { continue }
        graph.nodes[match.written].inputs[position] = try graph.addInitializer(
          graph.unusedName("\(source[id].name)_exact"), shaped)
      }
      while let last = graph.nodes[match.written].inputs.last, last == nil {
        graph.nodes[match.written].inputs.removeLast()
      }
      var place = match.written
      if let first = match.normalizations.first, let before = source.nodes[first].inputs[0],
        let producer = producers[before.index], source.nodes[producer].op.commutesWithChannels,
        let reader = consumers[nodes[place].outputs[0].index].first,
        consumers[nodes[place].outputs[0].index].count == 1, nodes[reader].op.commutesWithChannels,
        !outputs.contains(nodes[place].outputs[0])
      {
        place = reader
      }
      var output = graph.nodes[place].outputs[0]
      for index in match.normalizations {
        let node = source.nodes[index]
        var inputs: [ValueID?] = [output]
        for case let id? in node.inputs.dropFirst() {
          guard let tensor = source.initializer(id) else { continue }
          inputs.append(try graph.addInitializer(graph.unusedName("\(source[id].name)_exact"), tensor))
        }
        let added = try graph.addNode(
          "\(node.name)_exact", node.op, inputs: inputs, outputNames: [graph.unusedName("\(node.name)_exact")]
        )
        guard let new = graph.nodes.popLast() else { continue }
        graph.replaceUses(of: output, with: added[0])
        inserted[place, default: []].append(new)
        output = added[0]
      }
    }
    graph.nodes = graph.nodes.enumerated().flatMap { [$1] + (inserted[$0] ?? []) }
    graph.removeUnusedValues()
    try graph.validate()
    return graph
  }
}

extension Operator {
  /// Whether it multiplies with a matrix of weights.
  var isMatrixProduct: Bool {
    switch self {
    case .gemm, .matMul: true
    default: false
    }
  }

  /// Whether it is a resize of planes by means of neighbours, whose weights sum to 1.
  fileprivate var commutesWithChannels: Bool {
    guard case .resize(let resize) = self else { return false }
    let isMean: Bool
    switch resize.mode {
    case .nearest, .linear: isMean = true
    case .cubic: isMean = false
    }
    return isMean && !resize.antialias && !resize.excludesOutside
      && resize.axes.allSatisfy { $0 >= 2 }
  }

  /// Whether a product's weight is [outputs, inputs].
  var hasTransposedWeight: Bool {
    if case .gemm(let gemm) = self { gemm.transB } else { false }
  }
}
