import Architectures
import Execution
import FileIO
import ModelIR
import TestSupport
import Testing

/// Weights of a graph get the names back that they had, whatever the graph calls them.
@Suite struct GraphReadingTests {
  /// The names and shapes of networks, with numbers that tell each element from its neighbours.
  private func weights(_ network: Architecture) -> StateDict { network.initialWeights(seed: 3) }

  /// The same graph under names that mean nothing.
  private func anonymous(_ graph: Graph) -> Graph {
    var graph = graph
    for (number, id) in graph.valueIDs.enumerated() { graph[id].name = "onnx::\(number)" }
    for index in graph.nodes.indices { graph.nodes[index].name = "node_\(index)" }
    return graph
  }

  private static let networks = [
    "scalenet50", "resnet18", "resnet50", "resnext50-32x4d", "seresnet50", "seresnext50-32x4d",
  ]

  private func network(_ name: String) throws -> Architecture {
    try #require(BuiltInArchitecture(name: name)).architecture()
  }

  @Test(arguments: networks)
  func namesComeBackBitForBit(name: String) throws {
    let network = try network(name)
    let weights = weights(network)
    let reading = try GraphReading(anonymous(try network.graph(weights)))
    #expect(reading.architecture == network && reading.notes == [] && reading.folded == [])
    #expect(reading.weights.names == weights.names.filter { !$0.hasSuffix("num_batches_tracked") })
    for entry in reading.weights.entries {
      #expect(try entry.tensor.hasSameBits(as: try #require(weights[entry.name])), "\(entry.name)")
    }
  }

  @Test(arguments: networks)
  func whatWasFoldedIsWrittenAsNothing(name: String) throws {
    let network = try network(name)
    let weights = weights(network)
    var graph = try network.graph(weights)
    try graph.apply([FoldBatchNormalization()])
    let reading = try GraphReading(anonymous(graph))
    #expect(reading.architecture == network)
    #expect(reading.folded.count == weights.names.count { $0.hasSuffix("running_mean") })
    // 1 - 1e-5 in float32, of which 1e-5 in float32 makes 1 exactly.
    let variance = try #require(try reading.weights["\(reading.folded[0]).running_var"]?.floats())
    #expect(Set(variance).count == 1 && variance[0] + Float(1e-5) == 1)
    // Folded once more, it is what it was.
    var again = try reading.architecture.graph(reading.weights)
    try again.apply([FoldBatchNormalization()])
    #expect(again.nodes.map(\.op) == graph.nodes.map(\.op))
    for id in graph.initializers {
      let name = graph[id].name
      let other = try #require(again.value(named: name).flatMap { again.initializer($0) })
      #expect(try other.floats() == (try #require(graph.initializer(id)).floats()), "\(name)")
    }
  }

  @Test func olderSEResNetsAreToldByWhatTheyCompute() throws {
    var weights = StateDict()
    for entry in self.weights(try network("seresnet50")).entries {
      var name = entry.name.replacing(".se.", with: ".se_module.").replacing("fc.", with: "last_linear.")
      if name.hasPrefix("conv1") || name.hasPrefix("bn1") { name = "layer0.\(name)" }
      weights.append(name.hasPrefix("layer") ? name : name, entry.tensor)
    }
    let network = try Architecture.recognize(weights, source: "w.pth")
    let reading = try GraphReading(anonymous(try network.graph(weights)))
    #expect(reading.architecture == network)
    #expect(reading.weights.names == weights.names.filter { !$0.hasSuffix("num_batches_tracked") })
  }

  @Test func givesTheEndThatTheGraphHas() throws {
    let network = try network("resnet18")
    let weights = weights(network)
    let maps = try GraphReading(anonymous(try network.graph(weights, options: BuildOptions(features: true))))
    #expect(maps.options.features && maps.outputs == [0, 1, 2, 3] && maps.architecture.classes == nil)
    let soft = try GraphReading(anonymous(try network.graph(weights, options: BuildOptions(softmax: true))))
    #expect(soft.options.softmax && soft.architecture == network)
  }

  @Test func saysTheStepThatNamesDoNotTell() throws {
    let network = try network("resnet50")
    let graph = try network.graph(weights(network), options: BuildOptions(stridePlacement: .first))
    let reading = try GraphReading(anonymous(graph))
    #expect(reading.options.stridePlacement == .first)
    #expect(reading.notes.count == 1 && reading.notes[0].contains("first 1x1 convolution"))
  }

  @Test func biasesAndOtherEpsilonsGoIntoTheStatistics() throws {
    let network = try network("resnet18")
    let weights = weights(network)
    var graph = try network.graph(weights)
    let bias = try graph.addInitializer("a bias", Tensor([Float](repeating: 0.25, count: 64), shape: [64]))
    for index in graph.nodes.indices {
      if graph.nodes[index].name == "conv1" { graph.nodes[index].inputs.append(bias) }
      if graph.nodes[index].name == "bn1" {
        graph.nodes[index].op = .batchNormalization(BatchNormalization(epsilon: 1e-3))
      }
    }
    let reading = try GraphReading(graph)
    // -0.25 and 1 + 0.001 - 0.00001
    #expect(try reading.weights["bn1.running_mean"]?.floats() == [Float](repeating: -0.25, count: 64))
    #expect(try reading.weights["bn1.running_var"]?.floats().allSatisfy { abs($0 - 1.00099) < 1e-7 } == true)
    #expect(reading.notes.count == 2)
  }

  @Test func saysWhereAGraphIsNoNetwork() throws {
    let network = try network("resnet18")
    func refusal(_ change: (inout Graph) throws -> Void) throws -> String {
      var graph = try network.graph(weights(network))
      try change(&graph)
      do throws(ScaleNetError) {
        _ = try GraphReading(graph)
        return "found"
      } catch {
        return "\(error)"
      }
    }
    let begun = try refusal { graph in
      for index in graph.nodes.indices where graph.nodes[index].name == "relu" {
        graph.nodes[index].op = .unary(.sigmoid)
      }
    }
    #expect(begun == "it does not begin with a 7x7 convolution, a ReLU and a max pool of 3x3")
    let inside = try refusal { graph in
      for index in graph.nodes.indices where graph.nodes[index].name == "layer3.1.relu1" {
        graph.nodes[index].op = .unary(.sigmoid)
      }
    }
    #expect(inside == "5 residual blocks in 3 stages were found where 4 stages are expected")
    let behind = try refusal { graph in
      for index in graph.nodes.indices where graph.nodes[index].name == "flatten" {
        let id = graph.nodes[index].outputs[0]
        let relu = try graph.addNode("odd", .unary(.relu), inputs: [id])
        let odd = graph.nodes.removeLast()
        graph.nodes.insert(odd, at: index + 1)
        for later in graph.nodes.indices where later > index + 1 {
          graph.nodes[later].inputs = graph.nodes[later].inputs.map { $0 == id ? relu[0] : $0 }
        }
      }
    }
    #expect(behind == "node odd (Relu) does not belong behind the last block")
  }
}
