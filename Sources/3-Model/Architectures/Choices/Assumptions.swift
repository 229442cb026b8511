package import ModelIR

extension Architecture {
  /// What a graph of weights has that the weights do not tell, read off the graph itself.
  ///
  /// - Parameters:
  ///   - graph: made by `graph(_:options:)`.
  ///   - options: what was asked for.
  ///   - configured: what of it a configuration said and nobody asked for.
  package func assumptions(
    of graph: Graph, options: BuildOptions, configured: BuildOptions? = nil
  ) -> [Assumption] {
    AssumptionFinder(
      graph: graph, options: options, configured: configured, own: configuration.assumptions
    ).all
  }
}

/// Looks for what could be otherwise with the same weights.
private struct AssumptionFinder {
  let graph: Graph
  let options: BuildOptions
  let configured: BuildOptions?
  /// What only the network itself can say.
  let own: [Assumption]

  var all: [Assumption] {
    var result: [Assumption] = []
    func add(_ name: String, _ values: [String], _ choice: (BuildOptions) -> Bool) {
      guard !values.isEmpty else { return }
      let origin: Assumption.Origin =
        configured.map(choice) == true ? .configuration : choice(options) ? .option : .assumed
      result.append(Assumption(name: name, value: values.joined(separator: " and "), origin: origin))
    }
    add("activation", activations) { $0.choices.activation != nil }
    add("epsilon", epsilons) { $0.choices.epsilon != nil }
    add("gate", gates) { _ in false }
    add("stride placement", steps) { $0.stridePlacement != nil }
    add("pools", pools) { _ in false }
    add("resizes", resizes) { _ in false }
    add("dilation", [dilation]) { $0.choices.outputStride != nil }
    add("anti-aliasing", [filter]) { $0.antiAliasing != nil }
    for assumption in own where !result.contains(where: { $0.name == assumption.name }) {
      add(assumption.name, ["\(assumption.name): \(assumption.value)"]) { options in
        switch assumption.name {
        case "transform_input": options.rescalesInput != nil
        case "margins": options.padsLikeTensorFlow != nil
        default: false
        }
      }
    }
    add("preprocessing", ["images prepared as in training"]) { _ in false }
    return result
  }

  private func distinct(_ values: [String]) -> [String] {
    values.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }

  private var activations: [String] {
    if let activation = options.choices.activation { return [activation.displayName] }
    if let said = own.first(where: { $0.name == "activation" }) { return [said.value] }
    return graph.activations.isEmpty ? [] : [Activation.relu.displayName]
  }

  private var epsilons: [String] {
    let values = distinct(
      graph.nodes.compactMap { node in
        guard case .batchNormalization(let normalization) = node.op else { return nil }
        return "\(normalization.epsilon)"
      })
    return values.isEmpty ? [] : ["epsilon " + values.joined(separator: " and ")]
  }

  /// What weighs channels: the function behind two layers that read the means.
  private var gates: [String] {
    distinct(
      graph.nodes.compactMap { node -> String? in
        let gate: String
        switch node.op {
        case .unary(.sigmoid): gate = "gates by sigmoid"
        case .unary(.hardSigmoid): gate = "gates by hard sigmoid"
        default: return nil
        }
        // One number a channel.
        guard let input = node.inputs.first ?? nil, graph[input].type.rank == 4,
          graph[input].type.dimensions.dropFirst(2).allSatisfy({ $0.value == 1 })
        else { return nil }
        return gate
      })
  }

  /// Which convolution of a bottleneck takes the step: told by blocks whose first is 1x1.
  private var steps: [String] {
    guard
      graph.nodes.contains(where: { node in
        guard case .conv(let conv) = node.op, conv.window.kernel == [1, 1] else { return false }
        return node.name.hasSuffix(".conv1") && Graph.place(of: node.name) != nil
      })
    else { return [] }
    return distinct(
      graph.nodes.compactMap { node in
        guard case .conv(let conv) = node.op, conv.window.strides == [2, 2],
          !node.name.contains(".downsample"), Graph.place(of: node.name) != nil
        else { return nil }
        return conv.window.kernel == [1, 1] ? "steps in the first 1x1" : "steps in the 3x3"
      })
  }

  private var pools: [String] {
    distinct(
      graph.nodes.compactMap { node in
        guard case .maxPool(let pool) = node.op, let size = pool.window.kernel.first else { return nil }
        // Where windows meet without a rest or margin, there is one way only but for the rounding.
        if pool.window.kernel == pool.window.strides {
          return pool.ceilMode ? "max pools that round up" : "max pools that round down"
        }
        return pool.ceilMode
          ? "max pool \(size)x\(size) that rounds up"
          : "max pool \(size)x\(size) with a margin of \(pool.window.pads.max() ?? 0)"
      })
  }

  private var resizes: [String] {
    distinct(
      graph.nodes.compactMap { node in
        guard case .resize(let resize) = node.op else { return nil }
        return resize.mode == .nearest ? "nearest" : "bilinear without aligned corners"
      }
    ).map { $0 == "nearest" ? "nearest resizes where sides divide" : $0 }
  }

  private var dilation: String {
    let reach =
      graph.nodes.compactMap { node -> Int? in
        guard case .conv(let conv) = node.op else { return nil }
        return conv.window.dilations.max()
      }.max() ?? 1
    return reach == 1 ? "no dilation" : "kernels dilated up to \(reach)"
  }

  private var filter: String {
    switch options.antiAliasing {
    case nil: "no anti-aliasing"
    case .average: "steps in means of 2x2"
    case .blur: "steps behind a blur"
    }
  }
}
