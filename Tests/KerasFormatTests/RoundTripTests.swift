import Architectures
import FileIO
import HDF5
import ModelIR
import TestSupport
import Testing

@testable import KerasFormat

/// What is written is read back as the same network.
@Suite struct RoundTripTests {
  /// The constants of each node, by the node's name in Keras, and the shapes of what it yields.
  private func contents(_ graph: Graph) throws -> [String: [[Float]]] {
    var result: [String: [[Float]]] = [:]
    for node in graph.nodes {
      let name = node.name.replacing(".", with: "_")
      result[name] = try node.inputs.compactMap { graph.initializer($0) }.map { try $0.floats() }
    }
    return result
  }

  private func kinds(_ graph: Graph) -> [String: Int] {
    graph.nodes.reduce(into: [:]) { $0[$1.op.name, default: 0] += 1 }
  }

  @Test(
    arguments: [KerasWriter.Container.hdf5, .archive],
    [(DataFormat.channelsLast, false), (.channelsLast, true), (.channelsFirst, true)])
  func keepsTheNetwork(container: KerasWriter.Container, way: (format: DataFormat, folded: Bool)) throws {
    let graph = try tinyGraph(folded: way.folded)
    let file = ByteRegion.copying(try bytes(graph, container, dataFormat: way.format), origin: "tiny")
    #expect(KerasReader.recognizes(file))
    let read = try KerasReader.read(file).graph
    #expect(kinds(read) == kinds(graph))
    #expect(read[read.inputs[0]].type == graph[graph.inputs[0]].type)
    #expect(read[read.outputs[0]].type == graph[graph.outputs[0]].type)
    let expected = try contents(graph)
    for (name, values) in try contents(read) where !values.isEmpty {
      #expect(values == expected[name], "\(name)")
    }
    // Margins, strides and sizes are the same too.
    let ops = Dictionary(uniqueKeysWithValues: graph.nodes.map { ($0.name.replacing(".", with: "_"), $0.op) })
    for node in read.nodes where !node.name.hasSuffix("_flatten") { #expect(node.op == ops[node.name]) }
  }

  @Test func takesBatchSizeFeaturesAndSoftmax() throws {
    let options = BuildOptions(
      inputSize: InputSize(height: 224, width: 288), batch: .fixed(3), features: true)
    let graph = try tinyGraph(options)
    let read = try KerasReader.read(.copying(try bytes(graph, .hdf5))).graph
    #expect(read.inputs.map { read[$0].type } == graph.inputs.map { graph[$0].type })
    #expect(read.outputs.map { read[$0].type } == graph.outputs.map { graph[$0].type })
    #expect(read.outputs.count == 4)
    let probabilities = try tinyGraph(BuildOptions(softmax: true))
    let last = try KerasReader.read(.copying(try bytes(probabilities, .archive))).graph.nodes.last
    #expect(last?.op == .softmax(Softmax(axis: 1)))
  }

  @Test func weightsStayInTheFile() throws {
    let graph = try tinyGraph()
    try withTemporaryDirectory { directory in
      let path = directory + "/tiny.h5"
      let writer = try KerasWriter(StoredModel(graph: graph), path: path, options: .init(container: .hdf5))
      var output = try OutputFile(path: path, overwrite: false)
      try writer.write(to: &output)
      try output.commit()
      let read = try KerasReader.read(ByteRegion.map(path: path)).graph
      for id in read.initializers { #expect(read[id].initializer?.storage.isMapped == true) }
    }
  }

  @Test(arguments: KerasWriter.Container.allCases)
  func writesTheSameBytesAgain(container: KerasWriter.Container) throws {
    let graph = try tinyGraph()
    #expect(try bytes(graph, container) == bytes(graph, container))
  }

  @Test(arguments: [KerasWriter.Container.hdf5, .legacyWeights, .weights])
  func tellsWhereWeightsAre(container: KerasWriter.Container) throws {
    let graph = try tinyGraph()
    let writer = try KerasWriter(StoredModel(graph: graph), path: "x", options: .init(container: container))
    let root = try HDF5File(.copying(try bytes(graph, container))).root()
    #expect(writer.names.count == graph.initializers.count)
    for entry in writer.names {
      let id = try #require(graph.value(named: entry.source))
      let tensor = try #require(graph[id].initializer)
      var budget = 0
      let stored = try root.dataset(entry.dataset).tensor(budget: &budget)
      #expect(stored.shape.dimensions == entry.shape)
      let turned =
        tensor.shape.rank == 4
        ? tensor.transposed([2, 3, 1, 0]) : tensor.shape.rank == 2 ? tensor.transposed([1, 0]) : tensor
      #expect(try stored.floats() == turned.floats())
    }
    let kernel = try #require(writer.names.first { $0.source == "layer1.0.conv2.1.weight" })
    #expect(kernel.layer == "layer1_0_conv2_1")
  }

  @Test func saysTheInput() throws {
    let graph = try tinyGraph()
    let last = try KerasWriter(StoredModel(graph: graph), path: "x", options: .init(container: .hdf5))
    #expect(last.inputs == [.init(name: "input", shape: [nil, 224, 224, 3], layout: "NHWC")])
    let options = KerasWriter.Options(container: .hdf5, dataFormat: .channelsFirst)
    let first = try KerasWriter(StoredModel(graph: graph), path: "x", options: options)
    #expect(first.inputs == [.init(name: "input", shape: [nil, 3, 224, 224], layout: "NCHW")])
  }

  @Test func halfPrecisionIsStoredAsSuch() throws {
    var graph = try tinyGraph()
    try graph.apply([ConvertToHalf()])
    let data = try bytes(graph, .hdf5)
    let root = try HDF5File(.copying(data)).root()
    var budget = 0
    let kernel = try root.dataset("model_weights/conv1/conv1/kernel:0").tensor(budget: &budget)
    #expect(kernel.dataType == .float16)
    let configuration = try root.attributes().first { $0.name == "model_config" }?.string() ?? ""
    #expect(configuration.contains(#""dtype": "mixed_float16""#))
    // The last layer gives float32.
    #expect(configuration.contains(#""class_name": "Activation""#))
    let read = try KerasReader.read(.copying(data)).graph
    #expect(read[read.outputs[0]].type.dataType == .float32)
  }

  /// The largest of the released networks: its configuration is far beyond the 64 KiB of an attribute in a header.
  @Test func holdsTheLargestNetwork() throws {
    let weights = try Fixtures.shapeOnlyWeights("full/scalenet152.spec.json")
    let graph = try ScaleNetConfiguration(recognizing: weights, source: "152").graph(weights)
    let layout = try HDF5Layout(path: "x") { (_) throws(ScaleNetError) in }
    #expect(layout.byteCount > 0)
    let data = try bytes(graph, .hdf5)
    let root = try HDF5File(.copying(data)).root()
    let configuration = try root.attributes().first { $0.name == "model_config" }?.string() ?? ""
    #expect(configuration.utf8.count > 4 * 65536)
    let read = try KerasReader.read(.copying(data)).graph
    #expect(kinds(read) == kinds(graph))
  }

  /// 400 names of 200 bytes take 80,000: two lists, and none under the plain name.
  @Test func splitsLongListsOfNames() throws {
    var graph = Graph(name: "long")
    var x = try graph.addInput("x", TensorType(.float32, [1, 1, 2, 2]))
    for index in 0..<400 {
      let name = "n\(index)_" + String(repeating: "y", count: 196 - String(index).count)
      x = try graph.addNode(name, .unary(.relu), inputs: [x])[0]
    }
    graph.setOutputs([x])
    let data = try bytes(graph, .hdf5)
    let attributes = try HDF5File(.copying(data)).root().group("model_weights").attributes()
    let lists = attributes.filter { $0.name.hasPrefix("layer_names") }
    #expect(lists.map(\.name) == ["layer_names0", "layer_names1"])
    let names = try lists.flatMap { try $0.strings() }
    #expect(names.count == 401)
    #expect(names[1] == graph.nodes[0].name && names[400] == graph.nodes[399].name)
    #expect(try KerasReader.read(.copying(data)).graph.nodes.count == 400)
  }
}
