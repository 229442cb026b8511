import FileIO
import HDF5
import ModelIR
import TestSupport
import Testing

@testable import KerasFormat

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
    let relu = Operator.unary(.relu)
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
      try chain(map, pool, .unary(.clip(minimum: 0, maximum: 6)), .unary(.sigmoid)),
      try chain(map, pool, .softmax(Softmax(axis: 1))), try chain(map, pool, .softmax(Softmax(axis: 2))),
      try chain(map, pool, .averagePool(AveragePool(window: window))),
      try chain(map, pool, .pad(Pad(margins: [1, 2, 3, 4])), .unary(.relu)),
      try chain(
        map, pool, .averagePool(AveragePool(window: Window(3, stride: 2, pad: 1), countIncludePad: true))),
      try chain(map, pool, .globalPool(.average), .unary(.relu)),
      try chain(map, pool, .flatten(Flatten())),
      try chain(
        TensorType(.float32, [.symbolic("batch"), 6]), .reshape(Reshape(shape: [0, 6, 1, 1])), .unary(.relu)),
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
      (Operator.maxPool(MaxPool(window: Window(2, stride: 2, pad: 1))), "pads"),
      (.unary(.clip(minimum: 1, maximum: 2)), "min"), (.unary(.clip(minimum: -2, maximum: -1)), "min"),
      (.unary(.leakyRelu(alpha: -0.5)), "alpha"), (.unary(.sqrt), "operator"),
      (.lrn(LRN(size: 3)), "operator"), (.pad(Pad(pads: [0, 0, 1, 1, 0, 0, 1, 1], mode: .reflect)), "mode"),
      (.pad(Pad(pads: [1, 0, 0, 0, 0, 0, 0, 0])), "axes"),
      (.reshape(Reshape(shape: [4, 64])), "shape"), (.reshape(Reshape(shape: [2, 2, 8, 8])), "shape"),
      (.expand(Expand(shape: [2, 4, 8, 8])), "shape"), (.expand(Expand(shape: [1, 1, 4, 8, 8])), "shape"),
      (.reduce(Reduce(.mean, axes: [0, 1])), "axes"),
      (.slice(Slice(axes: [2], starts: [7], steps: [-1], counts: [8])), "steps"),
      (.slice(Slice(axes: [0], starts: [0], steps: [1], counts: [0])), "counts"),
      (.gather(Gather(axis: 1, indices: [2, 0, 1], indexShape: [3])), "indices"),
      (.gather(Gather(axis: 0, indices: [0], indexShape: [])), "axis"),
      (
        .resize(
          Resize(mode: .cubic, coordinateTransformation: .halfPixel, extent: .sizes([16, 16]))), "mode"
      ),
      (.pad(Pad(margins: [1, 1, 1, 1], value: 2)), "value"),
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
      _ = try KerasWriter(StoredModel(graph: graph), path: "out.h5", options: .init(container: .hdf5))
      Issue.record("it should have been refused")
    } catch {
      #expect("\(error)".hasPrefix("out.h5: node node0 (\(op.name)): \(place)"), "\(error)")
    }
  }

  /// A node of an input and a constant.
  private func withConstant(
    _ op: Operator, _ values: [Float], _ shape: TensorShape, isFirst: Bool = false
  ) throws -> Graph {
    var graph = Graph(name: "constant")
    let x = try graph.addInput("x", map)
    let constant = try graph.addInitializer("constant", Tensor(values, shape: shape))
    graph.setOutputs(try graph.addNode("node", op, inputs: isFirst ? [constant, x] : [x, constant]))
    return graph
  }

  private func message(_ graph: Graph) -> String {
    do {
      _ = try KerasWriter(StoredModel(graph: graph), path: "out.h5", options: .init(container: .hdf5))
      return "written"
    } catch { return "\(error)" }
  }

  @Test func constantsThatAreNoWeightsAreRescaling() throws {
    let sum = try withConstant(.binary(.add), [1.5], [1, 1, 1, 1])
    #expect(try layers(sum) == ["Functional", "InputLayer", "Rescaling"])
    let read = try readBack(sum)
    #expect(read.nodes.map(\.op) == [.binary(.add)])
    #expect(try read[read.initializers[0]].initializer?.floats() == [1.5])
    let columns = try withConstant(.binary(.mul), [1, 2, 3, 4, 5, 6, 7], [7])
    #expect(try layers(columns) == ["Functional", "InputLayer", "Permute", "Rescaling", "Permute"])
    #expect(
      message(try withConstant(.binary(.add), [Float](repeating: 1, count: 49), [7, 7])).contains("axis"))
    #expect(message(try withConstant(.binary(.div), [1, 2, 0, 4], [4, 1, 1])).contains("finite"))
    #expect(message(try withConstant(.binary(.add), [.nan], [1])).contains("finite"))
    #expect(
      message(try withConstant(.binary(.div), [1], [1], isFirst: true))
        == "out.h5: node node (Div): input 1: expected a constant: no plain layer divides, found what is computed"
    )
    #expect(message(try withConstant(.binary(.pow), [0.5], [1])).contains("(Pow)"))
    #expect(message(try withConstant(.binary(.pow), [2], [1], isFirst: true)).contains("(Pow)"))
    #expect(
      message(try withConstant(.matMul(MatMul()), [Float](repeating: 1, count: 49), [1, 7, 7])).contains(
        "a matrix"))
    #expect(message(try withConstant(.binary(.pRelu), [0.1], [1])) == "written")
  }

  @Test func namesAreValidAndDiffer() throws {
    var graph = Graph(name: "names")
    var x = try graph.addInput("in/put", map)
    for name in ["a.b", "a_b", "a/b", "_", "_x", "\u{e9}"] {
      x = try graph.addNode(name, .unary(.relu), inputs: [x])[0]
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
