import Architectures
import FileIO
import ONNXFormat
import PyTorchFormat
import TestSupport

@testable import ModelIR

/// Small networks that faults are planted in: real exports by PyTorch, ScaleNet, and kinds of networks that these lack.
enum FaultNetworks {
  static let names = [
    "basic", "basic_gated", "bottleneck", "gated_convolution", "grouped_gated_linear", "inverted", "scalenet",
    "small", "dense", "mobile", "swish", "inception",
  ]

  static func graph(_ name: String) throws -> Graph {
    switch name {
    case "scalenet":
      let weights = try PyTorchReader.read(try ByteRegion.map(path: Fixtures.path("tiny/tiny.pth")))
      return try ScaleNetConfiguration(recognizing: weights, source: "tiny.pth").graph(
        weights, options: BuildOptions(inputSize: InputSize(height: 224, width: 224), batch: .fixed(1)))
    case "small": return try SmallNetwork().graph
    case "dense": return try dense()
    case "mobile":
      return try mobile(activation: .unary(.hardSwish), gate: .unary(.hardSigmoid(alpha: 0.2, beta: 0.5)))
    case "swish": return try mobile(activation: nil, gate: .unary(.sigmoid))
    case "inception": return try inception()
    default:
      let path = Fixtures.path("blocks/\(name).unfolded.onnx")
      return try withTrainedStatistics(
        try ONNXReader.read(try ByteRegion.map(path: path), path: path).graph.binding(batch: 1))
    }
  }

  /// Fresh networks normalise by 0 and 1; trained ones do not.
  private static func withTrainedStatistics(_ graph: Graph) throws -> Graph {
    var graph = graph
    var random = RandomSource(seed: 3)
    for index in graph.nodes.indices {
      guard case .batchNormalization = graph.nodes[index].op else { continue }
      let channels = graph[graph.nodes[index].outputs[0]].type.dimensions[1].value ?? 0
      let arrays = [
        random.normals(channels, deviation: 0.3).map { 1 + $0 }, random.normals(channels, deviation: 0.3),
        random.normals(channels, deviation: 0.3),
        random.normals(channels, deviation: 0.4).map { abs($0) + 0.1 },
      ]
      for (input, elements) in arrays.enumerated() {
        graph.nodes[index].inputs[input + 1] = try graph.addInitializer(
          graph.unusedName("\(graph.nodes[index].name).\(input)"), Tensor(elements, shape: [channels]))
      }
    }
    graph.removeUnusedValues()
    try graph.validate()
    return graph
  }

  /// Two layers that each read all before them, normalised before they are convolved, and a transition.
  private static func dense() throws -> Graph {
    var builder = NetworkBuilder(name: "dense", seed: 21)
    var x = try builder.input([1, 3, 24, 24])
    x = try builder.convolution("conv0", x, to: 8, Window(3, stride: 2, pad: 1))
    for layer in 0..<3 {
      var y = try builder.relu("relu\(layer)a", try builder.normalization("norm\(layer)a", x))
      y = try builder.convolution("conv\(layer)a", y, to: 8, Window(1))
      y = try builder.relu("relu\(layer)b", try builder.normalization("norm\(layer)b", y))
      y = try builder.convolution("conv\(layer)b", y, to: 4, Window(3, pad: 1))
      x = try builder.node("concat\(layer)", .concat(Concat(axis: 1)), [x, y])
    }
    x = try builder.relu("relu3", try builder.normalization("norm3", x))
    x = try builder.convolution("conv3", x, to: 8, Window(1))
    x = try builder.node("pool3", .averagePool(AveragePool(window: Window(2, stride: 2))), [x])
    x = try builder.relu("relu4", try builder.normalization("norm4", x))
    return try builder.finish(x, classes: 6)
  }

  /// Inverted residuals with depthwise convolutions and gates; without an activation, x * sigmoid(x) in two nodes.
  private static func mobile(activation: Operator?, gate: Operator) throws -> Graph {
    var builder = NetworkBuilder(name: "mobile", seed: 22)
    func act(_ name: String, _ x: ValueID, _ builder: inout NetworkBuilder) throws -> ValueID {
      if let activation { return try builder.node(name, activation, [x]) }
      let y = try builder.node("\(name).sigmoid", .unary(.sigmoid), [x])
      return try builder.node("\(name).mul", .binary(.mul), [x, y])
    }
    var x = try builder.input([1, 3, 24, 24])
    x = try builder.normalization(
      "bn0", try builder.convolution("conv0", x, to: 8, Window(3, stride: 2, pad: 1)))
    x = try act("act0", x, &builder)
    for block in 1...3 {
      let stride = block == 2 ? 2 : 1
      var y = try builder.convolution("b\(block).expand", x, to: 16, Window(1))
      y = try act("b\(block).act1", try builder.normalization("b\(block).bn1", y), &builder)
      y = try builder.convolution("b\(block).dw", y, to: 16, Window(3, stride: stride, pad: 1), group: 16)
      y = try act("b\(block).act2", try builder.normalization("b\(block).bn2", y), &builder)
      var s = try builder.node("b\(block).squeeze", .globalPool(.average), [y])
      s = try builder.relu(
        "b\(block).se1.relu", try builder.convolution("b\(block).se1", s, to: 4, Window(1), hasBias: true))
      s = try builder.convolution("b\(block).se2", s, to: 16, Window(1), hasBias: true)
      s = try builder.node("b\(block).gate", gate, [s])
      y = try builder.node("b\(block).scale", .binary(.mul), [y, s])
      y = try builder.normalization(
        "b\(block).bn3", try builder.convolution("b\(block).project", y, to: 8, Window(1)))
      x = stride == 1 ? try builder.node("b\(block).add", .binary(.add), [x, y]) : y
    }
    x = try builder.node("tail", .unary(.clip(minimum: 0, maximum: 1.5)), [x])
    return try builder.finish(x, classes: 6)
  }

  /// Branches of several kinds side by side, a leaky activation, a resize.
  private static func inception() throws -> Graph {
    var builder = NetworkBuilder(name: "inception", seed: 23)
    var x = try builder.input([1, 3, 20, 20])
    x = try builder.convolution("stem", x, to: 8, Window(3, stride: 2, pad: 1), hasBias: true)
    x = try builder.node("stem.act", .unary(.leakyRelu(alpha: 0.1)), [x])
    for block in 1...2 {
      let a = try builder.relu(
        "i\(block).a.act", try builder.convolution("i\(block).a", x, to: 4, Window(1), hasBias: true))
      var b = try builder.relu(
        "i\(block).b1.act", try builder.convolution("i\(block).b1", x, to: 4, Window(1), hasBias: true))
      b = try builder.relu(
        "i\(block).b2.act",
        try builder.convolution("i\(block).b2", b, to: 4, Window(3, pad: 1), hasBias: true))
      var c = try builder.node(
        "i\(block).c.pool", .maxPool(MaxPool(window: Window(3, stride: 1, pad: 1))), [x])
      c = try builder.relu(
        "i\(block).c.act", try builder.convolution("i\(block).c", c, to: 4, Window(1), hasBias: true))
      var d = try builder.node(
        "i\(block).d.pool",
        .averagePool(AveragePool(window: Window(3, stride: 1, pad: 1), countIncludePad: false)), [x])
      d = try builder.convolution("i\(block).d", d, to: 4, Window(1), hasBias: true)
      x = try builder.node("i\(block).concat", .concat(Concat(axis: 1)), [a, b, c, d])
    }
    let cubic = Resize(mode: .cubic, coordinateTransformation: .halfPixel, extent: .sizes([14, 14]))
    x = try builder.node("up", .resize(cubic), [x])
    x = try builder.convolution("last", x, to: 8, Window(3, stride: 2), hasBias: true)
    x = try builder.node("halves", .slice(Slice(axes: [1], starts: [0], steps: [1], counts: [4])), [x])
    x = try builder.node("act", .unary(.tanh), [x])
    return try builder.finish(x, classes: 6)
  }
}

/// Makes networks of seeded weights.
struct NetworkBuilder {
  private(set) var graph: Graph
  private var random: RandomSource

  init(name: String, seed: UInt64) {
    graph = Graph(name: name)
    random = RandomSource(seed: seed)
  }

  mutating func input(_ shape: TensorShape) throws -> ValueID {
    try graph.addInput("image", TensorType(.float32, shape))
  }

  mutating func node(_ name: String, _ op: Operator, _ inputs: [ValueID]) throws -> ValueID {
    try graph.addNode(name, op, inputs: inputs)[0]
  }

  mutating func relu(_ name: String, _ x: ValueID) throws -> ValueID { try node(name, .unary(.relu), [x]) }

  private mutating func constant(_ name: String, _ shape: [Int], _ elements: [Float]) throws -> ValueID {
    try graph.addInitializer(name, Tensor(elements, shape: TensorShape(shape)))
  }

  private func channels(_ x: ValueID) -> Int { graph[x].type.dimensions[1].value ?? 0 }

  mutating func convolution(
    _ name: String, _ x: ValueID, to outputs: Int, _ window: ModelIR.Window, group: Int = 1,
    hasBias: Bool = false
  ) throws -> ValueID {
    let shape = [outputs, channels(x) / group] + window.kernel
    let fan = Double(shape[1...].reduce(1, *))
    let count = shape.reduce(1, *)
    let weight = try constant(
      "\(name).weight", shape, random.normals(count, deviation: (2 / fan).squareRoot()))
    let bias =
      hasBias ? [try constant("\(name).bias", [outputs], random.normals(outputs, deviation: 0.3))] : []
    return try node(name, .conv(Conv(window: window, group: group)), [x, weight] + bias)
  }

  mutating func normalization(_ name: String, _ x: ValueID) throws -> ValueID {
    let count = channels(x)
    let gamma = try constant("\(name).weight", [count], random.normals(count, deviation: 0.3).map { 1 + $0 })
    let beta = try constant("\(name).bias", [count], random.normals(count, deviation: 0.3))
    let mean = try constant("\(name).running_mean", [count], random.normals(count, deviation: 0.3))
    let variance = try constant(
      "\(name).running_var", [count], random.normals(count, deviation: 0.4).map { abs($0) + 0.1 })
    return try node(name, .batchNormalization(BatchNormalization()), [x, gamma, beta, mean, variance])
  }

  mutating func finish(_ x: ValueID, classes: Int) throws -> Graph {
    var y = try node("gap", .globalPool(.average), [x])
    y = try node("flatten", .flatten(Flatten()), [y])
    let count = channels(x)
    let weight = try constant("fc.weight", [classes, count], random.normals(classes * count, deviation: 0.5))
    let bias = try constant("fc.bias", [classes], random.normals(classes, deviation: 0.5))
    y = try node("fc", .gemm(Gemm(transB: true)), [y, weight, bias])
    graph.setOutputs([y])
    try graph.validate()
    return graph
  }
}
