import FileIO
import HDF5
import KerasFormat
import ModelIR
import TestSupport
import Testing

/// Single operators: which layers they become, and what is refused.
@Suite struct LayerTests {
  private func readBack(_ graph: Graph, _ format: DataFormat = .channelsLast) throws -> Graph {
    try KerasReader.read(.copying(try bytes(graph, .hdf5, dataFormat: format))).graph
  }

  private func layers(_ graph: Graph, _ format: DataFormat = .channelsLast) throws -> [String] {
    let root = try HDF5File(.copying(try bytes(graph, .hdf5, dataFormat: format))).root()
    let text = try root.attributes().first { $0.name == "model_config" }?.string() ?? ""
    return text.split(separator: #""class_name": ""#).dropFirst().map { String($0.prefix { $0 != "\"" }) }
  }

  private let map = TensorType(.float32, [1, 4, 7, 7])
  private let even = TensorType(.float32, [1, 4, 8, 8])

  @Test func marginsAreTheirOwnLayerUnlessSame() throws {
    let relu = Operator.relu(Relu())
    let same = try chain(map, relu, .maxPool(MaxPool(window: Window(3, stride: 1, pad: 1))))
    #expect(try layers(same) == ["Functional", "InputLayer", "ReLU", "MaxPooling2D"])
    let other = try chain(
      TensorType(.float32, [1, 4, 8, 8]), relu, .maxPool(MaxPool(window: Window(3, stride: 2, pad: 1))))
    #expect(try layers(other) == ["Functional", "InputLayer", "ReLU", "ZeroPadding2D", "MaxPooling2D"])
    for graph in [same, other] { #expect(try readBack(graph).nodes.map(\.op) == graph.nodes.map(\.op)) }
  }

  @Test func operatorsComeBackAsTheyWere() throws {
    // A layer that says in which order it has the axes.
    let pool = Operator.maxPool(MaxPool(window: Window(1)))
    let window = Window(kernel: [2, 3], strides: [2, 1])
    let chains: [Graph] = [
      try chain(map, pool, .clip(Clip(minimum: 0, maximum: 6)), .sigmoid(Sigmoid())),
      try chain(map, pool, .softmax(Softmax(axis: 1))), try chain(map, pool, .softmax(Softmax(axis: 2))),
      try chain(map, pool, .averagePool(AveragePool(window: window))),
      try chain(map, pool, .pad(Pad(margins: [1, 2, 3, 4])), .relu(Relu())),
      try chain(
        map, pool, .averagePool(AveragePool(window: Window(3, stride: 2, pad: 1), countIncludePad: true))),
      try chain(map, pool, .globalAveragePool(GlobalAveragePool()), .relu(Relu())),
      try chain(map, pool, .flatten(Flatten())),
      try chain(
        TensorType(.float32, [.symbolic("batch"), 6]), .reshape(Reshape(shape: [0, 6, 1, 1])), .relu(Relu())),
      try chain(
        map, pool,
        .resize(Resize(mode: .linear, coordinateTransformation: .halfPixel, extent: .sizes([5, 9])))),
      try chain(
        map, pool,
        .resize(Resize(mode: .nearest, coordinateTransformation: .asymmetric, extent: .sizes([14, 21])))),
    ]
    for graph in chains {
      // Flattening channels-last maps needs PyTorch's order, which a permutation gives.
      for format in DataFormat.allCases {
        let read = try readBack(graph, format)
        #expect(read.nodes.map(\.op) == graph.nodes.map(\.op))
        #expect(read.outputs.map { read[$0].type } == graph.outputs.map { graph[$0].type })
      }
    }
  }

  @Test func channelsFirstTurnsAroundResizing() throws {
    let graph = try chain(
      map, .resize(Resize(mode: .linear, coordinateTransformation: .halfPixel, extent: .sizes([5, 9]))))
    #expect(
      try layers(graph, .channelsFirst)
        == ["Functional", "InputLayer", "Permute", "Resizing", "Permute"])
  }

  @Test func depthwiseFiltersAreDepthwiseLayers() throws {
    var graph = Graph(name: "depthwise")
    let x = try graph.addInput("x", TensorType(.float32, [1, 3, 8, 8]))
    let values = (0..<27).map(Float.init)
    let weight = try graph.addInitializer("w", Tensor(values, shape: [3, 1, 3, 3]))
    let conv = Conv(window: Window(3, stride: 2, pad: 1), group: 3)
    graph.setOutputs(try graph.addNode("conv", .conv(conv), inputs: [x, weight]))
    #expect(try layers(graph) == ["Functional", "InputLayer", "ZeroPadding2D", "DepthwiseConv2D"])
    let read = try readBack(graph)
    #expect(read.nodes.map(\.op) == [.conv(conv)])
    #expect(try read[read.initializers[0]].initializer?.floats() == values)
  }

  @Test(
    arguments: [
      (Operator.maxPool(MaxPool(window: Window(3, stride: 2, pad: 1))), "pads"),
      (.clip(Clip(minimum: -1, maximum: 1)), "min"), (.pad(Pad(margins: [1, 1, 1, 1], value: 2)), "value"),
      (.averagePool(AveragePool(window: Window(2, stride: 2, pad: 1))), "pads"),
      (
        .resize(Resize(mode: .nearest, coordinateTransformation: .asymmetric, extent: .sizes([10, 10]))),
        "sizes"
      ),
      (
        .resize(Resize(mode: .linear, coordinateTransformation: .alignCorners, extent: .sizes([10, 10]))),
        "coordinate_transformation_mode"
      ),
      (.flatten(Flatten(axis: 2)), "axis"), (.cast(Cast(to: .float64)), "node0"),
      (.softmax(Softmax(axis: 0)), "axis"),
    ])
  func whatKerasCannotSayIsAnError(op: Operator, place: String) throws {
    let graph = try chain(even, op)
    do {
      _ = try KerasWriter(Model(graph: graph), path: "out.h5", options: .init(container: .hdf5))
      Issue.record("it should have been refused")
    } catch {
      guard case .unsupportedNode("out.h5", "node0", op.name, let found, _, _) = error else {
        Issue.record("\(error)")
        return
      }
      #expect(found.hasPrefix(place))
    }
  }

  @Test func constantsThatAreNoWeightsAreErrors() throws {
    var graph = Graph(name: "constant")
    let x = try graph.addInput("x", map)
    let one = try graph.addInitializer("one", Tensor([1 as Float], shape: [1, 1, 1, 1]))
    graph.setOutputs(try graph.addNode("sum", .add(Add()), inputs: [x, one]))
    #expect {
      try KerasWriter(Model(graph: graph), path: "out.h5", options: .init(container: .hdf5))
    } throws: {
      "\($0)" == "out.h5: node sum (Add): input 1: expected what a layer yields, found the constant one"
    }
  }

  @Test func namesAreValidAndDiffer() throws {
    var graph = Graph(name: "names")
    var x = try graph.addInput("in/put", map)
    for name in ["a.b", "a_b", "a/b", "_", "_x", "\u{e9}"] {
      x = try graph.addNode(name, .relu(Relu()), inputs: [x])[0]
    }
    graph.setOutputs([x])
    let read = try readBack(graph)
    #expect(read[read.inputs[0]].name == "in_put")
    #expect(read.nodes.map(\.name) == ["a_b", "a_b_1", "a_b_2", "layer", "x", "layer_1"])
  }

  @Test func endingsChooseTheContainer() {
    typealias Container = KerasWriter.Container
    #expect(Container(path: "m.h5", weightsOnly: false) == .hdf5)
    #expect(Container(path: "m.HDF5", weightsOnly: true) == .legacyWeights)
    #expect(Container(path: "m.weights.h5", weightsOnly: true) == .weights)
    #expect(Container(path: "m.keras", weightsOnly: false) == .archive)
    #expect(Container(path: "m.keras", weightsOnly: true) == nil)
    #expect(Container(path: "m.onnx", weightsOnly: false) == nil)
  }
}
