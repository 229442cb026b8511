import Execution
import FileIO
import Testing

@testable import Comparison
@testable import ModelIR

/// A sound file is proved, whatever its network does to rounding, and one that holds another number or computes something
/// else is not.
@Suite struct ProofTests {
  private static var folding: [any GraphPass] {
    [
      EliminateIdentities(), FoldConstants(), FoldBatchNormalization(), EliminateDeadNodes(),
    ]
  }

  private func proof(
    _ source: Graph, _ written: Graph, _ tolerance: Tolerance = .writtenFloat32
  ) throws -> GraphProof {
    let engine = DiffEngine(kernels: Comparing.kernels, threads: 1)
    var random = RandomSource(seed: 1)
    return try GraphProof(source: source, written: written, engine: engine, tolerance: tolerance) { _ in
      var inputs: (source: [String: Tensor], written: [String: Tensor]) = ([:], [:])
      for (id, other) in zip(source.inputs, written.inputs) {
        guard let shape = source[id].type.binding(1).shape else { continue }
        let tensor = Tensor(random.normals(shape.elementCount), shape: shape)
        inputs.source[source[id].name] = tensor
        inputs.written[written[other].name] = tensor.cast(to: written[other].type.dataType)
      }
      return inputs
    }
  }

  /// As a file holds it: stored numbers in place of views that fold while they are read.
  private func stored(_ graph: Graph) throws -> Graph {
    var graph = graph
    for id in graph.initializers {
      guard let tensor = graph.initializer(id), tensor.dataType.isFloatingPoint else { continue }
      let elements = try tensor.floats()
      graph[id].initializer = Tensor(elements, shape: tensor.shape).cast(to: tensor.dataType)
    }
    return graph
  }

  @Test(arguments: FaultNetworks.names)
  func soundFilesAreProved(network: String) throws {
    let source = try FaultNetworks.graph(network)
    for passes in [[], Self.folding] {
      let result = try proof(source, try stored(source.after(passes)))
      #expect(result.problems == [])
      #expect(result.weights.compared == result.weights.total && result.weights.total > 0)
      #expect(result.exactError < 1e-12 && result.runs == 1)
    }
  }

  @Test func halfPrecisionIsProvedToItsRounding() throws {
    let source = try SmallNetwork().graph
    let half = try stored(source.after(Self.folding + [ConvertToHalf()]))
    let result = try proof(source, half, .writtenFloat16)
    #expect(result.problems == [])
    // Weights stand unrounded in the run in Double, so that it shows the network and not its rounding.
    #expect(result.exactError < 1e-12 && result.error > 1e-5 && result.error < 1e-2)
    // A float16 file with one number that is off by four units in the last place.
    let damaged = try half.changing("last.weight") { elements, _ in
      var elements = elements
      elements[3] *= 1 + 4 * 0x1p-10
      return elements
    }
    #expect(try proof(source, damaged, .writtenFloat16).problems.count == 1)
  }

  /// A fault of a thousandth in one number, wherever it stands.
  @Test(arguments: [false, true])
  func noPlantedFaultPasses(folds: Bool) throws {
    var source = try SmallNetwork().graph
    // A channel that is dead: whatever stands in its weights, no output shows it.
    source = try source.changing("norm1.weight") { elements, _ in [0] + elements.dropFirst() }
    source = try source.changing("norm1.bias") { elements, _ in [-1] + elements.dropFirst() }
    let written = try stored(source.after(folds ? Self.folding : []))
    #expect(try proof(source, written).problems == [])
    var random = RandomSource(seed: 3)
    var planted = 0
    for id in written.initializers {
      guard let tensor = written.initializer(id), tensor.dataType.isFloatingPoint else { continue }
      for place in [0] + (0..<4).map({ _ in Int(random.next() % UInt64(tensor.elementCount)) }) {
        let damaged = try written.changing(written[id].name) { elements, _ in
          var elements = elements
          elements[place] += elements[place] == 0 ? 1e-3 : elements[place] * 1e-3
          return elements
        }
        let problems = try proof(source, damaged).problems
        #expect(
          problems.count == 1
            && problems[0].contains(
              "1 of \(tensor.elementCount) numbers is not the source's: element \(place) is"),
          "\(written[id].name) \(place): \(problems)")
        planted += 1
      }
    }
    #expect(planted == written.initializers.count * 5)
  }

  /// What differs by less than float32 rounds in a deep network shows in Double.
  @Test func anotherNetworkIsFound() throws {
    let source = try SmallNetwork().graph
    let written = try stored(source.after(Self.folding))
    let changes: [(String, Operator)] = [
      ("relu1", .unary(.leakyRelu(alpha: 1e-5))), ("relu3", .unary(.clip(minimum: 1e-5, maximum: 1e9))),
      (
        "upsample",
        .resize(
          Resize(mode: .linear, coordinateTransformation: .alignCorners, extent: .sizes([8, 8])))
      ),
    ]
    for (name, op) in changes {
      let problems = try proof(source, try written.setting(name, op)).problems
      #expect(problems.count == 1 && problems[0].contains("it computes something else: in Double"), "\(name)")
    }
    let epsilon = try source.setting("norm2", .batchNormalization(BatchNormalization(epsilon: 1.001e-5)))
    let problems = try proof(source, stored(epsilon)).problems
    #expect(problems == ["norm2: epsilon 1e-05 became 1.001e-05"])
    // Folded with another epsilon, every weight of that convolution is off by more than rounding.
    let folded = try proof(source, stored(epsilon.after(Self.folding))).problems
    #expect(folded.contains { $0.hasPrefix("branch.weight: ") })
  }

  /// The difference of numbers that are nearly the same: float32 itself is off by more than 1e-5.
  @Test func anHonestNetworkThatAmplifiesRoundingIsProved() throws {
    var graph = Graph(name: "amplifier")
    var x = try graph.addInput("x", TensorType(.float32, [1, 1, 8, 8]))
    func vector(_ name: String, _ value: Float) throws -> ValueID {
      try graph.addInitializer(name, Tensor([value], shape: [1]))
    }
    let weight = try graph.addInitializer("conv.weight", Tensor([Float(1)], shape: [1, 1, 1, 1]))
    x = try graph.addNode(
      "conv", .conv(Conv(window: ModelIR.Window(1))), inputs: [x, weight, vector("conv.bias", 5000)])[0]
    x = try graph.addNode(
      "norm", .batchNormalization(BatchNormalization()),
      inputs: [x, vector("gamma", 1), vector("beta", 0.5), vector("mean", 5000), vector("variance", 0.01)])[0]
    graph.setOutputs([x])
    let result = try proof(graph, stored(graph.after(Self.folding)))
    #expect(result.problems == [])
    // 5000 is rounded by up to 2^-12, a tenth of that in one of four: the figure is float32's own.
    #expect(result.error > 1e-5 && result.error <= result.limit)
    #expect(result.limit == GraphProof.roundingFactor * result.sourceError && result.sourceError > 1e-5)
  }

  /// A sixth is a number of float32 in one format and a quotient in another: a network that makes rounding larger does so with
  /// that, and by no more than with its own; a thousandth more is another network.
  @Test func attributesThatRoundAreProvedWhereRoundingIsAmplified() throws {
    func network(_ slope: Float, isWhole: Bool) throws -> Graph {
      var graph = Graph(name: "amplifier")
      func vector(_ name: String, _ value: Float) throws -> ValueID {
        try graph.addInitializer(name, Tensor([value], shape: [1]))
      }
      func weight(_ name: String, _ value: Float) throws -> ValueID {
        try graph.addInitializer(name, Tensor([value], shape: [1, 1, 1, 1]))
      }
      let convolution = Operator.conv(Conv(window: ModelIR.Window(1)))
      var x = try graph.addInput("x", TensorType(.float32, [1, 1, 8, 8]))
      x = try graph.addNode(
        "small", convolution, inputs: [x, weight("small.weight", 1e-4), vector("small.bias", 1)])[0]
      // Each of these sums rounds as much as the attribute does.
      for index in 0..<4 {
        let shift = Float(index % 2 == 0 ? 3 : -3)
        x = try graph.addNode("sum\(index)", .binary(.add), inputs: [x, vector("shift\(index)", shift)])[0]
      }
      if isWhole {
        x = try graph.addNode("swish", .unary(.hardSwish), inputs: [x])[0]
      } else {
        let gate = try graph.addNode(
          "gate", .unary(.hardSigmoid(alpha: slope, beta: 0.5)), inputs: [x])[0]
        x = try graph.addNode("product", .binary(.mul), inputs: [x, gate])[0]
      }
      x = try graph.addNode(
        "rest", convolution, inputs: [x, weight("rest.weight", 1), vector("rest.bias", -2 / 3)])[0]
      graph.setOutputs([x])
      return graph
    }
    let source = try network(1 / 6, isWhole: true)
    let result = try proof(source, stored(network(1 / 6, isWhole: false)))
    #expect(result.problems == [])
    #expect(result.exactError > 0x1p-23 && result.exactError <= result.sourceError / 4)
    let problems = try proof(source, stored(network(1.001 / 6, isWhole: false))).problems
    #expect(problems.contains { $0.contains("it computes something else: in Double") })
  }

  @Test func outputsThatAreAllNaNProveNothing() throws {
    let source = try SmallNetwork().graph.changing("norm1.running_var") { elements, _ in
      elements.map { _ in -1 }
    }
    let problems = try proof(source, stored(source.after(Self.folding))).problems
    #expect(
      problems.count == 1 && problems[0].hasPrefix("nothing is proved: no element of output fc is finite"))
  }

  /// Under names that say nothing, weights are not told, and what rounding of theirs makes is allowed for.
  @Test func withoutNamesOutputsDecide() throws {
    let source = try SmallNetwork().graph
    let written = try stored(source.after(Self.folding)).anonymous()
    let result = try proof(source, written)
    #expect(result.problems == [] && result.weights.compared == 0)
    let damaged = try stored(source.after(Self.folding)).changing("last.weight") { elements, _ in
      elements.map { $0 * 1.001 }
    }
    #expect(!(try proof(source, damaged.anonymous()).problems.isEmpty))
  }

  /// A normalisation that was folded through a resize stands behind it again, and what is the same graph is told so.
  @Test func whatIsFoldedIsTheSameGraphAgain() throws {
    let source = try SmallNetwork(normalizesBehindResize: true).graph
    let written = try stored(source.after(Self.folding))
    #expect(!written.nodes.contains { $0.op.name == "BatchNormalization" })
    let result = try proof(source, written)
    #expect(result.problems == [] && result.exactError == 0 && result.error > 0)
  }

  /// A convolution that something else reads beside the resize: what was folded into it is wrong there.
  @Test func whatElseReadsAFoldedConvolutionIsNotForgotten() throws {
    var graph = Graph(name: "two readers")
    func vector(_ name: String, _ values: [Float]) throws -> ValueID {
      try graph.addInitializer(name, Tensor(values, shape: [values.count]))
    }
    let x = try graph.addInput("x", TensorType(.float32, [1, 2, 4, 4]))
    let weight = try graph.addInitializer(
      "conv.weight", Tensor([1, 2, 3, 4] as [Float], shape: [2, 2, 1, 1]))
    let conv = try graph.addNode(
      "conv", .conv(Conv(window: ModelIR.Window(1))), inputs: [x, weight])[0]
    let resize = Resize(
      mode: .linear, coordinateTransformation: .halfPixel, extent: .sizes([8, 8]))
    let up = try graph.addNode("up", .resize(resize), inputs: [conv])[0]
    let norm = try graph.addNode(
      "norm", .batchNormalization(BatchNormalization()),
      inputs: [
        up, vector("gamma", [2, 3]), vector("beta", [1, 0]), vector("mean", [0, 1]),
        vector("var", [1, 4]),
      ])[0]
    graph.setOutputs([norm])
    let folded = try stored(graph.after(Self.folding))
    #expect(folded.nodes.count == 2)
    #expect(try proof(graph, folded).problems == [])

    // The same numbers, while the second reader's output is asked for.
    graph.setOutputs([norm, try graph.addNode("relu", .unary(.relu), inputs: [conv])[0]])
    var wrong = folded
    let bad = try wrong.addNode("relu", .unary(.relu), inputs: [wrong.nodes[0].outputs[0]])[0]
    wrong.setOutputs([wrong.outputs[0], bad])
    let problems = try proof(graph, wrong).problems
    #expect(
      problems.count == 1 && problems[0].contains("it computes something else: in Double"),
      "\(problems)")
  }

  @Test func theSameGraphIsToldFromOthers() throws {
    let graph = try SmallNetwork().graph
    #expect(try SameGraph.areSame(graph, stored(graph)))
    for index in graph.nodes.indices {
      var other = graph
      switch other.nodes[index].op {
      case .unary(.relu): other.nodes[index].op = .unary(.leakyRelu(alpha: 0))
      case .batchNormalization:
        other.nodes[index].op = .batchNormalization(BatchNormalization(epsilon: 2e-5))
      case .conv(var conv):
        conv.window.dilations = [2, 2]
        other.nodes[index].op = .conv(conv)
      default: continue
      }
      #expect(try !SameGraph.areSame(graph, other), "\(graph.nodes[index].name)")
    }
    for id in graph.initializers {
      let other = try graph.changing(graph[id].name) { elements, _ in
        var elements = elements
        elements[elements.count - 1] = elements[elements.count - 1].nextUp
        return elements
      }
      #expect(try !SameGraph.areSame(graph, other), "\(graph[id].name)")
    }
  }
}
