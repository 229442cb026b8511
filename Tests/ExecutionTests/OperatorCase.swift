import FileIO
import ModelIR
import NumPyFormat
import TestSupport

/// An operator with the inputs and the output of `fixtures/operators/cases.npz`.
struct OperatorCase: Sendable, CustomStringConvertible {
  let name: String
  let op: Operator

  init(_ name: String, _ op: Operator) {
    self.name = name
    self.op = op
  }

  var description: String { name }

  static let archive: Result<StateDict, any Error> = Result {
    try NumPyReader.archive(try ByteRegion.map(path: Fixtures.path("operators/cases.npz")))
  }

  /// The inputs in float32, and what onnx's reference evaluator makes of them in float64.
  func load() throws -> (inputs: [Tensor], output: Tensor) {
    let archive = try Self.archive.get()
    var inputs: [Tensor] = []
    var output: Tensor?
    for entry in archive.entries where entry.name.hasPrefix("\(name).") {
      let rest = entry.name.dropFirst(name.count + 1)
      if rest == "output" { output = entry.tensor }
      if Int(rest) == inputs.count { inputs.append(entry.tensor) }
    }
    struct Missing: Error {}
    guard let output, !inputs.isEmpty else { throw Missing() }
    return (inputs, output)
  }

  private static func resize(
    _ mode: Resize.Mode, _ coordinates: Resize.CoordinateTransformation, axes: [Int] = [2, 3],
    _ sizes: [Int], coefficient: Float = -0.75, excludes: Bool = false, antialias: Bool = false
  ) -> Operator {
    .resize(
      Resize(
        mode: mode, coordinateTransformation: coordinates, axes: axes, extent: .sizes(sizes),
        cubicCoefficient: coefficient, excludesOutside: excludes, antialias: antialias))
  }

  private static let pads = [0, 0, 1, 2, 0, 0, 3, 1]

  /// As `fixtures/tools/make_operators.py` has them.
  static let all: [OperatorCase] = [
    OperatorCase("LeakyRelu", .unary(.leakyRelu(alpha: 0.2))),
    OperatorCase("HardSigmoid", .unary(.hardSigmoid(alpha: 0.3, beta: 0.4))),
    OperatorCase("HardSwish", .unary(.hardSwish)), OperatorCase("Tanh", .unary(.tanh)),
    OperatorCase("Sqrt", .unary(.sqrt)), OperatorCase("Exp", .unary(.exp)),
    OperatorCase("Relu.rank2", .unary(.relu)), OperatorCase("HardSwish.rank3", .unary(.hardSwish)),
    OperatorCase("Sigmoid.rank5", .unary(.sigmoid)),
    OperatorCase("Sub", .binary(.sub)), OperatorCase("Sub.left", .binary(.sub)),
    OperatorCase("Div", .binary(.div)), OperatorCase("Pow", .binary(.pow)),
    OperatorCase("Pow.square", .binary(.pow)), OperatorCase("PRelu", .binary(.pRelu)),
    OperatorCase("Add.scalars", .binary(.add)), OperatorCase("GlobalMaxPool", .globalPool(.max)),
    OperatorCase("LRN", .lrn(LRN(size: 5, alpha: 0.5, beta: 0.75, bias: 2))),
    OperatorCase("LRN.even", .lrn(LRN(size: 4, alpha: 0.3, beta: 0.6, bias: 1.5))),
    OperatorCase("BatchNormalization.rank2", .batchNormalization(BatchNormalization(epsilon: 1e-3))),
    OperatorCase("BatchNormalization.rank3", .batchNormalization(BatchNormalization(epsilon: 1e-3))),
    OperatorCase("BatchNormalization.rank5", .batchNormalization(BatchNormalization(epsilon: 1e-3))),
    OperatorCase("Softmax.0", .softmax(Softmax(axis: 0))),
    OperatorCase("Softmax.1", .softmax(Softmax(axis: 1))),
    OperatorCase("Softmax.rank5", .softmax(Softmax(axis: 3))),
    OperatorCase("MatMul", .matMul(MatMul())), OperatorCase("MatMul.batch", .matMul(MatMul())),
    OperatorCase("MatMul.broadcast", .matMul(MatMul())), OperatorCase("MatMul.rows", .matMul(MatMul())),
    OperatorCase("MatMul.left", .matMul(MatMul())), OperatorCase("MatMul.vectors", .matMul(MatMul())),
    OperatorCase("MatMul.row", .matMul(MatMul())), OperatorCase("MatMul.column", .matMul(MatMul())),
    OperatorCase("MatMul.empty", .matMul(MatMul())),
    OperatorCase("Gemm", .gemm(Gemm(alpha: 0.5, beta: 2, transA: true, transB: true))),
    OperatorCase(
      "Conv", .conv(Conv(window: Window(kernel: [3, 3], strides: [2, 1], pads: [1, 1, 1, 1]), group: 2))),
    OperatorCase("Conv.depthwise", .conv(Conv(window: Window(3, stride: 2, pad: 1), group: 4))),
    OperatorCase("Transpose.nhwc", .transpose(Transpose(permutation: [0, 2, 3, 1]))),
    OperatorCase("Transpose.nchw", .transpose(Transpose(permutation: [0, 3, 1, 2]))),
    OperatorCase("Transpose.reverse", .transpose(Transpose(permutation: [3, 2, 1, 0]))),
    OperatorCase("Transpose.shuffle", .transpose(Transpose(permutation: [0, 2, 1, 3, 4]))),
    OperatorCase(
      "Slice", .slice(Slice(axes: [0, 1, 2], starts: [1, 5, 5], steps: [2, -2, -1], counts: [2, 3, 4]))),
    OperatorCase("Slice.empty", .slice(Slice(axes: [0], starts: [2], steps: [1], counts: [0]))),
    OperatorCase("Gather", .gather(Gather(axis: 1, indices: [4, 0, 2, 2, 1, 3], indexShape: [3, 2]))),
    OperatorCase("Gather.first", .gather(Gather(axis: 0, indices: [3, 1], indexShape: [2, 1]))),
    OperatorCase("Gather.single", .gather(Gather(axis: 2, indices: [1], indexShape: []))),
    OperatorCase("Expand", .expand(Expand(shape: [2, 1, 5, 1]))),
    OperatorCase("Expand.scalar", .expand(Expand(shape: [2, 3]))),
    OperatorCase("Pad", .pad(Pad(pads: pads, value: 1.5))),
    OperatorCase("Pad.reflect", .pad(Pad(pads: pads, mode: .reflect))),
    OperatorCase("Pad.edge", .pad(Pad(pads: pads, mode: .edge))),
    OperatorCase("Pad.wrap", .pad(Pad(pads: pads, mode: .wrap))),
    OperatorCase("Pad.channels", .pad(Pad(pads: [1, 2, 0, 0, 0, 1, 0, 0], value: -2))),
    OperatorCase("Pad.crop", .pad(Pad(pads: [0, 0, -1, 1, 0, 0, 2, -2], value: 3))),
    OperatorCase("Pad.empty", .pad(Pad(pads: [1, 0, 1, 1], value: 4))),
    OperatorCase("ReduceMean.spatial", .reduce(Reduce(.mean, axes: [2, 3]))),
    OperatorCase("ReduceMean.drop", .reduce(Reduce(.mean, axes: [2, 3], keepsAxes: false))),
    OperatorCase("ReduceMean.channels", .reduce(Reduce(.mean, axes: [1]))),
    OperatorCase("ReduceMean.nhwc", .reduce(Reduce(.mean, axes: [1, 2], keepsAxes: false))),
    OperatorCase("ReduceMean.mixed", .reduce(Reduce(.mean, axes: [0, 2], keepsAxes: false))),
    OperatorCase("ReduceMean.last", .reduce(Reduce(.mean, axes: [1, 3]))),
    OperatorCase("ReduceMean.all", .reduce(Reduce(.mean, axes: [0, 1, 2], keepsAxes: false))),
    OperatorCase("Resize.cubic", resize(.cubic, .halfPixel, [9, 10])),
    OperatorCase("Resize.cubic.down", resize(.cubic, .asymmetric, [3, 4], coefficient: -0.5)),
    OperatorCase("Resize.cubic.align", resize(.cubic, .alignCorners, [8, 3])),
    OperatorCase("Resize.cubic.exclude", resize(.cubic, .halfPixel, [9, 4], excludes: true)),
    OperatorCase("Resize.linear.antialias", resize(.linear, .halfPixel, [3, 4], antialias: true)),
    OperatorCase("Resize.cubic.antialias", resize(.cubic, .halfPixel, [2, 10], antialias: true)),
    OperatorCase(
      "Resize.cubic.antialias.exclude", resize(.cubic, .halfPixel, [2, 5], excludes: true, antialias: true)),
    OperatorCase(
      "Resize.linear.symmetric",
      .resize(
        Resize(mode: .linear, coordinateTransformation: .halfPixelSymmetric, extent: .scales([1.5, 0.7])))),
    OperatorCase("Resize.linear.rank3", resize(.linear, .halfPixel, axes: [2], [12])),
    OperatorCase("Resize.linear.channels", resize(.linear, .halfPixel, axes: [1], [5])),
    OperatorCase("Resize.nearest.all", resize(.nearest, .asymmetric, axes: [0, 1, 2], [3, 5, 8])),
    OperatorCase("Resize.nearest.tf", resize(.nearest, .tfHalfPixelForNN, [7, 3])),
  ]
}
