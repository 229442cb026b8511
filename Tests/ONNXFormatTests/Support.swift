import FileIO
import Testing

@testable import ModelIR
@testable import ONNXFormat

/// Reads a model from bytes.
func read(_ bytes: [UInt8], path: String = "test.onnx") throws(ScaleNetError) -> StoredModel {
  try ONNXReader.read(.copying(bytes, origin: path), path: path)
}

/// The message of the error that reading bytes gives.
func failure(_ bytes: [UInt8], path: String = "test.onnx") -> String {
  do throws(ScaleNetError) {
    _ = try read(bytes, path: path)
    return "no error"
  } catch {
    return error.description
  }
}

/// Writes a model into a directory and gives the file's bytes.
func write(
  _ model: StoredModel, _ options: ONNXWriter.Options = .init(), in directory: String,
  name: String = "model.onnx"
) throws -> [UInt8] {
  var output = try OutputFile(path: "\(directory)/\(name)", overwrite: true)
  try ONNXWriter.write(model, to: &output, options: options)
  try output.commit()
  return try bytes(at: "\(directory)/\(name)")
}

func bytes(at path: String) throws -> [UInt8] {
  try ByteRegion.map(path: path).withBytes { span in
    unsafe span.withUnsafeBytes { unsafe Array($0) }
  }
}

/// Fails the test unless two graphs have the same nodes, types and initializer bits.
func expectEqual(_ left: Graph, _ right: Graph, sourceLocation: SourceLocation = #_sourceLocation) throws {
  #expect(left.nodes.map(\.name) == right.nodes.map(\.name), sourceLocation: sourceLocation)
  #expect(left.nodes.map(\.op) == right.nodes.map(\.op), sourceLocation: sourceLocation)
  for (a, b) in zip(left.nodes, right.nodes) {
    let inputs = (a.inputs.map { $0.map { left[$0].name } }, b.inputs.map { $0.map { right[$0].name } })
    #expect(inputs.0 == inputs.1, sourceLocation: sourceLocation)
    #expect(
      a.outputs.map { left[$0].name } == b.outputs.map { right[$0].name }, sourceLocation: sourceLocation)
    #expect(
      a.outputs.map { left[$0].type } == b.outputs.map { right[$0].type }, sourceLocation: sourceLocation)
  }
  for (a, b) in [(left.inputs, right.inputs), (left.outputs, right.outputs)] {
    #expect(a.map { left[$0].name } == b.map { right[$0].name }, sourceLocation: sourceLocation)
    #expect(a.map { left[$0].type } == b.map { right[$0].type }, sourceLocation: sourceLocation)
  }
  let names = left.initializers.map { left[$0].name }
  #expect(Set(names) == Set(right.initializers.map { right[$0].name }), sourceLocation: sourceLocation)
  for name in names {
    let tensors = (
      left.initializer(left.value(named: name)), right.initializer(right.value(named: name))
    )
    #expect(tensors.0?.dataType == tensors.1?.dataType, "\(name)", sourceLocation: sourceLocation)
    #expect(tensors.0?.shape == tensors.1?.shape, "\(name)", sourceLocation: sourceLocation)
    #expect(try tensors.0?.bytes() == tensors.1?.bytes(), "\(name)", sourceLocation: sourceLocation)
  }
}

/// A graph with every operator: `scale` is a resize from 7 to 14 and `odd` one from 3 to 14.
func everyOperator(batch: Dimension, softmaxAxis: Int = 1) throws -> Graph {
  var graph = Graph(name: "every operator")
  var seed: UInt32 = 1
  func weights(_ name: String, _ shape: TensorShape, positive: Bool = false) throws -> ValueID {
    let elements = (0..<shape.elementCount).map { _ -> Float in
      seed = seed &* 1_664_525 &+ 1_013_904_223
      let value = Float(seed >> 8) / Float(1 << 24) - 0.5
      return positive ? value + 1 : value
    }
    return try graph.addInitializer(name, Tensor(elements, shape: shape))
  }
  func add(_ name: String, _ op: Operator, _ inputs: [ValueID?]) throws -> ValueID {
    try graph.addNode(name, op, inputs: inputs)[0]
  }
  let x = try graph.addInput("input", TensorType(.float32, [batch, 3, 28, 28]))
  let stem = try add(
    "stem", .conv(Conv(window: Window(3, stride: 2, pad: 1))),
    [x, try weights("stem.weight", [4, 3, 3, 3]), try weights("stem.bias", [4])])
  let normalized = try add(
    "bn", .batchNormalization(BatchNormalization(epsilon: 1e-4)),
    [
      stem, try weights("bn.weight", [4]), try weights("bn.bias", [4]), try weights("bn.running_mean", [4]),
      try weights("bn.running_var", [4], positive: true),
    ])
  let relu = try add("relu", .unary(.relu), [normalized])
  let grouped = try add(
    "grouped", .conv(Conv(window: Window(1), group: 2)), [relu, try weights("grouped.weight", [4, 2, 1, 1])])
  let half = try add("half", .maxPool(MaxPool(window: Window(2, stride: 2))), [grouped])
  let quarter = try add("quarter", .maxPool(MaxPool(window: Window(4, stride: 4))), [grouped])
  let mean = try add(
    "mean",
    .averagePool(AveragePool(window: Window(3, stride: 2, pad: 1), ceilMode: true, countIncludePad: true)),
    [grouped])
  let scale = try add(
    "scale",
    .resize(Resize(mode: .nearest, coordinateTransformation: .asymmetric, extent: .sizes([14, 14]))),
    [half])
  let odd = try add(
    "odd", .resize(Resize(mode: .linear, coordinateTransformation: .halfPixel, extent: .sizes([14, 14]))),
    [quarter])
  let fraction = try add(
    "fraction",
    .resize(Resize(mode: .linear, coordinateTransformation: .alignCorners, extent: .scales([1.8, 1.8]))),
    [mean])
  let joined = try add("concat", .concat(Concat(axis: 1)), [relu, scale, odd])
  let sum = try add("add", .binary(.add), [joined, joined])
  let gate = try add("sigmoid", .unary(.sigmoid), [sum])
  let gated = try add("mul", .binary(.mul), [sum, gate])
  let pooled = try add("pool", .globalPool(.average), [gated])
  let row = try add("flatten", .flatten(Flatten(axis: 1)), [pooled])
  let logits = try add(
    "fc", .gemm(Gemm(transB: true)), [row, try weights("fc.weight", [5, 12]), try weights("fc.bias", [5])])
  let softmax = try add("softmax", .softmax(Softmax(axis: softmaxAxis)), [logits])
  let same = try add("same", .identity(Identity()), [softmax])
  let doubled = try add("double", .cast(Cast(to: .float64)), [same])
  graph.addOutput(doubled)
  graph.addOutput(try add("column", .reshape(Reshape(shape: [0, 5, 1])), [logits]))
  graph.addOutput(fraction)
  return graph
}
