import ModelIR

extension Experiment {
  /// Every other way to resize, those with the fewest changes first.
  func resizeHypotheses() -> [Hypothesis] { Self.resizeHypotheses(own) }

  static func resizeHypotheses(_ graph: Graph) -> [Hypothesis] {
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
}

extension Resize {
  /// Whether both find values in the same way, whatever the sizes.
  func hasSameWay(as other: Resize) -> Bool {
    mode == other.mode && coordinateTransformation == other.coordinateTransformation
      && (mode != .nearest || nearestMode == other.nearestMode)
  }
}
