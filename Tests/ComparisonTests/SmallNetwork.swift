import Execution
import FileIO

import protocol Kernels.KernelSet
import func Kernels.baselineKernels

@testable import Comparison
@testable import ModelIR

/// A network of a few nodes of every kind that a fault is planted in, with seeded weights.
struct SmallNetwork {
  var graph = Graph(name: "small")
  private var random = RandomSource(seed: 11)

  /// - Parameters:
  ///   - softmax: whether it ends in one.
  ///   - normalizesBehindResize: whether the branch is normalised behind its resize, as a ScaleNet's is.
  init(softmax: Bool = false, normalizesBehindResize: Bool = false) throws {
    var x = try graph.addInput("image", TensorType(.float32, [2, 3, 15, 15]))
    x = try convolution("stem", x, from: 3, to: 8, Window(3, stride: 2, pad: 1))
    x = try normalization("norm1", x, 8)
    x = try graph.addNode("relu1", .unary(.relu), inputs: [x])[0]
    let pooled = try graph.addNode(
      "pool", .maxPool(MaxPool(window: Window(3, stride: 2, pad: 1))), inputs: [x])[0]
    var small = try convolution("branch", pooled, from: 8, to: 8, Window(3, pad: 1))
    if !normalizesBehindResize { small = try normalization("norm2", small, 8) }
    let resize = Resize(
      mode: .linear, coordinateTransformation: .halfPixel, extent: .sizes([8, 8]))
    small = try graph.addNode("upsample", .resize(resize), inputs: [small])[0]
    if normalizesBehindResize { small = try normalization("norm2", small, 8) }
    x = try graph.addNode("sum", .binary(.add), inputs: [small, x])[0]
    x = try graph.addNode("relu2", .unary(.relu), inputs: [x])[0]
    x = try graph.addNode(
      "mean", .averagePool(AveragePool(window: Window(3, stride: 2, pad: 1), countIncludePad: true)),
      inputs: [x])[0]
    let second = Resize(mode: .linear, coordinateTransformation: .halfPixel, extent: .sizes([7, 7]))
    x = try graph.addNode("upsample2", .resize(second), inputs: [x])[0]
    x = try convolution("last", x, from: 8, to: 8, Window(1), hasBias: true)
    x = try normalization("norm3", x, 8)
    x = try graph.addNode("relu3", .unary(.relu), inputs: [x])[0]
    x = try graph.addNode("gap", .globalPool(.average), inputs: [x])[0]
    x = try graph.addNode("flatten", .flatten(Flatten()), inputs: [x])[0]
    let weight = try initializer("fc.weight", [8, 8], deviation: 0.5)
    let bias = try initializer("fc.bias", [8], deviation: 0.5)
    x = try graph.addNode("fc", .gemm(Gemm(transB: true)), inputs: [x, weight, bias])[0]
    if softmax { x = try graph.addNode("softmax", .softmax(Softmax(axis: 1)), inputs: [x])[0] }
    graph.setOutputs([x])
    try graph.validate()
  }

  private mutating func initializer(_ name: String, _ shape: TensorShape, deviation: Double) throws -> ValueID
  {
    try graph.addInitializer(
      name, Tensor(random.normals(shape.elementCount, deviation: deviation), shape: shape))
  }

  private mutating func convolution(
    _ name: String, _ x: ValueID, from inputs: Int, to outputs: Int, _ window: ModelIR.Window,
    hasBias: Bool = false
  ) throws -> ValueID {
    let shape = TensorShape([outputs, inputs] + window.kernel)
    let weight = try initializer("\(name).weight", shape, deviation: 0.3)
    let bias = hasBias ? try initializer("\(name).bias", [outputs], deviation: 0.3) : nil
    return try graph.addNode(
      name, .conv(Conv(window: window)), inputs: [x, weight] + (bias.map { [$0] } ?? []))[0]
  }

  private mutating func normalization(_ name: String, _ x: ValueID, _ channels: Int) throws -> ValueID {
    let shape = TensorShape([channels])
    let gamma = try initializer("\(name).weight", shape, deviation: 1)
    let beta = try initializer("\(name).bias", shape, deviation: 0.5)
    let mean = try initializer("\(name).running_mean", shape, deviation: 0.5)
    let variance = Tensor(random.normals(channels, deviation: 0.2).map { abs($0) + 0.05 }, shape: shape)
    let deviation = try graph.addInitializer("\(name).running_var", variance)
    return try graph.addNode(
      name, .batchNormalization(BatchNormalization()), inputs: [x, gamma, beta, mean, deviation])[0]
  }
}

extension Graph {
  func index(_ name: String) throws -> Int {
    struct Missing: Error { var name: String }
    guard let index = nodes.firstIndex(where: { $0.name == name }) else { throw Missing(name: name) }
    return index
  }

  /// The same graph with another operator in a node.
  func setting(_ name: String, _ op: Operator) throws -> Graph {
    var graph = self
    graph.nodes[try index(name)].op = op
    try graph.inferAllTypes()
    try graph.validate()
    return graph
  }

  /// The same graph with an initializer's elements changed; the shape stays.
  func changing(_ name: String, _ change: ([Float], [Int]) -> [Float]) throws -> Graph {
    var graph = self
    guard let id = graph.value(named: name), let tensor = graph[id].initializer else {
      throw ScaleNetError.undefinedValue(node: "", value: name)
    }
    graph[id].initializer = Tensor(change(try tensor.floats(), tensor.shape.dimensions), shape: tensor.shape)
    return graph
  }

  /// The same graph after passes.
  func after(_ passes: [any GraphPass]) throws -> Graph {
    var graph = self
    try graph.apply(passes)
    return graph
  }

  /// The same graph under names that say nothing.
  func anonymous() -> Graph {
    var graph = self
    for (index, id) in graph.valueIDs.enumerated() where !graph.inputs.contains(id) {
      graph[id].name = "v\(index * 7 % 1009)_\(index)"
    }
    for index in graph.nodes.indices { graph.nodes[index].name = "n\(index)" }
    return graph
  }
}

/// Comparisons as the command makes them.
enum Comparing {
  static func inputs(of graph: Graph, seed: UInt64 = 5) throws -> [String: Tensor] {
    var random = RandomSource(seed: seed)
    var inputs: [String: Tensor] = [:]
    for id in graph.inputs {
      guard let shape = graph[id].type.shape else {
        throw ScaleNetError.undefinedOutput(value: graph[id].name)
      }
      inputs[graph[id].name] = Tensor(random.normals(shape.elementCount), shape: shape).cast(
        to: graph[id].type.dataType)
    }
    return inputs
  }

  /// The usual inputs of both sides, by their order.
  static func batch(_ left: Side, _ right: Side) throws -> [ComparisonInput] {
    func graph(_ side: Side) -> Graph? { if case .graph(let graph) = side.content { graph } else { nil } }
    guard let first = graph(left) ?? graph(right) else { return [] }
    let second = graph(left) != nil ? graph(right) : nil
    let arrays = try inputs(of: first)
    return first.inputs.enumerated().compactMap { place, id in
      arrays[first[id].name].map { tensor in
        ComparisonInput(
          name: first[id].name, otherName: second.map { $0[$0.inputs[place]].name }, tensor: tensor)
      }
    }
  }

  static func side(_ graph: Graph, _ name: String) -> Side {
    Side(
      info: Side.Info(path: name, format: "onnx", architecture: "small", isRecording: false),
      content: .graph(graph))
  }

  static func recording(_ outputs: [NamedTensor]) -> Side {
    Side(
      info: Side.Info(path: "recorded", format: "npz", isRecording: true),
      content: .recording([outputs]))
  }

  static var kernels: any KernelSet<Float> { baselineKernels() }
  static var engine: DiffEngine { DiffEngine(kernels: kernels, threads: 1) }

  static func report(
    _ left: Graph, _ right: Graph, layers: Bool = false, weights: Bool = false,
    tolerance: Tolerance = .float32
  ) throws -> DiffReport {
    try report(
      side(left, "left"), side(right, "right"), layers: layers, weights: weights, tolerance: tolerance)
  }

  static func report(
    _ left: Side, _ right: Side, layers: Bool = false, weights: Bool = false, tolerance: Tolerance = .float32
  ) throws -> DiffReport {
    var comparison = ModelComparison(
      left: left, right: right, batches: [try batch(left, right)], engine: engine, tolerance: tolerance)
    comparison.wantsLayers = layers
    comparison.wantsWeights = weights
    return try comparison.report()
  }

  /// What the graph gives on the usual inputs, maybe changed.
  static func outputs(
    _ graph: Graph, _ change: ([String: Tensor]) throws -> [String: Tensor] = { $0 }
  ) throws -> [NamedTensor] {
    try Executor<Float>(graph, kernels: baselineKernels()).run(try change(try inputs(of: graph)))
  }
}
