import ModelIR

/// Changes of a whole graph that are tried where the other side is a recording, which shows nothing but its outputs: the
/// same change of every node that it applies to.
enum WholeGraphCauses {
  /// Changes that are tried on all nodes of a graph at once.
  static func hypotheses(_ graph: Graph) -> [Hypothesis] {
    resizeHypotheses(graph) + NormalizationCauses.hypotheses(graph) + precisionHypotheses(graph)
      + sameMarginHypotheses(graph) + poolingHypotheses(graph) + roundingHypotheses(graph)
  }

  /// TensorFlow's "same" margins: as few as give ceil(extent / step), the odd one behind.
  private static func sameMarginHypotheses(_ graph: Graph) -> [Hypothesis] {
    let likewise: (Node, Graph) -> [GraphEdit] = { node, graph in
      guard let input = node.inputs[0], let shape = graph[input].type.shape, shape.rank == 4 else {
        return []
      }
      func same(_ window: Window) -> Window {
        var window = window
        for axis in 0..<2 {
          let margins = window.sameMargins(axis, extent: shape[axis + 2])
          window.pads[axis] = margins.smaller
          window.pads[axis + 2] = margins.larger
        }
        return window
      }
      switch node.op {
      case .conv(var conv):
        // Only where margins were given: a window without any may mean it.
        guard conv.window.pads.contains(where: { $0 > 0 }), same(conv.window) != conv.window else {
          return []
        }
        conv.window = same(conv.window)
        return [.setOperator(node: node.name, .conv(conv))]
      case .maxPool(var pool):
        guard pool.window.pads.contains(where: { $0 > 0 }), same(pool.window) != pool.window else {
          return []
        }
        pool.window = same(pool.window)
        return [.setOperator(node: node.name, .maxPool(pool))]
      default:
        return []
      }
    }
    guard let first = graph.nodes.first(where: { !likewise($0, graph).isEmpty }) else { return [] }
    return [
      Hypothesis(
        kind: .padding, node: first.name, has: "margins alike on both sides",
        otherHas: "TensorFlow's \"same\" margins", edits: likewise(first, graph), likewise: likewise)
    ]
  }

  /// Margins that count in a mean or do not, extents rounded up or down.
  private static func poolingHypotheses(_ graph: Graph) -> [Hypothesis] {
    graph.nodes.flatMap { node -> [Hypothesis] in
      guard case .averagePool(let pool) = node.op else { return [] }
      var variant = pool
      variant.countIncludePad.toggle()
      return [
        Hypothesis(
          kind: .padding, node: node.name,
          has: pool.countIncludePad
            ? "margins that count in the mean" : "margins that do not count in the mean",
          otherHas: pool.countIncludePad ? "margins that do not" : "margins that do",
          edits: [.setOperator(node: node.name, .averagePool(variant))],
          likewise: { other, _ in
            guard case .averagePool(var own) = other.op, own.countIncludePad == pool.countIncludePad else {
              return []
            }
            own.countIncludePad.toggle()
            return [.setOperator(node: other.name, .averagePool(own))]
          })
      ]
    }
  }

  /// Max pools whose last window may lie partly outside, or may not, as in Caffe and in PyTorch.
  private static func roundingHypotheses(_ graph: Graph) -> [Hypothesis] {
    let likewise: (Node, Graph) -> [GraphEdit] = { node, _ in
      guard case .maxPool(var pool) = node.op else { return [] }
      pool.ceilMode.toggle()
      return [.setOperator(node: node.name, .maxPool(pool))]
    }
    for node in graph.nodes {
      guard case .maxPool(let pool) = node.op else { continue }
      return [
        Hypothesis(
          kind: .pooling, node: node.name,
          has: pool.ceilMode ? "max pools that round up" : "max pools that round down",
          otherHas: pool.ceilMode ? "some that round down" : "some that round up",
          edits: likewise(node, graph),
          likewise: likewise)
      ]
    }
    return []
  }

  /// Every other way to resize, those with the fewest changes first.
  private static func resizeHypotheses(_ graph: Graph) -> [Hypothesis] {
    graph.nodes.flatMap { node -> [Hypothesis] in
      guard case .resize(let resize) = node.op else { return [] }
      return variants(of: resize).map { variant in
        let isMode =
          variant.mode != resize.mode || variant.coordinateTransformation == resize.coordinateTransformation
        return Hypothesis(
          kind: isMode ? .resizeMode : .alignCorners, node: node.name, has: describe(resize),
          otherHas: describe(variant), edits: [.setOperator(node: node.name, .resize(variant))],
          likewise: { other, _ in
            guard case .resize(var own) = other.op, own.hasSameWay(as: resize) else { return [] }
            own.mode = variant.mode
            own.coordinateTransformation = variant.coordinateTransformation
            own.nearestMode = variant.nearestMode
            return [.setOperator(node: other.name, .resize(own))]
          })
      }
    }
  }

  private static func variants(of resize: Resize) -> [Resize] {
    let coordinates: [Resize.CoordinateTransformation] = [
      .asymmetric, .halfPixel, .alignCorners, .pytorchHalfPixel,
    ]
    var variants: [(changes: Int, resize: Resize)] = []
    for mode in [Resize.Mode.nearest, .linear] {
      for transformation in coordinates {
        let roundings: [Resize.NearestMode] =
          mode == .nearest ? [.floor, .roundPreferFloor, .roundPreferCeil, .ceil] : [resize.nearestMode]
        for rounding in roundings {
          var variant = resize
          variant.mode = mode
          variant.coordinateTransformation = transformation
          variant.nearestMode = rounding
          if variant == resize { continue }
          let changes =
            (mode == resize.mode ? 0 : 1) + (transformation == resize.coordinateTransformation ? 0 : 1)
            + (rounding == resize.nearestMode ? 0 : 1)
          variants.append((changes, variant))
        }
      }
    }
    return variants.indices.sorted { (variants[$0].changes, $0) < (variants[$1].changes, $1) }
      .map { variants[$0].resize }
  }

  private static func describe(_ resize: Resize) -> String {
    let rounding = resize.mode == .nearest ? ", \(resize.nearestMode.rawValue)" : ""
    return "\(resize.mode.rawValue) (\(resize.coordinateTransformation.rawValue)\(rounding))"
  }

  /// Parameters rounded to a half type, as they stand or after folding.
  private static func precisionHypotheses(_ graph: Graph) -> [Hypothesis] {
    var result: [Hypothesis] = []
    for type in [DataType.float16, .bfloat16] {
      for foldsFirst in [false, true] {
        guard let base = foldsFirst ? try? graph.folded() : graph,
          let first = base.nodes.first(where: { node in
            node.inputs.contains { base.initializer($0).map { isRounded($0, to: type) } ?? false }
          })
        else { continue }
        // A graph in a half type rounds its inputs too. The edits of all nodes are made when it is tried: each is a copy
        // of weights.
        for inputType in [nil, type] {
          result.append(
            Hypothesis(
              kind: .halfPrecision, node: first.name, has: "float32 weights",
              otherHas: "these rounded to \(type.rawValue)\(inputType == nil ? "" : ", as its inputs are")",
              edits: [], foldsFirst: foldsFirst, inputType: inputType,
              likewise: { rounding($0, in: $1, to: type) }))
        }
      }
    }
    return result
  }

  /// Whether rounding changes a parameter, and all of it fits the type.
  private static func isRounded(_ tensor: Tensor, to type: DataType) -> Bool {
    guard let pair = ElementPair(tensor, tensor.cast(to: type)) else { return false }
    return pair.allBlocks { _, _, _ in true } && !pair.allSatisfy { $0 == $1 }
  }

  /// The parameters of a node rounded to a type; nothing where one does not fit it.
  private static func rounding(_ node: Node, in graph: Graph, to type: DataType) -> [GraphEdit] {
    node.inputs.indices.compactMap { input in
      guard let tensor = graph.initializer(node.inputs[input]), isRounded(tensor, to: type),
        let rounded = try? tensor.copyRounded(to: type)
      else { return nil }
      return .setParameter(node: node.name, input: input, rounded)
    }
  }
}

extension Resize {
  /// Whether both find values in the same way, whatever the sizes.
  func hasSameWay(as other: Resize) -> Bool {
    mode == other.mode && coordinateTransformation == other.coordinateTransformation
      && (mode != .nearest || nearestMode == other.nearestMode)
  }
}
